from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from reports.coverage.ledger import (
    Absence,
    next_reading,
    note_delivery,
    record_absence,
    record_delivery,
    record_failure,
)
from reports.models import (
    Account,
    Cause,
    CellState,
    CoverageCell,
    Delivery,
    DeliveryState,
    Grain,
    Kind,
    RawFile,
    Side,
    Vendor,
)
from reports.sync.calendar import PULLED, due_at

DAILY, _, _, FINANCIAL, *_ = PULLED
DAY = date(2026, 11, 18)
DUE = datetime(2026, 11, 19, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
NO_SALES, NOT_YET, GONE = Absence.NO_SALES, Absence.NOT_YET, Absence.GONE
BY_CALENDAR, UNKNOWN = Absence.BY_CALENDAR, Absence.UNKNOWN


@pytest.fixture
def vendor(db: None) -> Vendor:
    return Vendor.objects.create(account=Account.objects.create(name="Acme"), number="80000001")


def cell_of(vendor: Vendor, day: date = DAY, **facts: object) -> CoverageCell:
    given = {
        "account": vendor.account,
        "vendor": vendor,
        "report": DAILY.name,
        "granularity": Grain.DAY,
        "date": day,
        "period_end": day,
        "due": due_at(DAILY, day),
    }
    return CoverageCell.objects.create(**{**given, **facts})


def delivery_of(vendor: Vendor, rows: int) -> Delivery:
    number = RawFile.objects.count()
    raw = RawFile.objects.create(sha256=f"{number:064}", size=1, stored_as=f"raw/{number}", created_at=DUE)
    return Delivery.objects.create(
        side=Side.API, kind=Kind.SALES, account=vendor.account, raw_file=raw, received_at=DUE, rows_accepted=rows
    )


def told(cell: CoverageCell) -> tuple[str, datetime | None]:
    cell.refresh_from_db()
    return cell.state, cell.next_try


@pytest.mark.parametrize("absence", [NO_SALES, NOT_YET, BY_CALENDAR, UNKNOWN])
def test_it_stays_open_until_it_is_due_whatever_apple_says(vendor: Vendor, absence: Absence) -> None:
    cell = cell_of(vendor)

    record_absence(cell, absence, "not here", DUE - 5 * HOUR)

    assert told(cell) == (CellState.OPEN, DUE)
    assert cell.seen_overdue_at is None


@pytest.mark.parametrize("absence", [NOT_YET, BY_CALENDAR, UNKNOWN])
def test_it_is_overdue_two_hours_after_it_was_due(vendor: Vendor, absence: Absence) -> None:
    cell = cell_of(vendor)

    record_absence(cell, absence, "not here", DUE + HOUR)
    assert told(cell) == (CellState.OPEN, DUE + 2 * HOUR)

    record_absence(cell, absence, "not here", DUE + 2 * HOUR)
    assert told(cell) == (CellState.OVERDUE, DUE + 3 * HOUR)
    assert cell.seen_overdue_at == DUE + 2 * HOUR
    assert cell.evidence == "not here"


def test_it_believes_no_sales_when_said_again_a_day_and_a_week_later(vendor: Vendor) -> None:
    cell = cell_of(vendor)
    first = DUE + HOUR

    record_absence(cell, NO_SALES, "no sales", first)
    assert told(cell) == (CellState.OPEN, first + 24 * HOUR)
    record_absence(cell, NO_SALES, "no sales", first + 5 * HOUR)  # too early to count
    assert told(cell) == (CellState.OPEN, first + 24 * HOUR)
    record_absence(cell, NO_SALES, "no sales", first + 24 * HOUR)
    assert told(cell) == (CellState.OPEN, first + 168 * HOUR)
    record_absence(cell, NO_SALES, "no sales", first + 168 * HOUR)

    assert told(cell) == (CellState.EMPTY, None)
    assert "3 times since 2026-11-19" in cell.evidence


def test_it_doubts_no_sales_on_a_day_whose_weekdays_all_had_rows(vendor: Vendor) -> None:
    for weeks in range(1, 5):
        day = DAY - timedelta(weeks=weeks)
        cell_of(vendor, day, state=CellState.FINAL, delivery=delivery_of(vendor, rows=3))
    cell = cell_of(vendor)

    record_absence(cell, NO_SALES, "no sales", DUE + 3 * HOUR)
    assert told(cell) == (CellState.OPEN, DUE + 4 * HOUR)
    assert "the last 4 days of the same weekday all had rows" in cell.evidence

    record_absence(cell, NO_SALES, "no sales", DUE + 3 * HOUR + timedelta(days=1))
    record_absence(cell, NO_SALES, "no sales", DUE + 3 * HOUR + timedelta(days=7))
    assert told(cell)[0] == CellState.OVERDUE


@pytest.mark.parametrize("rows", [(3, 3, 3), (3, 3, 3, 0)])
def test_it_doubts_nothing_with_too_little_or_mixed_history(vendor: Vendor, rows: tuple[int, ...]) -> None:
    for weeks, count in enumerate(rows, start=1):
        day = DAY - timedelta(weeks=weeks)
        cell_of(vendor, day, state=CellState.FINAL, delivery=delivery_of(vendor, rows=count))
    cell = cell_of(vendor)

    record_absence(cell, NO_SALES, "no sales", DUE + 3 * HOUR)

    assert "But" not in cell.evidence


def test_it_knows_that_apple_no_longer_has_it(vendor: Vendor) -> None:
    cell = cell_of(vendor)

    record_absence(cell, GONE, "gone", DUE + HOUR)

    assert told(cell) == (CellState.LOST, None)


def test_it_waits_for_a_person_where_rows_were_rejected(vendor: Vendor) -> None:
    delivery = delivery_of(vendor, rows=2)
    delivery.state, delivery.rows_rejected = DeliveryState.HELD, 1
    cell = cell_of(vendor)

    record_delivery(cell, delivery, DUE + HOUR)
    assert told(cell) == (CellState.BLOCKED, None)
    assert "1 row rejected" in cell.evidence

    delivery.state = DeliveryState.LOADED
    record_delivery(cell, delivery, DUE + 2 * HOUR)
    assert told(cell)[0] == CellState.FINAL
    assert cell.delivered_at == DUE + HOUR


def test_it_knows_of_a_report_that_came_as_a_file(vendor: Vendor) -> None:
    delivery = delivery_of(vendor, rows=2)
    delivery.vendor, delivery.report, delivery.grain = vendor, DAILY.name, Grain.DAY
    delivery.period_start = delivery.period_end = DAY
    delivery.state = DeliveryState.LOADED
    delivery.save()

    for _ in range(2):
        note_delivery(delivery)

    cell = CoverageCell.objects.get()
    assert (cell.state, cell.date, cell.due, cell.delivery) == (CellState.FINAL, DAY, DUE, delivery)


def test_it_keeps_what_was_delivered_whatever_is_said_later(vendor: Vendor) -> None:
    delivery = delivery_of(vendor, rows=1)
    gone, refused = (
        cell_of(vendor, day, state=CellState.FINAL, delivery=delivery) for day in (DAY, DAY - timedelta(days=1))
    )

    record_absence(gone, GONE, "gone", DUE + HOUR)
    record_failure(refused, Cause.ROLE, "role missing", DUE + HOUR, next_try=DUE + 2 * HOUR)

    assert told(gone)[0] == told(refused)[0] == CellState.FINAL
    assert refused.next_try == DUE + 2 * HOUR


def test_it_judges_a_finance_month_by_the_calendar(vendor: Vendor) -> None:
    """2025-11-29 ends fiscal 2026-02; the first Friday after it is 2025-12-05, and until then Apple may be late."""
    end = date(2025, 11, 29)
    due = due_at(FINANCIAL, end)
    cell = cell_of(
        vendor, date(2025, 11, 2), period_end=end, report=FINANCIAL.name, region_code="ZZ", due=due,
        granularity=Grain.FISCAL_MONTH,
    )  # fmt: skip

    record_absence(cell, BY_CALENDAR, "none were found", datetime(2025, 12, 5, 20, tzinfo=UTC))
    assert told(cell) == (CellState.OPEN, due)

    record_absence(cell, BY_CALENDAR, "none were found", due)
    assert told(cell) == (CellState.OPEN, due + 24 * HOUR)
    record_absence(cell, BY_CALENDAR, "none were found", due + 24 * HOUR)
    record_absence(cell, BY_CALENDAR, "none were found", due + 168 * HOUR)
    assert told(cell) == (CellState.EMPTY, None)


def test_it_reads_a_day_again_every_morning_for_a_week_and_once_after_a_month(vendor: Vendor) -> None:
    cell = cell_of(vendor)

    assert next_reading(cell, DUE + HOUR) == DUE + 24 * HOUR
    assert next_reading(cell, DUE + timedelta(days=6, hours=1)) == DUE + timedelta(days=7)
    assert next_reading(cell, DUE + timedelta(days=7)) == DUE + timedelta(days=30)
    assert next_reading(cell, DUE + timedelta(days=30)) is None


def test_it_reads_again_at_the_same_hour_in_california_when_the_clocks_change(vendor: Vendor) -> None:
    """The clocks go back on 2026-11-01: 8 a.m. is 15:00 UTC before it and 16:00 UTC after it."""
    cell = cell_of(vendor, date(2026, 10, 30))

    assert cell.due == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert next_reading(cell, datetime(2026, 10, 31, 20, tzinfo=UTC)) == datetime(2026, 11, 1, 16, tzinfo=UTC)


def test_what_a_person_handed_in_while_apple_was_asked_stays(vendor: Vendor) -> None:
    asked = cell_of(vendor)
    record_delivery(CoverageCell.objects.get(pk=asked.pk), delivery := delivery_of(vendor, rows=3), DUE)

    record_absence(asked, NO_SALES, "There were no sales for the date specified.", DUE + HOUR)

    kept = CoverageCell.objects.get(pk=asked.pk)
    assert (kept.state, kept.delivery, kept.attempts) == (CellState.FINAL, delivery, 2)
