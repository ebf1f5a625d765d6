"""Days of an export: how far apart they stand, where one period ends, which are missing."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from reports.console.documents import Grain

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


def grain_of(days: Sequence[date], stated: tuple[date, date] | None) -> Grain:
    """Day, week or month by the step between sorted days; the heading of the file does not say it.

    Month rows carry the first day of the month. Source: real daily and monthly exports with equal headings.
    A single row is judged by the stated range.
    """
    if len(days) <= 1:
        return _grain_of_one(days, stated)
    if all(day.day == 1 for day in days):
        return "month"
    weekly = all((later - earlier).days % 7 == 0 for earlier, later in pairwise(days))
    return "week" if weekly else "day"


def period_end(start: date, grain: Grain) -> date:
    """Last day, included, of the period that starts on a day."""
    return _next_start(start, grain) - DAY


def gaps(days: Sequence[date], grain: Grain) -> list[tuple[date, date]]:
    """Stretches without a row between sorted days, both ends included."""
    return [
        (_next_start(earlier, grain), later - DAY)
        for earlier, later in pairwise(days)
        if _next_start(earlier, grain) < later
    ]


def _next_start(start: date, grain: Grain) -> date:
    if grain == "month":
        return start + (monthrange(start.year, start.month)[1] - start.day + 1) * DAY
    return start + (WEEK if grain == "week" else DAY)


def _grain_of_one(days: Sequence[date], stated: tuple[date, date] | None) -> Grain:
    if not days or stated is None or stated[1] <= stated[0]:
        return "day"
    if stated[1] - stated[0] < WEEK:
        return "week" if stated[1] - stated[0] == WEEK - DAY else "day"
    return "month" if days[0].day == 1 else "week"
