"""Whether a report should be there, judged by what its own history holds."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet

from reports.models import CellState, CoverageCell, Grain
from reports.sync.policy import SyncPolicy

#: Periods of longer reports that must all have had rows before an empty one is doubted.
PERIODS_BEFORE = 3


def why_expected(cell: CoverageCell, policy: SyncPolicy) -> str:
    """A sentence that says why an empty answer is doubted, or an empty string.

    Known case: a retired report version is answered with "no sales" while there are sales (Ponytech issue 54).
    """
    if cell.granularity == Grain.DAY:
        return _by_weekday(cell, policy)
    return _by_periods(cell)


def _by_weekday(cell: CoverageCell, policy: SyncPolicy) -> str:
    """The same weekdays before all had rows, and so had every known day of the week before."""
    same = [cell.date - timedelta(weeks=n) for n in range(1, policy.weekdays_compared + 1)]
    week = [cell.date - timedelta(days=n) for n in range(1, 7)]
    known = dict(_before(cell).filter(date__in=[*same, *week]).values_list("date", "delivery__rows_accepted"))
    weekdays = [known[day] for day in same if day in known]
    if len(weekdays) < policy.weekdays_needed or not all(known.values()):
        return ""
    return f"But the last {len(weekdays)} days of the same weekday all had rows, so this is not believed yet."


def _by_periods(cell: CoverageCell) -> str:
    rows = list(_before(cell).order_by("-date").values_list("delivery__rows_accepted", flat=True)[:PERIODS_BEFORE])
    if len(rows) < PERIODS_BEFORE or not all(rows):
        return ""
    return f"But the last {PERIODS_BEFORE} periods all had rows, so this is not believed yet."


def _before(cell: CoverageCell) -> QuerySet[CoverageCell]:
    """Earlier cells of the same report about which something is known; an empty one has None rows."""
    return CoverageCell.objects.filter(
        Q(vendor_id=cell.vendor_id),
        account_id=cell.account_id,
        report=cell.report,
        region_code=cell.region_code,
        date__lt=cell.date,
        state__in=(CellState.FINAL, CellState.EMPTY),
    )
