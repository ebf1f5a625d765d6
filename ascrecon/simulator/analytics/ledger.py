"""What a reader who looked on certain days must know of each report and period by now, worked out from the scenario."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from ascrecon.simulator.analytics.catalogue import REPORTS, Report
from ascrecon.simulator.analytics.faults import SegmentFault
from ascrecon.simulator.analytics.instance import KEPT_DAYS, Instance, is_made, period_of
from ascrecon.simulator.analytics.instances import Deliveries
from ascrecon.simulator.analytics.requests import ACCESS_TYPES, RequestBook
from ascrecon.simulator.scenario import App
from ascrecon.simulator.zones import days_between

GRAINS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month"}
Series = tuple[str, str]


@dataclass
class Seen:
    """What a reader saw of an app: processing dates by report and granularity, the Dates of what could be read.

    `told`: the Dates of daily instances.
    """

    listed: dict[Series, set[date]] = field(default_factory=lambda: defaultdict(set))
    spoiled: dict[Series, set[date]] = field(default_factory=lambda: defaultdict(set))
    complete: dict[Series, set[date]] = field(default_factory=lambda: defaultdict(set))
    told: set[date] = field(default_factory=set)


class Ledger:
    """The cells of one app, for a reader who looked on each of `looks` and read all that was listed.

    Not known are requests that the reader deleted; whether rows are too few to be missed is left to the reader, so
    faults belong on reports that have many.
    """

    def __init__(self, deliveries: Deliveries, book: RequestBook, app: App, looks: tuple[date, ...]) -> None:
        self.deliveries, self.book, self.app, self.looks = deliveries, book, app, looks
        self.today = max(looks)

    def cells(self) -> Iterator[tuple[str, str, date, str]]:
        """Report, grain, first day and state of every period that is over."""
        if not self.seen.told:
            return
        for report in REPORTS.values():
            for granularity in report.granularities:
                for start, end in self._periods(report, granularity):
                    yield report.name, GRAINS[granularity], start, self._state(report, granularity, start, end)

    @cached_property
    def seen(self) -> Seen:
        seen = Seen()
        for look in self.looks:
            for request in self.book.of_app(self.app, ACCESS_TYPES, look):
                for report in REPORTS.values():
                    for granularity in report.granularities:
                        for instance in self.deliveries.instances(request, report, granularity, look):
                            self._read(seen, instance)
        return seen

    def _read(self, seen: Seen, instance: Instance) -> None:
        series = (instance.report.name, instance.granularity)
        if instance.ongoing and instance.twin == 0 and instance.processed in seen.listed[series]:
            return
        if instance.ongoing:
            seen.listed[series].add(instance.processed)
            if self._is_spoiled(instance):
                seen.spoiled[series].add(instance.processed)
                return
        days = {day for day, _ in self.deliveries.dated_rows(instance)}
        if instance.granularity == "DAILY":
            seen.told |= days
        lag = timedelta(days=instance.report.completeness if instance.granularity == "DAILY" else 0)
        seen.complete[series] |= {day for day in days if day + lag <= instance.processed}

    def _is_spoiled(self, instance: Instance) -> bool:
        wanted = (self.app.apple_id, instance.report.name, instance.granularity, instance.processed)
        faults = self.deliveries.truth.scenario.faults
        return any(isinstance(f, SegmentFault) and f.times is None and f.instance == wanted for f in faults)

    def _periods(self, report: Report, granularity: str) -> list[tuple[date, date]]:
        first = max(min(self.seen.told), report.history)
        days = days_between(first - timedelta(days=31), self.today)
        if granularity == "DAILY":
            return [(day, day) for day in days if first <= day < self.today]
        if granularity == "WEEKLY":
            weeks = [(day, day + timedelta(days=6)) for day in days if day.isoweekday() == 1]
            return [week for week in weeks if week[1] >= first and week[1] < self.today]
        months = [(day, (day + timedelta(days=31)).replace(day=1) - timedelta(days=1)) for day in days if day.day == 1]
        return [month for month in months if month[1] >= first and month[1] < self.today]

    def _state(self, report: Report, granularity: str, start: date, end: date) -> str:
        series, made_on = (report.name, granularity), _made_on(report, granularity, end)
        if start in self.seen.complete[series]:
            return "final"
        if made_on in self.seen.spoiled[series]:
            return "blocked" if made_on + timedelta(days=KEPT_DAYS) >= self.today else "lost"
        if made_on >= self.today:
            return "open"
        if made_on in self._ran(granularity) and not self._is_active(report, start, end):
            return "empty"
        return "lost" if made_on + timedelta(days=KEPT_DAYS) < self.today or made_on < self._oldest else "overdue"

    def _ran(self, granularity: str) -> set[date]:
        return {day for (_, kind), days in self.seen.listed.items() if kind == granularity for day in days}

    @cached_property
    def _oldest(self) -> date:
        return min((day for days in self.seen.listed.values() for day in days), default=self.today)

    def _is_active(self, report: Report, start: date, end: date) -> bool:
        rows = self.deliveries.rows
        return any(rows.day(self.app.apple_id, report.name, day) for day in days_between(start, end))


def _made_on(report: Report, granularity: str, end: date) -> date:
    days = days_between(end + timedelta(days=1), end + timedelta(days=12))
    made = (day for day in days if is_made(granularity, day))
    return next(day for day in made if period_of(report, granularity, day)[1] == end)
