"""Reports that came late, or are still not here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from reports.detect.names import report_name
from reports.detect.spans import runs, touches
from reports.findings.found import Found, FoundDay
from reports.models import Account, Cause, CellState, CoverageCell, FindingKind, Grain, Severity, Zone
from reports.wording import counted, listed, span


def late_deliveries(start: date, end: date, account: Account | None) -> list[Found]:
    """One finding per vendor, report and run of consecutive periods that Apple did not have when they were due.

    A period counts when it was asked for in vain after its due time. Still missing is `high`; once it is here the
    finding stays, as `low`, so that a month that was slow can be looked up.
    """
    cells = CoverageCell.objects.filter(
        seen_overdue_at__isnull=False, state__in=(CellState.OVERDUE, CellState.FINAL), app=None
    ).select_related("account", "vendor")
    if account is not None:
        cells = cells.filter(account=account)
    series = groupby(cells.order_by("account_id", "vendor_id", "report", "region_code", "date"), key=_series)
    found = (run for _, group in series for run in runs(group, _span))
    return [_found(run) for run in found if touches(run, _span, start, end)]


def _series(cell: CoverageCell) -> tuple[int, int | None, str, str]:
    return (cell.account_id, cell.vendor_id, cell.report, cell.region_code)


def _span(cell: CoverageCell) -> tuple[date, date]:
    return (cell.date, cell.period_end)


def _found(run: Sequence[CoverageCell]) -> Found:
    first, last = run[0], run[-1]
    missing = [cell for cell in run if cell.state == CellState.OVERDUE]
    return Found(
        kind=FindingKind.LATE_DELIVERY,
        cause=Cause.NOT_DELIVERED,
        severity=Severity.HIGH if missing else Severity.LOW,
        account=first.account,
        vendor=first.vendor,
        report=first.report,
        grain=Grain(first.granularity),
        from_day=first.date,
        to_day=last.period_end,
        message=_message(run, missing),
        next_step=_next_step(missing),
        details={"late": [_detail(cell) for cell in run]},
        days=[FoundDay(period_start=cell.date, period_end=cell.period_end) for cell in run],
    )


def _message(run: Sequence[CoverageCell], missing: Sequence[CoverageCell]) -> str:
    first = run[0]
    what = f"{report_name(first.report)} for {span(first.date, run[-1].period_end)}"
    due = f"{first.due.astimezone(ZoneInfo(Zone.PACIFIC)):%Y-%m-%d %H:%M} Pacific Time"
    if missing:
        periods = listed(span(cell.date, cell.period_end) for cell in missing)
        return f"{what} was due {due}. Apple has not delivered {periods}. {missing[0].evidence}".strip()
    return f"{what} was due {due} and came {_lateness(run)} late. It is here now."


def _lateness(run: Sequence[CoverageCell]) -> str:
    """The longest wait, told in days from two days on."""
    longest = max((_delivered(cell) - cell.due for cell in run), default=timedelta())
    hours = max(1, round(longest / timedelta(hours=1)))
    return counted(hours, "hour") if hours < 48 else counted(longest.days, "day")  # noqa: PLR2004


def _delivered(cell: CoverageCell) -> datetime:
    return cell.delivered_at or cell.due


def _next_step(missing: Sequence[CoverageCell]) -> str:
    if not missing:
        return "Nothing to do. Figures that were taken while it was missing are too low: run them again."
    return (
        "Do not book these days yet. They are asked for every hour. If they are missing two days after they were due, "
        "ask Apple Developer Support for them and name the vendor number, the report and the days."
    )


def _detail(cell: CoverageCell) -> dict[str, str | None]:
    return {
        "date": cell.date.isoformat(),
        "due": cell.due.isoformat(),
        "delivered": cell.delivered_at.isoformat() if cell.delivered_at else None,
    }
