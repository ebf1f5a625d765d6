"""Writes what is known of a report and period into its coverage cell. Every change of a state is made here.

A cell that holds a delivery stays `final`, whatever a later answer says: what Apple once delivered is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from reports.coverage.expectation import why_expected
from reports.models import Cause, CellState, CoverageCell, Delivery, DeliveryState, Vendor
from reports.sync.calendar import PACIFIC, PULLED, Period, due_at
from reports.sync.policy import SyncPolicy, sync_policy

MEMORY = (
    "state",
    "next_try",
    "asked_at",
    "attempts",
    "empty_since",
    "confirmations",
    "seen_overdue_at",
    "delivered_at",
    "delivery",
    "cause",
    "evidence",
)


class Absence(StrEnum):
    """What Apple said instead of a report."""

    NO_SALES = "no_sales"  # there were no sales in the period
    NOT_YET = "not_yet"  # the report is not available yet
    GONE = "gone"  # past Apple's retention
    BY_CALENDAR = "by_calendar"  # a text that is the same for too early, too late and never
    UNKNOWN = "unknown"  # a text that nobody has explained


def ensure_cells(vendor: Vendor, periods: Iterable[Period]) -> int:
    """Make the cells that are not there yet; each is tried from its due time on. Returns how many periods were named.

    Finance reports are tried from the Wednesday before they are due, since that is when data appears (Apple Help).
    """
    early = timedelta(days=sync_policy().finance_asked_days_before_due)
    cells = [
        CoverageCell(
            account_id=vendor.account_id,
            vendor=vendor,
            report=period.kind.name,
            region_code=period.kind.region_code,
            granularity=period.kind.grain,
            date=period.start,
            period_end=period.end,
            due=period.due,
            next_try=period.due - early if period.kind.is_finance else period.due,
        )
        for period in periods
    ]
    CoverageCell.objects.bulk_create(cells, ignore_conflicts=True, batch_size=500)
    return len(cells)


@transaction.atomic
def record_delivery(cell: CoverageCell, delivery: Delivery, at: datetime) -> None:
    """A file came (aware `at`). It makes the cell final, unless rejected rows hold it back until a person decides."""
    _as_it_is_now(cell)
    cell.delivery = delivery
    if delivery.state == DeliveryState.HELD:
        _hold(cell, delivery, at)
    else:
        _settle(cell, delivery, at)
    _save(cell, at)


@transaction.atomic
def record_absence(cell: CoverageCell, absence: Absence, words: str, at: datetime) -> None:
    """Apple answered without a report; `words` is what it said.

    Rules: Apple's 404 texts for sales reports; finance reports give one text for everything and are judged by the
    calendar alone. A text that nobody has explained decides nothing.
    """
    _as_it_is_now(cell)
    if cell.delivery_id is None:
        _judge_absence(cell, absence, words, at, sync_policy())
    else:
        cell.next_try = next_reading(cell, at)
    _save(cell, at)


@transaction.atomic
def record_failure(cell: CoverageCell, cause: Cause, words: str, at: datetime, *, next_try: datetime) -> None:
    """A call failed for good, so the cell is blocked until somebody acts or `next_try` brings it."""
    _as_it_is_now(cell)
    cell.next_try = next_try
    if cell.delivery_id is None:
        cell.state, cell.cause, cell.evidence = CellState.BLOCKED, cause, words
    _save(cell, at)


def block_unasked(cells: Iterable[CoverageCell], cause: Cause, words: str, *, next_try: datetime) -> int:
    """Cells that were not asked because the key itself was refused: they wait for the same thing. Returns how many."""
    waiting = CoverageCell.objects.filter(pk__in=[cell.pk for cell in cells], delivery=None)
    return waiting.update(state=CellState.BLOCKED, cause=cause, evidence=words, next_try=next_try)


def wait(cells: Iterable[CoverageCell], words: str, *, next_try: datetime) -> None:
    """Apple's limit says nothing about the reports: their states stay, all wait."""
    waiting = CoverageCell.objects.filter(pk__in=[cell.pk for cell in cells])
    waiting.update(next_try=next_try)
    waiting.filter(state=CellState.OPEN).update(evidence=words)


def note_delivery(delivery: Delivery) -> CoverageCell | None:
    """The ledger's side of a report that came as a file by hand; None where the report is not one that is pulled."""
    kind = next((kind for kind in PULLED if kind.name == delivery.report), None)
    start, end = delivery.period_start, delivery.period_end
    if kind is None or delivery.vendor is None or start is None or end is None:
        return None
    cell, _ = CoverageCell.objects.get_or_create(
        account_id=delivery.vendor.account_id,
        vendor=delivery.vendor,
        app=None,
        report=kind.name,
        region_code=delivery.region_code or kind.region_code,
        granularity=kind.grain,
        date=start,
        defaults={"period_end": end, "due": due_at(kind, end)},
    )
    record_delivery(cell, delivery, delivery.received_at)
    return cell


def next_reading(cell: CoverageCell, at: datetime) -> datetime | None:
    """When a delivered report is read again, since Apple issues days again without notice.

    A day: every morning for a week; then everything once more 30 days after it was due (policy). None: never again.
    """
    policy = sync_policy()
    if cell.granularity == "day" and at < cell.due + timedelta(days=policy.reread_daily_for_days):
        return _next_morning(cell.due, at)
    again = cell.due + timedelta(days=policy.reread_again_after_days)
    return again if at < again else None


def _next_morning(due: datetime, at: datetime) -> datetime:
    """The next time of day at which Apple publishes days, by the wall clock in California."""
    hour = due.astimezone(PACIFIC)
    day = at.astimezone(PACIFIC).date()
    morning = datetime.combine(day, hour.time(), PACIFIC)
    return morning if morning > at else datetime.combine(day + timedelta(days=1), hour.time(), PACIFIC)


def _settle(cell: CoverageCell, delivery: Delivery, at: datetime) -> None:
    cell.delivered_at = cell.delivered_at or at
    cell.state, cell.cause = CellState.FINAL, ""
    cell.next_try = next_reading(cell, at)
    cell.evidence = f"{delivery.file_name}: {_count(delivery.rows_accepted)}"


def _hold(cell: CoverageCell, delivery: Delivery, at: datetime) -> None:
    cell.delivered_at = cell.delivered_at or at
    cell.state, cell.cause, cell.next_try = CellState.BLOCKED, Cause.UNEXPLAINED, None
    cell.evidence = (
        f"{delivery.file_name}: {_count(delivery.rows_rejected)} rejected; the file counts nothing until a person "
        "accepts the loss."
    )


def _count(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows} rows"


def _judge_absence(cell: CoverageCell, absence: Absence, words: str, at: datetime, policy: SyncPolicy) -> None:
    cell.evidence, cell.cause = words, ""
    if absence is Absence.GONE:
        cell.state, cell.next_try = CellState.LOST, None
    elif at < cell.due:
        cell.state, cell.next_try = CellState.OPEN, max(cell.due, at + policy.pause)
    elif absence is Absence.NO_SALES or (absence is Absence.BY_CALENDAR and cell.granularity == "fiscal_month"):
        _judge_nothing(cell, absence, words, at, policy)
    else:
        _judge_late(cell, at, policy)


def _judge_nothing(cell: CoverageCell, absence: Absence, words: str, at: datetime, policy: SyncPolicy) -> None:
    """Apple says that there is nothing: believed when said again a day and a week later, and when history agrees."""
    reason = why_expected(cell, policy)
    if reason and absence is Absence.BY_CALENDAR:
        _judge_late(cell, at, policy)
        cell.evidence = f"{words} {reason}"
        return
    _count_confirmation(cell, at, policy)
    waits = policy.confirm_empty_after_hours
    believed = cell.confirmations > len(waits)
    if not believed or reason:
        cell.state = CellState.OVERDUE if believed else CellState.OPEN
        cell.next_try = at + policy.pause if reason else _next_confirmation(cell, at, waits)
    else:
        cell.state, cell.next_try = CellState.EMPTY, None
    cell.evidence = f"{words} {reason or _asked_so_often(cell)}".strip()
    if reason and at >= cell.due + policy.grace:
        cell.seen_overdue_at = cell.seen_overdue_at or at


def _count_confirmation(cell: CoverageCell, at: datetime, policy: SyncPolicy) -> None:
    waits = policy.confirm_empty_after_hours
    if cell.empty_since is None:
        cell.empty_since, cell.confirmations = at, 1
        return
    if cell.confirmations <= len(waits) and at >= _due_confirmation(cell, waits):
        cell.confirmations += 1


def _due_confirmation(cell: CoverageCell, waits: tuple[int, ...]) -> datetime:
    assert cell.empty_since is not None  # noqa: S101  (set with the first confirmation)
    return cell.empty_since + timedelta(hours=waits[cell.confirmations - 1])


def _next_confirmation(cell: CoverageCell, at: datetime, waits: tuple[int, ...]) -> datetime:
    return max(_due_confirmation(cell, waits), at + sync_policy().pause)


def _asked_so_often(cell: CoverageCell) -> str:
    return f"Answered so {cell.confirmations} times since {cell.empty_since:%Y-%m-%d}."


def _judge_late(cell: CoverageCell, at: datetime, policy: SyncPolicy) -> None:
    cell.next_try = at + policy.pause
    if at < cell.due + policy.grace:
        cell.state = CellState.OPEN
        return
    cell.state, cell.cause = CellState.OVERDUE, Cause.NOT_DELIVERED
    cell.seen_overdue_at = cell.seen_overdue_at or at


def _as_it_is_now(cell: CoverageCell) -> None:
    """A person may have handed in the report since the cell was read."""
    cell.refresh_from_db(fields=MEMORY, from_queryset=CoverageCell.objects.select_for_update())


def _save(cell: CoverageCell, at: datetime) -> None:
    cell.asked_at = at
    cell.attempts += 1
    cell.save(update_fields=MEMORY)
