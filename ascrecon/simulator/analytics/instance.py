"""A report instance: when it is made, how long it is kept, which Dates it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ascrecon.simulator.analytics.catalogue import Report
from ascrecon.simulator.analytics.requests import ReportRequest
from ascrecon.simulator.zones import days_between

KEPT_DAYS = 35
FRIDAY = 5
MONTHLY_ON = 5
WEEK = timedelta(days=6)
# A Friday's file holds the week that began eleven days before.
WEEK_BEGAN = timedelta(days=11)


@dataclass(frozen=True)
class Instance:
    """One delivery of a report: `processed` is the day on which Apple made it."""

    request: ReportRequest
    report: Report
    granularity: str
    processed: date
    twin: int = 0

    @property
    def ongoing(self) -> bool:
        return self.request.ongoing


def processing_dates(request: ReportRequest, report: Report, granularity: str, today: date) -> list[date]:
    """The processing dates of a request's instances that are still kept on a day, oldest first."""
    if granularity not in report.granularities:
        return []
    oldest = max(request.first, today - timedelta(days=KEPT_DAYS))
    if not request.ongoing:
        return [request.first] if oldest <= request.first <= today else []
    return [day for day in days_between(oldest, today) if is_made(granularity, day)]


def is_made(granularity: str, day: date) -> bool:
    """Whether instances of a granularity are processed on a day."""
    if granularity == "WEEKLY":
        return day.isoweekday() == FRIDAY
    return day.day == MONTHLY_ON if granularity == "MONTHLY" else True


def periods(instance: Instance, first_day: date) -> list[tuple[date, date]]:
    """First and last day of every Date that an instance holds, oldest first."""
    if not instance.ongoing:
        return _history(instance, max(first_day, instance.report.history))
    if instance.granularity == "DAILY":
        days = range(instance.report.completeness, 0, -1)
        return [(day, day) for day in (instance.processed - timedelta(days=age) for age in days)]
    return [period_of(instance.report, instance.granularity, instance.processed)]


def period_of(report: Report, granularity: str, processed: date) -> tuple[date, date]:
    """First and last day of what an ongoing instance brings complete: a day, a week, a month."""
    if granularity == "DAILY":
        day = processed - timedelta(days=report.completeness)
        return day, day
    if granularity == "WEEKLY":
        monday = processed - WEEK_BEGAN
        return monday, monday + WEEK
    last = processed.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _history(instance: Instance, first: date) -> list[tuple[date, date]]:
    """A snapshot's Dates: all that were over when it was asked for; weeks and months once Apple has made them."""
    last = instance.request.asked - timedelta(days=1)
    if instance.granularity == "DAILY":
        return [(day, day) for day in days_between(first, last)]
    made = [day for day in days_between(first, instance.processed) if is_made(instance.granularity, day)]
    return [
        period
        for period in (period_of(instance.report, instance.granularity, day) for day in made)
        if period[1] >= first
    ]
