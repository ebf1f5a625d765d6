"""What should have been delivered: the instances that a fault takes away, with the days that each would complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from ascrecon.simulator.analytics.catalogue import REPORTS, Report
from ascrecon.simulator.analytics.faults import SNAPSHOT, OfInstances
from ascrecon.simulator.analytics.instance import Instance, is_made, period_of, periods
from ascrecon.simulator.analytics.requests import ONGOING as ONGOING_ACCESS
from ascrecon.simulator.analytics.requests import SNAPSHOT as SNAPSHOT_ACCESS
from ascrecon.simulator.analytics.requests import ReportRequest, RequestBook
from ascrecon.simulator.analytics.rows import ReportRows
from ascrecon.simulator.truth import Truth
from ascrecon.simulator.zones import days_between


@dataclass(frozen=True)
class Deliverable:
    """Days that one instance, made on `made_on`, brings complete: one day, a week, a month."""

    start: date
    end: date
    granularity: str
    made_on: date


def deliverables(truth: Truth, fault: OfInstances, today: date) -> Iterator[Deliverable]:
    """Everything that is due by a day and that the fault takes away; days without activity are nothing to miss.

    An ongoing instance is due when the day on which it is made is over; a snapshot's youngest days are not complete.
    """
    rows = ReportRows(truth)
    report = REPORTS[fault.report]
    for request in _requests(truth, fault, today):
        for granularity in fault.granularities:
            if granularity in report.granularities:
                for start, end, made_on in _due(truth, fault, request, granularity, today):
                    if _is_active(rows, fault.apple_id, report, start, end):
                        yield Deliverable(max(start, truth.scenario.first_day), end, granularity, made_on)


def _requests(truth: Truth, fault: OfInstances, today: date) -> list[ReportRequest]:
    access = SNAPSHOT_ACCESS if fault.access == SNAPSHOT else ONGOING_ACCESS
    return RequestBook(truth.scenario).of_app(truth.scenario.app(fault.apple_id), (access,), today)


def _due(
    truth: Truth, fault: OfInstances, request: ReportRequest, granularity: str, today: date
) -> Iterator[tuple[date, date, date]]:
    report = REPORTS[fault.report]
    first, last = max(fault.start, request.first), min(fault.end, today)
    if not request.ongoing:
        if first <= request.first <= last:
            found = periods(Instance(request, report, granularity, request.first), truth.scenario.first_day)
            complete = request.first - timedelta(days=report.completeness)
            yield from ((start, end, request.first) for start, end in found if end <= complete)
        return
    for processed in days_between(first, min(last, today - timedelta(days=1))):
        if is_made(granularity, processed):
            yield *period_of(report, granularity, processed), processed


def _is_active(rows: ReportRows, apple_id: int, report: Report, start: date, end: date) -> bool:
    return any(rows.day(apple_id, report.name, day) for day in days_between(start, end))
