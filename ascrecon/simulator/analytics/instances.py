"""Report instances: which there are on a day, and the rows that each holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from ascrecon.simulator.analytics.catalogue import Report
from ascrecon.simulator.analytics.requests import ONGOING, ReportRequest
from ascrecon.simulator.analytics.rows import ReportRows, Row
from ascrecon.simulator.sales import packed
from ascrecon.simulator.truth import Truth
from ascrecon.simulator.zones import days_between

KEPT_DAYS = 35
FRIDAY = 5
MONTHLY_ON = 5
WEEK = timedelta(days=6)
# A Friday's file holds the week that began eleven days before.
WEEK_BEGAN = timedelta(days=11)
ROWS_PER_SEGMENT = 60
YOUNGEST_SHARE = 0.6


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
        return self.request.access == ONGOING


class Deliveries:
    """The instances of all requests. Nothing is stored: each follows from the scenario and its processing date."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.rows = ReportRows(truth)
        self._segments = lru_cache(maxsize=64)(self._packed)

    def instances(self, request: ReportRequest, report: Report, granularity: str, today: date) -> list[Instance]:
        """What a list shows on a day: made by then, at most 35 days old, with at least one row; newest first."""
        dates = reversed(processing_dates(request, report, granularity, today))
        made = [Instance(request, report, granularity, processed) for processed in dates]
        return [instance for instance in made if any(self.dated_rows(instance))]

    def has(self, instance: Instance, today: date) -> bool:
        """Whether an instance is there on a day."""
        return instance in self.instances(instance.request, instance.report, instance.granularity, today)

    def stopped(self, request: ReportRequest, today: date) -> bool:
        """Whether Apple has stopped a request by a day because nobody read it."""
        return False

    def segments(self, instance: Instance) -> list[bytes]:
        """The gzip files of an instance, each with its own heading."""
        return self._segments(instance)

    def dated_rows(self, instance: Instance) -> Iterator[tuple[date, Row]]:
        """Every row with its Date."""
        for first, last in periods(instance, self.truth.scenario.first_day):
            for row in self._period_rows(instance, first, last):
                yield first, row

    def _period_rows(self, instance: Instance, first: date, last: date) -> list[Row]:
        apple_id, report = instance.request.app.apple_id, instance.report
        if instance.granularity != "DAILY":
            return self.rows.period(apple_id, report.name, first, last)
        rows = self.rows.day(apple_id, report.name, first)
        age = (instance.processed - first).days
        return rows if age >= report.completeness else self._young(instance, first, rows, age)

    def _young(self, instance: Instance, day: date, rows: list[Row], age: int) -> list[Row]:
        """A Date that is not complete yet: some of its rows are there, more of them each day."""
        share = YOUNGEST_SHARE + (1 - YOUNGEST_SHARE) * age / instance.report.completeness
        seed, apple_id = self.truth.scenario.seed, instance.request.app.apple_id
        rng = Random(f"{seed}:{apple_id}:{instance.report.name}:{day}:young")  # noqa: S311  (reproducible)
        return [row for row in rows if rng.random() < share]

    def _packed(self, instance: Instance) -> list[bytes]:
        app, report = instance.request.app, instance.report
        lines = [_line(app.name, app.apple_id, day, row) for day, row in self.dated_rows(instance)]
        size = len(lines) if len(lines) <= ROWS_PER_SEGMENT else (len(lines) + 1) // 2
        parts = [lines[start : start + size] for start in range(0, len(lines), max(1, size))] or [[]]
        return [packed("".join(f"{line}\n" for line in (report.header, *part)).encode()) for part in parts]


def _line(name: str, apple_id: int, day: date, row: Row) -> str:
    return "\t".join((day.isoformat(), name, str(apple_id), *row.cells, *map(str, row.measures)))


def processing_dates(request: ReportRequest, report: Report, granularity: str, today: date) -> list[date]:
    """The processing dates of a request's instances that are still kept on a day, oldest first."""
    if granularity not in report.granularities:
        return []
    oldest = max(request.first, today - timedelta(days=KEPT_DAYS))
    if request.access != ONGOING:
        return [request.first] if oldest <= request.first <= today else []
    return [day for day in days_between(oldest, today) if _is_made(granularity, day)]


def _is_made(granularity: str, day: date) -> bool:
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
    return [_period_of(instance.granularity, instance.processed)]


def _period_of(granularity: str, processed: date) -> tuple[date, date]:
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
    made = [day for day in days_between(first, instance.processed) if _is_made(instance.granularity, day)]
    return [period for period in (_period_of(instance.granularity, day) for day in made) if period[1] >= first]
