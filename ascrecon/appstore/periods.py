"""The periods that reports are asked for, and how Apple wants them written."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from .catalogue import Frequency

_FISCAL_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """First and last day of a sales report, both included, and Apple's `reportDate` for it."""

    frequency: Frequency
    start: date
    end: date

    @property
    def report_date(self) -> str:
        """DAILY the day, WEEKLY the Sunday that ends the week, MONTHLY YYYY-MM, YEARLY YYYY.

        Source: public clients rorkai and others, found to be accepted by the live API; Apple's page says
        YYYY-MM-DD for all.
        """
        if self.frequency is Frequency.MONTHLY:
            return f"{self.end:%Y-%m}"
        if self.frequency is Frequency.YEARLY:
            return f"{self.end.year:04d}"
        return self.end.isoformat()


def sales_period(frequency: str, day: date) -> ReportPeriod:
    """The day, week (Monday to Sunday), calendar month or calendar year that `day` lies in.

    Source: Apple's partner FAQ (weeks and months of sales reports are calendar ones, not fiscal).
    """
    kind = Frequency(frequency)
    if kind is Frequency.DAILY:
        return ReportPeriod(kind, day, day)
    if kind is Frequency.WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return ReportPeriod(kind, monday, monday + timedelta(days=6))
    if kind is Frequency.MONTHLY:
        return ReportPeriod(kind, day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))
    if kind is Frequency.YEARLY:
        return ReportPeriod(kind, date(day.year, 1, 1), date(day.year, 12, 31))
    raise ValueError("Sales reports have no fiscal months.")


def parse_fiscal_month(text: str) -> tuple[int, int]:
    """Fiscal year and number of the month, 1 to 12, from YYYY-MM; ValueError where it is no such text."""
    found = _FISCAL_MONTH.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no fiscal month. Write YYYY-MM, such as 2026-02 for November 2025.")
    return int(found[1]), int(found[2])


def calendar_label(fiscal_month: str) -> tuple[int, int]:
    """Calendar year and month that name a fiscal month: 2026-02 is (2025, 11).

    Source: file names of real finance files (80134819_1212 is fiscal month 2013-03).
    """
    year, month = parse_fiscal_month(fiscal_month)
    return (year - 1, month + 9) if month <= 3 else (year, month - 3)  # noqa: PLR2004  (October to December)


def latest_due_date(fiscal_month: str, day_of_next_month: int) -> date:
    """A day on which the files of a fiscal month are surely due: that day of the calendar month after it.

    For want of the fiscal calendar only, which gives the true day: the first Friday after the month's end.
    """
    year, month = calendar_label(fiscal_month)
    return date(year + month // 12, month % 12 + 1, day_of_next_month)
