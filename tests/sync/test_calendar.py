from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from reports.models import FiscalMonth
from reports.sync.calendar import PULLED, ReportKind, due_at, first_friday_after, kept_periods, periods
from reports.sync.fiscal import confirm_fiscal_month, fiscal_month, fiscal_month_of, number_of

DAILY, WEEKLY, MONTHLY, FINANCIAL, DETAIL, *_ = PULLED


@pytest.mark.parametrize(
    ("kind", "last_day", "due"),
    [
        # 8 a.m. Pacific Time the next day; California is 8 hours behind UTC in winter, 7 in summer.
        pytest.param(DAILY, date(2026, 11, 19), datetime(2026, 11, 20, 16, tzinfo=UTC), id="a winter day"),
        pytest.param(DAILY, date(2026, 7, 1), datetime(2026, 7, 2, 15, tzinfo=UTC), id="a summer day"),
        pytest.param(DAILY, date(2026, 3, 7), datetime(2026, 3, 8, 15, tzinfo=UTC), id="clocks go forward"),
        pytest.param(DAILY, date(2026, 10, 31), datetime(2026, 11, 1, 16, tzinfo=UTC), id="clocks go back"),
        pytest.param(WEEKLY, date(2026, 11, 15), datetime(2026, 11, 16, 16, tzinfo=UTC), id="a week, on Monday"),
        pytest.param(MONTHLY, date(2026, 10, 31), datetime(2026, 11, 5, 16, tzinfo=UTC), id="a month, 5 days later"),
        # 2025-12-05 is the first Friday after 2025-11-29; the day is over at midnight in California.
        pytest.param(FINANCIAL, date(2025, 11, 29), datetime(2025, 12, 6, 8, tzinfo=UTC), id="a fiscal month"),
    ],
)
def test_it_knows_when_a_report_is_due(kind: ReportKind, last_day: date, due: datetime) -> None:
    assert due_at(kind, last_day) == due


@pytest.mark.parametrize(
    ("end", "friday"),
    [
        (date(2026, 10, 31), date(2026, 11, 6)),
        (date(2026, 11, 28), date(2026, 12, 4)),
        (date(2026, 11, 27), date(2026, 12, 4)),  # a Friday itself: the next one
    ],
)
def test_it_finds_the_first_friday_after_a_day(end: date, friday: date) -> None:
    assert first_friday_after(end) == friday


def test_it_names_every_period_that_touches_the_days(db: None) -> None:
    first, last = date(2026, 10, 30), date(2026, 11, 2)

    days = periods(DAILY, first, last)
    weeks = periods(WEEKLY, first, last)
    months = periods(MONTHLY, first, last)
    fiscal = periods(FINANCIAL, first, last)

    assert [d.start.day for d in days] == [30, 31, 1, 2]
    assert [(w.start, w.end) for w in weeks] == [
        (date(2026, 10, 26), date(2026, 11, 1)),
        (date(2026, 11, 2), date(2026, 11, 8)),
    ]
    assert [(m.start, m.end) for m in months] == [
        (date(2026, 10, 1), date(2026, 10, 31)),
        (date(2026, 11, 1), date(2026, 11, 30)),
    ]
    assert [(m.start, m.end) for m in fiscal] == [
        (date(2026, 9, 27), date(2026, 10, 31)),
        (date(2026, 11, 1), date(2026, 11, 28)),
    ]


def test_it_plans_all_that_apple_still_has(db: None) -> None:
    today = date(2026, 11, 20)

    days = kept_periods(DAILY, today)
    fiscal = kept_periods(DETAIL, today)

    assert (len(days), days[0].start, days[-1].end) == (365, date(2025, 11, 20), date(2026, 11, 19))
    # Ten years back is 2016-11-20; the last month that is over is 2027-01, to 2026-10-31.
    assert (fiscal[0].end, fiscal[-1].end) == (date(2016, 11, 26), date(2026, 10, 31))
    assert len(fiscal) == 120


@pytest.mark.parametrize(
    ("year", "month", "start", "end", "confirmed"),
    [
        (2013, 3, date(2012, 12, 2), date(2012, 12, 29), True),
        (2014, 7, date(2014, 3, 30), date(2014, 5, 3), True),
        (2014, 12, date(2014, 8, 31), date(2014, 9, 27), True),
        (2020, 7, date(2020, 3, 29), date(2020, 5, 2), True),
        (2024, 1, date(2023, 10, 1), date(2023, 11, 4), True),
        (2026, 2, date(2025, 11, 2), date(2025, 11, 29), True),
        (2025, 4, date(2024, 12, 29), date(2025, 2, 1), False),
        (2027, 12, date(2027, 8, 29), date(2027, 9, 25), False),
        (2023, 3, date(2022, 11, 27), date(2022, 12, 31), False),  # the fifth week of a year of 53
    ],
)
@pytest.mark.django_db
def test_it_has_apples_fiscal_months(year: int, month: int, start: date, end: date, confirmed: bool) -> None:
    found = fiscal_month(year, month)

    assert found is not None
    assert (found.start, found.end, found.confirmed) == (start, end, confirmed)
    assert fiscal_month_of(start) == fiscal_month_of(end) == found
    assert number_of(end) == (year, month)


def test_it_has_fiscal_months_without_gaps(db: None) -> None:
    months = list(FiscalMonth.objects.order_by("start"))

    assert all((after.start - before.end).days == 1 for before, after in zip(months, months[1:], strict=False))
    assert all(m.start.isoweekday() == 7 and m.end.isoweekday() == 6 for m in months)
    assert all(m.source for m in months)


def test_it_believes_a_file_more_than_the_table(db: None) -> None:
    confirm_fiscal_month(2023, 3, date(2022, 11, 27), date(2022, 12, 24), source="a finance file")

    found = fiscal_month(2023, 3)

    assert found is not None
    assert (found.end, found.confirmed) == (date(2022, 12, 24), True)


def test_it_says_when_a_fiscal_month_is_not_known(db: None) -> None:
    assert fiscal_month(2031, 1) is None
    assert fiscal_month_of(date(2030, 10, 15)) is None
