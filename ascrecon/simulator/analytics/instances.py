"""Report instances: which there are on a day, and the rows that each holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache
from random import Random

from ascrecon.simulator.analytics.catalogue import Report
from ascrecon.simulator.analytics.delivery_faults import DeliveryFaults
from ascrecon.simulator.analytics.instance import Instance, periods, processing_dates
from ascrecon.simulator.analytics.requests import ReportRequest
from ascrecon.simulator.analytics.row import Row
from ascrecon.simulator.analytics.rows import ReportRows
from ascrecon.simulator.sales import packed
from ascrecon.simulator.truth import Truth

ROWS_PER_SEGMENT = 60
YOUNGEST_SHARE = 0.6


class Deliveries:
    """The instances of all requests. Nothing is stored: each follows from the scenario and its processing date."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.rows = ReportRows(truth)
        self.faults = DeliveryFaults(truth.scenario)
        self._segments = lru_cache(maxsize=64)(self._packed)

    def instances(self, request: ReportRequest, report: Report, granularity: str, today: date) -> list[Instance]:
        """What a list shows on a day: made by then, at most 35 days old, with at least one row; newest first."""
        dates = reversed(processing_dates(request, report, granularity, today))
        made = [Instance(request, report, granularity, processed) for processed in dates]
        twins = [replace(instance, twin=twin) for instance in made for twin in range(self.faults.copies(instance))]
        return [instance for instance in twins if self._is_there(instance, today)]

    def has(self, instance: Instance, today: date) -> bool:
        """Whether an instance is there on a day."""
        dates = processing_dates(instance.request, instance.report, instance.granularity, today)
        known = instance.processed in dates and instance.twin < self.faults.copies(instance)
        return known and self._is_there(instance, today)

    def _is_there(self, instance: Instance, today: date) -> bool:
        if self.faults.takes(instance, today):
            return False
        return self.faults.empties(instance) or any(self.dated_rows(instance))

    def segments(self, instance: Instance) -> list[bytes]:
        """The gzip files of an instance, each with its own heading."""
        return self._segments(instance)

    def dated_rows(self, instance: Instance) -> Iterator[tuple[date, Row]]:
        """Every row with its Date."""
        if self.faults.empties(instance):
            return
        again = [(day, day) for day in self.faults.restated(instance)]
        for first, last in again + periods(instance, self.truth.scenario.first_day):
            if not self.faults.skips(instance, first):
                for row in self.faults.kept(instance, first, self._period_rows(instance, first, last)):
                    yield first, row

    def _period_rows(self, instance: Instance, first: date, last: date) -> list[Row]:
        apple_id, report = instance.request.app.apple_id, instance.report
        if instance.granularity != "DAILY":
            return self.rows.period(apple_id, report.name, instance.granularity, first, last)
        rows = self.rows.day(apple_id, report.name, first, instance.processed)
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
