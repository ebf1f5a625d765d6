"""Apple's fiscal months: the table first; a month that it lacks takes its dates from a loaded finance file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from reports.models import CoverageCell, Delivery, DeliveryState, FiscalMonth, Grain, Side, Vintage

MONTHS_IN_YEAR = 12
#: The fiscal year begins with the month that is labelled October: fiscal month 1 of 2026 is "October 2025".
MONTHS_AHEAD = 3
#: Four or five weeks; six where Apple puts the leap week.
WEEKS_IN_MONTH = (4, 5, 6)
DAYS_IN_WEEK, SUNDAY = 7, 7


@dataclass(frozen=True, order=True)
class FiscalPeriod:
    """A fiscal month with its days (Pacific Time, both included). `confirmed`: the dates stand in a file from Apple."""

    year: int
    month: int
    start: date
    end: date
    confirmed: bool

    @property
    def name(self) -> str:
        """As Apple's filter[reportDate] wants it, such as 2026-02."""
        return f"{self.year}-{self.month:02}"


def fiscal_month(year: int, month: int) -> FiscalPeriod | None:
    """The days of a fiscal month by its number, or None where neither the table nor a loaded file knows them."""
    row = FiscalMonth.objects.filter(year=year, month=month).first()
    return _of(row) if row else _in_files(f"{year}-{month:02}")


def fiscal_month_of(day: date) -> FiscalPeriod | None:
    """The fiscal month that holds a day (Pacific Time), or None where neither the table nor a loaded file knows it."""
    row = FiscalMonth.objects.filter(start__lte=day, end__gte=day).first()
    return _of(row) if row else _file_around(day)


def fiscal_months_between(first: date, last: date) -> list[FiscalPeriod]:
    """The months of the table that touch the days, oldest first."""
    rows = FiscalMonth.objects.filter(start__lte=last, end__gte=first).order_by("start")
    return [_of(row) for row in rows]


def confirm_fiscal_month(year: int, month: int, start: date, end: date, *, source: str) -> FiscalPeriod:
    """Write down the dates that a finance file states for a month; they win over counted ones, not over earlier stated.

    What was placed in the counted days (a payments export that came first, the ledger) moves to the stated ones.
    """
    known = FiscalMonth.objects.filter(year=year, month=month).first()
    if known and known.confirmed and (known.start, known.end) != (start, end):
        return _of(known)
    if known and (known.start, known.end) != (start, end):
        _move(known, start, end)
    row, _ = FiscalMonth.objects.update_or_create(
        year=year, month=month, defaults={"start": start, "end": end, "source": source, "confirmed": True}
    )
    return _of(row)


def _move(known: FiscalMonth, start: date, end: date) -> None:
    counted = {"period_start": known.start, "period_end": known.end}
    stated = {"period_start": start, "period_end": end}
    Delivery.objects.filter(grain=Grain.FISCAL_MONTH, **counted).update(**stated)
    Vintage.objects.filter(series__grain=Grain.FISCAL_MONTH, **counted).update(**stated)
    CoverageCell.objects.filter(granularity=Grain.FISCAL_MONTH, date=known.start, period_end=known.end).update(
        date=start, period_end=end
    )


def doubts_about(start: date, end: date) -> list[str]:
    """Warnings about the days of a finance file that cannot be those of a fiscal month, or are not the known ones.

    Apple's fiscal months are whole weeks from Sunday to Saturday: in all files seen and in Apple's fiscal calendar.
    """
    if not are_fiscal_weeks(start, end):
        return [f"its days, {start} to {end}, are no fiscal month of Apple's (whole weeks, Sunday to Saturday)"]
    year, month = number_of(end)
    known = FiscalMonth.objects.filter(year=year, month=month).first()
    if known and (known.start, known.end) != (start, end):
        return [
            f"its days are {start} to {end}; fiscal month {year}-{month:02} was known as {known.start} to {known.end}"
        ]
    return []


def are_fiscal_weeks(start: date, end: date) -> bool:
    """Whether these days, both included, can be a fiscal month."""
    weeks, odd_days = divmod((end - start).days + 1, DAYS_IN_WEEK)
    return not odd_days and weeks in WEEKS_IN_MONTH and start.isoweekday() == SUNDAY


def number_of(end: date) -> tuple[int, int]:
    """(fiscal year, month) of a fiscal month by its last day.

    The last day lies in the calendar month of its label or in the first days of the next one (5-4-4 weeks), so the
    middle of the month, two weeks earlier, names the label. Seen in files: 2012-12-29 is 2013-03, 2014-05-03 is
    2014-07, 2025-11-29 is 2026-02.
    """
    label = date.fromordinal(end.toordinal() - 14)
    months = label.year * MONTHS_IN_YEAR + label.month - 1 + MONTHS_AHEAD
    return months // MONTHS_IN_YEAR, months % MONTHS_IN_YEAR + 1


def _of(row: FiscalMonth) -> FiscalPeriod:
    return FiscalPeriod(row.year, row.month, row.start, row.end, row.confirmed)


def _in_files(name: str) -> FiscalPeriod | None:
    return next((month for month in map(_of_file, _finance_spans()) if month.name == name), None)


def _file_around(day: date) -> FiscalPeriod | None:
    span = _finance_spans().filter(period_start__lte=day, period_end__gte=day).first()
    return _of_file(span) if span else None


def _finance_spans() -> QuerySet[Delivery, tuple[date | None, date | None]]:
    return (
        Delivery.objects.filter(
            side=Side.API,
            grain=Grain.FISCAL_MONTH,
            state=DeliveryState.LOADED,
            period_start__isnull=False,
            period_end__isnull=False,
        )
        .order_by("period_start")
        .values_list("period_start", "period_end")
        .distinct()
    )


def _of_file(span: tuple[date | None, date | None]) -> FiscalPeriod:
    start, end = span
    assert start and end  # noqa: S101  (the query leaves out deliveries without a period)
    return FiscalPeriod(*number_of(end), start, end, confirmed=True)
