"""The page of one delivered file: its other vintages, how two of them differ, its rejects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from reports.models import Delivery, Vintage

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


def total_lines(this: Delivery, other: Delivery | None) -> list[TotalLine]:
    """Units and amounts by currency, from the totals that were taken when the files were read."""
    mine, theirs = _figures(this.totals), _figures(other.totals) if other else {}
    return [
        TotalLine(name, currency, mine.get((name, currency)), theirs.get((name, currency)))
        for name, currency in sorted(mine.keys() | theirs.keys(), key=lambda key: (key[1] != "", key))
    ]


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
