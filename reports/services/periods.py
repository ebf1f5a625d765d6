"""The period and the series of a report file, from its own dates."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from reports.files.errors import BadFile
from reports.models import Grain

FREQUENCY = {Grain.DAY: "DAILY", Grain.WEEK: "WEEKLY", Grain.MONTH: "MONTHLY", Grain.YEAR: "YEARLY"}
DAYS_IN_WEEK = 7


def grain_of(start: date, end: date) -> Grain | None:
    """day, week (Monday to Sunday), month or year, as Apple cuts its sales reports; None for anything else."""
    if start == end:
        return Grain.DAY
    if (end - start).days == DAYS_IN_WEEK - 1 and start.weekday() == calendar.MONDAY:
        return Grain.WEEK
    if start.day == 1 and (end + timedelta(days=1)).day == 1:
        if (start.month, end.month) == (1, 12) and start.year == end.year:
            return Grain.YEAR
        return Grain.MONTH if (start.year, start.month) == (end.year, end.month) else None
    return None


def sales_report(name: str, start: date, end: date) -> tuple[str, Grain]:
    """`SALES/SUMMARY/DAILY` and its grain, from the Begin and End Date in the file."""
    grain = grain_of(start, end)
    if grain is None:
        raise BadFile(
            file=name,
            seen=f"rows from {start} to {end}, which is no day, week, month or year",
            do="hand in a report as Apple makes it",
        )
    return f"SALES/SUMMARY/{FREQUENCY[grain]}", grain


def month_span(first: date) -> tuple[date, date]:
    return first, date(first.year, first.month, calendar.monthrange(first.year, first.month)[1])


def span_from(grain: Grain, first: date) -> tuple[date, date]:
    """The period of `grain` that begins with `first`, as analytics reports name weeks and months."""
    if grain == Grain.WEEK:
        return first, first + timedelta(days=DAYS_IN_WEEK - 1)
    return month_span(first) if grain == Grain.MONTH else (first, first)


def span_of(grain: Grain, day: date) -> tuple[date, date]:
    """The period of `grain` that Apple's file names call by `day`: a week by its Sunday, a month by its first day."""
    if grain == Grain.WEEK:
        return day - timedelta(days=DAYS_IN_WEEK - 1), day
    if grain == Grain.MONTH:
        return month_span(day)
    return (date(day.year, 1, 1), date(day.year, 12, 31)) if grain == Grain.YEAR else (day, day)
