"""Calls to Apple that keep a report away, or that work only when they are repeated, day after day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from django.db.models import Count
from django.db.models.functions import TruncDate

from reports.detect.names import report_name
from reports.detect.spans import Span, runs, touches
from reports.findings.found import Found, FoundDay
from reports.models import (
    Account,
    ApiProblem,
    Cause,
    CellState,
    CoverageCell,
    FindingKind,
    Grain,
    Severity,
)
from reports.wording import counted, span

#: Faults that pass by themselves; a call that worked when repeated says nothing about keys or requests.
PASSING = (
    Cause.RATE_LIMIT,
    Cause.SERVER_ERROR,
    Cause.TRUNCATED_DOWNLOAD,
    Cause.TIMEOUT,
    Cause.CONNECTION_DROPPED,
)
#: A fault is reported once it shows on so many days; days further apart than the gap are another story.
DAYS_UNTIL_REPORTED = 3
GAP_DAYS = 7

NEXT_STEPS = {
    Cause.CREDENTIALS: "Check the issuer ID and the key ID, or enter a new key: Apple refuses this one.",
    Cause.ROLE: "An Admin must make a key with the role Finance, or Sales and Reports for sales, and enter it here.",
    Cause.AGREEMENT: "The Account Holder must sign in to App Store Connect and accept the agreement under Business.",
    Cause.METHOD_NOT_ALLOWED: "Apple no longer accepts this request: an update of this program is needed.",
    Cause.BAD_REQUEST: "Apple does not accept a value of the request. Check the vendor number first.",
    Cause.GHOST_REQUEST: "Only Apple can mend this: tell Apple Developer Support the ids of its answers.",
    Cause.SEGMENT_EXPIRED: "It is asked for again. If it stays, tell Apple Developer Support the report and the day.",
    Cause.CHECKSUM_MISMATCH: "Nothing of it is used. It is asked for again; if it stays, tell Apple Developer Support.",
    Cause.RATE_LIMIT: "Wait: it is tried again every hour. If another program uses the same key, give it its own.",
    Cause.UNEXPLAINED: "The file is not what was asked for. Its bytes are kept: look at them, then ask Apple.",
}
BY_ITSELF = "It is tried again every hour. If it stays, ask Apple Developer Support and quote the id of the answer."


def api_incidents(start: date, end: date, account: Account | None) -> list[Found]:
    """One finding per vendor, report, cause and run of consecutive periods that a failed call keeps away (`high`), and
    one per report and cause for calls that worked only when repeated, on three days of a run (`low`).

    A repeated call's cause stands in `member` as well: two such faults may share their days.
    """
    return [*_blocked(start, end, account), *_repeated(start, end, account)]


def _blocked(start: date, end: date, account: Account | None) -> list[Found]:
    cells = CoverageCell.objects.filter(state=CellState.BLOCKED, delivery=None, app=None).select_related(
        "account", "vendor"
    )
    if account is not None:
        cells = cells.filter(account=account)
    ordered = cells.order_by("account_id", "vendor_id", "report", "region_code", "cause", "date")
    series = groupby(ordered, key=lambda c: (c.account_id, c.vendor_id, c.report, c.region_code, c.cause))
    found = (run for _, group in series for run in runs(group, _cell_span))
    return [_of_cells(run) for run in found if touches(run, _cell_span, start, end)]


def _cell_span(cell: CoverageCell) -> Span:
    return (cell.date, cell.period_end)


def _of_cells(run: Sequence[CoverageCell]) -> Found:
    first, last = run[0], run[-1]
    cause = Cause(first.cause or Cause.UNEXPLAINED)
    what = f"{report_name(first.report)} for {span(first.date, last.period_end)}"
    return Found(
        kind=FindingKind.API_INCIDENT,
        cause=cause,
        severity=Severity.HIGH,
        account=first.account,
        vendor=first.vendor,
        report=first.report,
        grain=Grain(first.granularity),
        from_day=first.date,
        to_day=last.period_end,
        message=f"{what} could not be read: {cause.label}. {last.evidence}",
        next_step=NEXT_STEPS.get(cause, BY_ITSELF),
        details={"problems": _problem_ids(run)},
        days=[FoundDay(period_start=cell.date, period_end=cell.period_end) for cell in run],
    )


def _problem_ids(run: Sequence[CoverageCell]) -> list[int]:
    """The last calls that failed for these cells, as far as they were asked for one by one."""
    problems = ApiProblem.objects.filter(cell__in=run, succeeded=False).order_by("cell_id", "-at").distinct("cell_id")
    return [problem.pk for problem in problems]


def _repeated(start: date, end: date, account: Account | None) -> Iterable[Found]:
    problems = ApiProblem.objects.filter(succeeded=True, cause__in=PASSING)
    if account is not None:
        problems = problems.filter(account=account)
    days = (
        problems.annotate(day=TruncDate("at"))
        .values_list("account_id", "report", "cause", "day")
        .annotate(calls=Count("id"))
        .order_by("account_id", "report", "cause", "day")
    )
    for (account_id, report, cause), group in groupby(days, key=lambda row: row[:3]):
        counts = {row[3]: row[4] for row in group}
        for run in runs(counts, lambda day: (day, day), GAP_DAYS):
            if len(run) >= DAYS_UNTIL_REPORTED and touches(run, lambda day: (day, day), start, end):
                yield _of_days(Account.objects.get(pk=account_id), report, Cause(cause), {d: counts[d] for d in run})


def _of_days(account: Account, report: str, cause: Cause, counts: dict[date, int]) -> Found:
    """The days are those of the calls, in UTC, not those of the reports."""
    first, last = min(counts), max(counts)
    calls = counted(sum(counts.values()), "call")
    return Found(
        kind=FindingKind.API_INCIDENT,
        cause=cause,
        severity=Severity.LOW,
        account=account,
        report=report,
        member=cause.value,
        from_day=first,
        to_day=last,
        message=f"{calls} for {report_name(report)} worked only when repeated, on {counted(len(counts), 'day')} "
        f"({span(first, last)}): {cause.label}. Nothing is missing.",
        next_step="If it goes on, tell Apple Developer Support the times and the ids of its answers.",
        details={"calls": {day.isoformat(): count for day, count in counts.items()}},
    )
