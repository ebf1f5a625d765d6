"""The two calendars of Apple's reports: Pacific days for sales and finance, UTC days for App Analytics."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")


@lru_cache(maxsize=4096)
def pacific_bounds(day: date) -> tuple[datetime, int]:
    """Start of a Pacific day as a moment in UTC, and its length in seconds (23, 24 or 25 hours)."""
    start = datetime.combine(day, time(), PACIFIC).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), PACIFIC).astimezone(UTC)
    return start, int((end - start).total_seconds())


def days_between(first: date, last: date) -> list[date]:
    """Every day from the first to the last, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def runs(days: list[date]) -> list[tuple[date, date]]:
    """Sorted days as runs of consecutive days: (first, last) each."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and found[-1][1] + timedelta(days=1) == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
