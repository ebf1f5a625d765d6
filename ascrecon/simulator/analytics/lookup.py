"""From the ids of a path to what they stand for; 404 in Apple's words for everything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from ascrecon.simulator.analytics.catalogue import Report
from ascrecon.simulator.analytics.ids import read_instance_id, read_report_id, read_segment_id
from ascrecon.simulator.analytics.instance import Instance
from ascrecon.simulator.analytics.instances import Deliveries
from ascrecon.simulator.analytics.requests import ReportRequest, RequestBook
from ascrecon.simulator.errors import no_resource
from ascrecon.simulator.scenario import App, Scenario

T = TypeVar("T")


@dataclass(frozen=True)
class Segment:
    """One file of an instance."""

    instance: Instance
    number: int
    content: bytes


class Lookup:
    """Finds apps, requests, reports, instances and segments as of a day."""

    def __init__(self, scenario: Scenario, book: RequestBook, deliveries: Deliveries) -> None:
        self._apps = {str(app.apple_id): app for app in scenario.apps}
        self._book = book
        self._deliveries = deliveries

    def app(self, apple_id: str) -> App:
        """An app of the account."""
        if apple_id not in self._apps:
            raise no_resource("apps", apple_id)
        return self._apps[apple_id]

    def request(self, request_id: str, today: date) -> ReportRequest:
        """A request that was made by a day and not deleted."""
        found = self._book.get(request_id, today)
        return _known(found, "analyticsReportRequests", request_id)

    def report(self, report_id: str, today: date) -> tuple[ReportRequest, Report]:
        """A report of such a request."""
        parts = read_report_id(report_id)
        found = self._book.get(parts[0], today) if parts else None
        return _known((found, parts[1]) if found and parts else None, "analyticsReports", report_id)

    def instance(self, instance_id: str, today: date) -> Instance:
        """An instance that is kept on a day."""
        return _known(self._instance(instance_id, today), "analyticsReportInstances", instance_id)

    def segment(self, segment_id: str, today: date) -> Segment:
        """A file of such an instance."""
        return _known(self._segment(segment_id, today), "analyticsReportSegments", segment_id)

    def _instance(self, instance_id: str, today: date) -> Instance | None:
        parts = read_instance_id(instance_id)
        found = self._book.get(parts[0], today) if parts else None
        if parts is None or found is None:
            return None
        instance = Instance(found, *parts[1:])
        return instance if self._deliveries.has(instance, today) else None

    def _segment(self, segment_id: str, today: date) -> Segment | None:
        parts = read_segment_id(segment_id)
        instance = self._instance(parts[1], today) if parts else None
        if parts is None or instance is None:
            return None
        files = self._deliveries.segments(instance)
        return Segment(instance, parts[0], files[parts[0]]) if parts[0] < len(files) else None


def _known(found: T | None, kind: str, resource_id: str) -> T:
    if found is None:
        raise no_resource(kind, resource_id)
    return found
