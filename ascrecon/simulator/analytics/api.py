"""The endpoints of the Analytics Reports API: requests, reports, instances, segments."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import TypeAlias

from ascrecon.simulator.analytics.bodies import asked_for
from ascrecon.simulator.analytics.call_faults import CallFaults
from ascrecon.simulator.analytics.catalogue import GRANULARITIES, REPORTS
from ascrecon.simulator.analytics.filters import INCLUDING, choices, included_reports, processing_days
from ascrecon.simulator.analytics.ids import segment_id
from ascrecon.simulator.analytics.instances import Deliveries
from ascrecon.simulator.analytics.lookup import Lookup, Segment
from ascrecon.simulator.analytics.requests import ACCESS_TYPES, ReportRequest, RequestBook
from ascrecon.simulator.analytics.resources import (
    instance_resource,
    report_resource,
    request_resource,
    segment_resource,
)
from ascrecon.simulator.analytics.storage import Signer, expired, no_such_key, segment_file, token_unwanted
from ascrecon.simulator.errors import (
    JSON_TYPE,
    Answer,
    Problem,
    entity_exists,
    invalid_related,
    method_not_allowed,
    unknown_path,
    unsupported_type,
)
from ascrecon.simulator.paging import PAGE_PARAMETERS, paged, single
from ascrecon.simulator.request import Request
from ascrecon.simulator.scenario import App
from ascrecon.simulator.tokens import ADMIN_ROLES, ANALYTICS_ROLES, allow_role
from ascrecon.simulator.truth import Truth

Handler: TypeAlias = Callable[[Request, str, date], Answer]
REQUESTS, LIST, SEGMENTS = "analyticsReportRequests", "analyticsReports", "analyticsReportSegments"
INSTANCES = "analyticsReportInstances"
FIELDS = {kind: f"fields[{kind}]" for kind in (REQUESTS, LIST, INSTANCES, SEGMENTS)}
CATEGORIES = tuple(dict.fromkeys(report.category for report in REPORTS.values()))


class AnalyticsApi:
    """Requests that were made, and the instances and files that follow from them."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.book = RequestBook(truth.scenario)
        self.deliveries = Deliveries(truth)
        self.lookup = Lookup(truth.scenario, self.book, self.deliveries)
        self.faults = CallFaults(truth.scenario)
        self.signer = Signer(truth.scenario.segment_url_seconds)
        self._routes: tuple[tuple[str, re.Pattern[str], Handler], ...] = (
            ("POST", _path("/v1/analyticsReportRequests()"), self._create),
            ("GET", _path("/v1/analyticsReportRequests/([^/]+)"), self._request),
            ("DELETE", _path("/v1/analyticsReportRequests/([^/]+)"), self._delete),
            ("GET", _path("/v1/apps/([^/]+)/analyticsReportRequests"), self._of_app),
            ("GET", _path("/v1/analyticsReportRequests/([^/]+)/reports"), self._reports),
            ("GET", _path("/v1/analyticsReports/([^/]+)"), self._report),
            ("GET", _path("/v1/analyticsReports/([^/]+)/instances"), self._instances),
            ("GET", _path("/v1/analyticsReportInstances/([^/]+)"), self._instance),
            ("GET", _path("/v1/analyticsReportInstances/([^/]+)/segments"), self._segments),
            ("GET", _path("/v1/analyticsReportSegments/([^/]+)"), self._segment),
        )

    def knows(self, path: str) -> bool:
        """Whether a path is one of this part of the API."""
        return any(pattern.fullmatch(path) for _, pattern, _ in self._routes)

    def answer(self, request: Request, today: date) -> Answer:
        """The answer as of a day; only an ADMIN key may make and delete requests."""
        found = [(method, pattern.fullmatch(request.path), handler) for method, pattern, handler in self._routes]
        fitting = [(method, match[1], handler) for method, match, handler in found if match]
        if not fitting:
            raise unknown_path(request.path)
        for method, part, handler in fitting:
            if method == request.method:
                allow_role(self.truth.scenario.roles, ANALYTICS_ROLES if method == "GET" else ADMIN_ROLES)
                return handler(request, part, today)
        raise method_not_allowed()

    def download(self, request: Request, today: date) -> Answer:
        """The storage host's answer: the file of a signed URL, to whoever has the URL and sends no token."""
        if "authorization" in request.headers:
            return token_unwanted()
        name = self.signer.segment_of(request)
        if name is None:
            return expired()
        try:
            segment = self.lookup.segment(name, today)
        except Problem:
            return no_such_key()
        return segment_file(self.faults.spoiled(segment.instance, segment.content))

    def _create(self, request: Request, _part: str, today: date) -> Answer:
        if "json" not in request.headers.get("content-type", ""):
            raise unsupported_type()
        access, apple_id = asked_for(request)
        try:
            app = self.lookup.app(apple_id)
        except Problem as problem:
            raise invalid_related("/data/relationships/app", problem.detail) from problem
        made = self._made(app, access, today)
        return single(request, self._resource(request, made, today), HTTPStatus.CREATED)

    def _made(self, app: App, access: str, today: date) -> ReportRequest:
        if self.faults.refuses(app, today):
            raise method_not_allowed()
        # A stopped request is in the way as well, until somebody deletes it.
        if self.book.of_app(app, (access,), today) or self.faults.in_the_way(app, access):
            raise entity_exists()
        made = self.book.make(app, access, today)
        if self.faults.makes_ghost(app, access, today):
            self.book.delete(made.id)
        return made

    def _request(self, request: Request, request_id: str, today: date) -> Answer:
        request.only((FIELDS[REQUESTS], FIELDS[LIST], *INCLUDING))
        found = self.lookup.request(request_id, today)
        return single(request, self._resource(request, found, today), included=_included(request, [found]))

    def _delete(self, _request: Request, request_id: str, today: date) -> Answer:
        self.book.delete(self.lookup.request(request_id, today).id)
        return Answer(HTTPStatus.NO_CONTENT, JSON_TYPE, b"")

    def _of_app(self, request: Request, apple_id: str, today: date) -> Answer:
        request.only((*PAGE_PARAMETERS, "filter[accessType]", FIELDS[REQUESTS], FIELDS[LIST], *INCLUDING))
        app = self.lookup.app(apple_id)
        found = self.book.of_app(app, choices(request, "filter[accessType]", ACCESS_TYPES), today)
        resources = [self._resource(request, one, today) for one in found]
        return paged(request, resources, _included(request, found))

    def _reports(self, request: Request, request_id: str, today: date) -> Answer:
        request.only((*PAGE_PARAMETERS, "filter[name]", "filter[category]", FIELDS[LIST]))
        found = self.lookup.request(request_id, today)
        names = choices(request, "filter[name]", tuple(REPORTS), strict=False)
        categories = choices(request, "filter[category]", CATEGORIES)
        reports = [report for report in REPORTS.values() if report.name in names and report.category in categories]
        return paged(request, [report_resource(request, found, report) for report in reports])

    def _report(self, request: Request, report_id: str, today: date) -> Answer:
        request.only((FIELDS[LIST],))
        return single(request, report_resource(request, *self.lookup.report(report_id, today)))

    def _instances(self, request: Request, report_id: str, today: date) -> Answer:
        request.only((*PAGE_PARAMETERS, "filter[granularity]", "filter[processingDate]", FIELDS[INSTANCES]))
        found, report = self.lookup.report(report_id, today)
        granularities = choices(request, "filter[granularity]", GRANULARITIES)
        days = processing_days(request)
        instances = [i for part in granularities for i in self.deliveries.instances(found, report, part, today)]
        return paged(request, [instance_resource(request, i) for i in instances if days is None or i.processed in days])

    def _instance(self, request: Request, instance_id: str, today: date) -> Answer:
        request.only((FIELDS[INSTANCES],))
        return single(request, instance_resource(request, self.lookup.instance(instance_id, today)))

    def _segments(self, request: Request, instance_id: str, today: date) -> Answer:
        request.only((*PAGE_PARAMETERS, FIELDS[SEGMENTS]))
        instance = self.lookup.instance(instance_id, today)
        files = enumerate(self.deliveries.segments(instance))
        return paged(request, [self._signed(request, Segment(instance, number, file)) for number, file in files])

    def _segment(self, request: Request, name: str, today: date) -> Answer:
        request.only((FIELDS[SEGMENTS],))
        return single(request, self._signed(request, self.lookup.segment(name, today)))

    def _signed(self, request: Request, segment: Segment) -> dict[str, object]:
        name = segment_id(segment.instance, segment.number)
        url = self.signer.url(request.storage, name, self.faults.is_expired(segment.instance))
        return segment_resource(request, name, segment.content, url)

    def _resource(self, request: Request, found: ReportRequest, today: date) -> dict[str, object]:
        return request_resource(request, found, self.deliveries.faults.stopped(found, today))


def _included(request: Request, found: list[ReportRequest]) -> list[dict[str, object]]:
    reports = list(REPORTS.values())[: included_reports(request)]
    return [report_resource(request, one, report) for one in found for report in reports]


def _path(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII)
