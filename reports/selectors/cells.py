"""The page of one coverage cell: what was expected and why, who told the period when, and how two of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from reports.coverage.expected import why_due
from reports.figures.analytics import family_of
from reports.models import SUBSCRIPTION_KINDS, Access, ApiProblem, CoverageCell, Finding, Kind, Side, Vintage
from reports.selectors.deliveries import NOT_OVER_DAYS, kind_of_figure, metric_title
from reports.selectors.findings import Link, delivery_link, rows_link
from reports.selectors.row_tables import has_many_days, table_of
from reports.sql import fetch

MOST_PROBLEMS = 10
#: The order in which deliveries of a period count (`reports.figures.vintages.NEWEST_FIRST`).
NEWEST_FIRST = ("-rank", "-taken_on", "-received_at", "-delivery__file_name", "-pk")

# Of each vintage its sums in the finest cut that may be added: kinds of events stay apart, so do currencies.
SUMS = """
SELECT f.vintage_id, f.metric, {kind}, f.currency, sum(f.value)
FROM reports_figure f JOIN reports_member m ON m.id = f.member_id
WHERE f.vintage_id = ANY(%(vintages)s) GROUP BY 1, 2, 3, 4
"""
# Reports without figures: their rows are counted in the file itself.
ROWS = """
SELECT v.id, 'rows', '', '', count(r.id)::numeric
FROM reports_vintage v LEFT JOIN {table} r
    ON r.id BETWEEN v.delivery_id << 32 AND (v.delivery_id << 32) + 4294967295 AND {in_period}
WHERE v.id = ANY(%(vintages)s) GROUP BY 1
"""


@dataclass(frozen=True)
class Telling:
    """A delivery's word on the period."""

    vintage: Vintage
    delivery: Link
    rows: Link
    how: str

    @property
    def number_of_rows(self) -> int | None:
        """Of this period alone; None where it was not counted."""
        delivery = self.vintage.delivery
        return self.vintage.rows if delivery.kind == Kind.ANALYTICS else delivery.rows_accepted

    @property
    def label(self) -> str:
        """For a list to choose from."""
        state = "current" if self.vintage.current else "replaced"
        return f"{self.vintage.received_at:%Y-%m-%d}, {self.how} ({state})"


@dataclass(frozen=True)
class ChangeLine:
    """A sum of two tellings side by side. None: that one has no row of the kind."""

    metric: str
    kind: str
    currency: str
    old: Decimal | None
    new: Decimal | None

    @property
    def change(self) -> Decimal | None:
        if self.old is None and self.new is None:
            return None
        return (self.new or Decimal(0)) - (self.old or Decimal(0))

    @property
    def is_additive(self) -> bool:
        return self.metric not in NOT_OVER_DAYS

    @property
    def title(self) -> str:
        return metric_title(self.metric, self.currency)


@dataclass(frozen=True)
class Comparison:
    old: Telling
    new: Telling
    lines: list[ChangeLine]

    @property
    def differs(self) -> bool:
        return any(line.change for line in self.lines)


@dataclass(frozen=True)
class CellPage:
    """`before`, `after`: the cells of the periods beside it."""

    why: list[str]
    tellings: list[Telling]
    comparison: Comparison | None
    findings: list[Finding]
    problems: list[ApiProblem]
    before: CoverageCell | None
    after: CoverageCell | None


def cell_page(cell: CoverageCell, old: int | None = None, new: int | None = None) -> CellPage:
    """`old`, `new`: the vintages to compare; by default the one that counts with the one that it replaced."""
    tellings = tellings_of(cell)
    series = _series_of(cell)
    return CellPage(
        why=why_due(cell),
        tellings=tellings,
        comparison=_comparison(cell, tellings, old, new),
        findings=findings_of(cell),
        problems=list(cell.problems.all()[:MOST_PROBLEMS]),
        before=series.filter(date__lt=cell.date).order_by("-date").first(),
        after=series.filter(date__gt=cell.date).order_by("date").first(),
    )


def tellings_of(cell: CoverageCell) -> list[Telling]:
    """All deliveries that told the period: the one that counts first, then the others as they would count."""
    whose: dict[str, Any] = {f"series__{name}": value for name, value in _whose(cell).items()}
    vintages = Vintage.objects.filter(
        **whose,
        series__side=Side.API,
        series__report=cell.report,
        series__scope=cell.region_code,
        series__grain=cell.granularity,
        period_start=cell.date,
    ).select_related("delivery__analytics_instance__report__request")
    return [_telling(vintage) for vintage in vintages.order_by("-current", *NEWEST_FIRST)]


def findings_of(cell: CoverageCell) -> list[Finding]:
    """What was found of the report in this period."""
    found = Finding.objects.filter(
        account_id=cell.account_id, report=cell.report, from_day__lte=cell.period_end, to_day__gte=cell.date
    )
    if cell.app_id:
        found = found.filter(app_id=cell.app_id)
    return list(found.select_related("app"))


def _series_of(cell: CoverageCell) -> QuerySet[CoverageCell]:
    return CoverageCell.objects.filter(
        **_whose(cell), report=cell.report, region_code=cell.region_code, granularity=cell.granularity
    )


def _whose(cell: CoverageCell) -> dict[str, Any]:
    return {"account_id": cell.account_id, "vendor_id": cell.vendor_id, "app_id": cell.app_id}


def _telling(vintage: Vintage) -> Telling:
    delivery = vintage.delivery
    return Telling(vintage, delivery_link(delivery), rows_link(delivery, day=vintage.period_start), _how_told(vintage))


def _how_told(vintage: Vintage) -> str:
    """Why one delivery goes before another."""
    instance = getattr(vintage.delivery, "analytics_instance", None)
    if instance is None:
        return "a file of one period"
    if instance.report.request.access == Access.SNAPSHOT:
        return "snapshot: fills what the ongoing report lacks"
    return "ongoing report, complete" if vintage.rank else "ongoing report, not complete yet"


def _comparison(cell: CoverageCell, tellings: Sequence[Telling], old: int | None, new: int | None) -> Comparison | None:
    if len(tellings) < 2:  # noqa: PLR2004  (two to compare)
        return None
    by_key = {telling.vintage.pk: telling for telling in tellings}
    later = by_key.get(new or 0, tellings[0])
    others = [telling for telling in tellings if telling is not later]
    earlier = by_key.get(old or 0, others[0])
    return Comparison(earlier, later, change_lines(cell, earlier.vintage, later.vintage))


def change_lines(cell: CoverageCell, old: Vintage, new: Vintage) -> list[ChangeLine]:
    """The sums of two vintages of a cell, by metric, kind and currency. One statement."""
    sums: dict[tuple[str, str, str], dict[int, Decimal]] = {}
    for vintage, metric, kind, currency, value in fetch(_statement(new), {"vintages": [old.pk, new.pk]}):
        sums.setdefault((metric, kind, currency), {})[vintage] = value
    return [ChangeLine(*key, sums[key].get(old.pk), sums[key].get(new.pk)) for key in sorted(sums)]


def _statement(vintage: Vintage) -> str:
    delivery = vintage.delivery
    if delivery.kind in SUBSCRIPTION_KINDS:
        return ROWS.format(table=table_of(delivery)._meta.db_table, in_period="true")
    family = family_of(delivery.report)
    if delivery.kind != Kind.ANALYTICS:
        return SUMS.format(kind="''")
    if family.measures is None:
        in_period = "r.day = v.period_start" if has_many_days(table_of(delivery)) else "true"
        return ROWS.format(table=family.table, in_period=in_period)
    return SUMS.format(kind=kind_of_figure(delivery.report))
