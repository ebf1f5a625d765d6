"""The page of one delivered file: its other vintages, how two of them differ, its rejects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from reports.figures.analytics import family_of
from reports.models import Delivery, Kind, SubscriptionStateRow, Vintage
from reports.sql import fetch

REJECTS_SHOWN = 100


@dataclass(frozen=True)
class TotalLine:
    """One figure of two deliveries side by side, in one currency or in units; None: that one does not have it."""

    name: str
    currency: str
    this: Decimal | None
    other: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        return None if self.this is None or self.other is None else self.this - self.other


def vintages_of(delivery: Delivery) -> list[Vintage]:
    """All deliveries of the periods that this one tells, the newest first. Two statements."""
    periods = Q(pk__in=[])
    for series, start in delivery.vintages.values_list("series_id", "period_start")[:400]:
        periods |= Q(series_id=series, period_start=start)
    found = Vintage.objects.filter(periods).select_related("delivery")
    return list(found.order_by("period_start", "-current", "-taken_on", "-received_at", "-pk"))


def other_vintages(delivery: Delivery, vintages: list[Vintage]) -> list[Delivery]:
    """The other deliveries among `vintages`, the newest first, each once."""
    others = {v.delivery_id: v.delivery for v in vintages if v.delivery_id != delivery.pk}
    return sorted(others.values(), key=lambda d: (d.received_at, d.pk), reverse=True)


# Of the days that both files tell; a file of many days has as many vintages.
ANALYTICS_TOTALS = """
SELECT v.delivery_id, f.metric, {kind}, f.currency, sum(f.value)
FROM reports_vintage v JOIN reports_figure f ON f.vintage_id = v.id JOIN reports_member m ON m.id = f.member_id
WHERE v.delivery_id = ANY(%(deliveries)s) AND v.period_start IN (
    SELECT c.period_start FROM reports_vintage c WHERE c.delivery_id = ANY(%(deliveries)s)
    GROUP BY 1 HAVING count(*) = %(files)s)
GROUP BY 1, 2, 3, 4
"""
#: The figure that counts rows: those of a file stand on its page anyway.
ROWS = "rows"
#: Counted by person or device: never added over the days of a file.
NOT_OVER_DAYS = ("unique_devices", "unique_counts", "paying_users")


def total_lines(this: Delivery, other: Delivery | None) -> list[TotalLine]:
    """Units and amounts by currency, from the totals that were taken when the files were read.

    Of analytics files: by metric and kind, over the days that both tell.
    """
    if this.kind == Kind.ANALYTICS:
        return _analytics_totals(this, other)
    mine, theirs = _figures(this.totals), _figures(other.totals) if other else {}
    return [
        TotalLine(name, currency, mine.get((name, currency)), theirs.get((name, currency)))
        for name, currency in sorted(mine.keys() | theirs.keys(), key=lambda key: (key[1] != "", key))
    ]


def _analytics_totals(this: Delivery, other: Delivery | None) -> list[TotalLine]:
    family = family_of(this.report)
    if family.model is SubscriptionStateRow:
        return []
    files = [this.pk, *([other.pk] if other else [])]
    statement = ANALYTICS_TOTALS.format(kind=kind_of_figure(this.report))
    sums: dict[tuple[str, str, str], dict[int, Decimal]] = defaultdict(dict)
    for delivery, metric, kind, currency, value in fetch(statement, {"deliveries": files, "files": len(files)}):
        if metric not in (*NOT_OVER_DAYS, ROWS):
            sums[metric, kind, currency][delivery] = value
    return [
        TotalLine(_analytics_name(*key), key[2], found.get(this.pk), found.get(other.pk) if other else None)
        for key, found in sorted(sums.items())
    ]


def _analytics_name(metric: str, kind: str, currency: str) -> str:
    return ", ".join(filter(None, (metric_title(metric, currency), kind)))


def metric_title(metric: str, currency: str = "") -> str:
    """`Sales` for sales_usd: the currency stands beside it."""
    name = metric.removesuffix(f"_{currency.lower()}") if currency else metric
    return name.replace("_", " ").capitalize()


def kind_of_figure(report: str) -> str:
    """The SQL expression for what an analytics figure counts, such as first-time downloads; `m` is its member."""
    names = ", ".join(f"nullif(m.dims ->> '{name}', '')" for name in family_of(report).kinds)
    return f"concat_ws(' · ', {names})" if names else "''"


def _figures(totals: Mapping[str, object], within: str = "") -> dict[tuple[str, str], Decimal]:
    """The leaves of a totals object that are figures; what `by_column` repeats of `by_currency` is told once."""
    figures: dict[tuple[str, str], Decimal] = {}
    for name, value in totals.items():
        if isinstance(value, Mapping):
            figures |= _figures(value, within="" if name == "by_column" else name)
        elif isinstance(value, str | int):
            figures[(_words(within), name) if within else (_words(name), "")] = Decimal(value)
    if totals.get("by_column"):
        figures = {key: value for key, value in figures.items() if key[0] != _words("by_currency")}
    return figures


def _words(name: str) -> str:
    return {"by_currency": "Amount"}.get(name, name.replace("_", " ").capitalize())
