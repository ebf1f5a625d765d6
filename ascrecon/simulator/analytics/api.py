"""The endpoints of the Analytics Reports API: requests, reports, instances, segments."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import TypeAlias

from ascrecon.simulator.analytics.bodies import asked_for
from ascrecon.simulator.analytics.call_faults import CallFaults
from ascrecon.simulator.analytics.catalogue import GRANULARITIES, REPORTS, Report
from ascrecon.simulator.analytics.ids import read_instance_id, read_report_id, read_segment_id, segment_id
from ascrecon.simulator.analytics.instance import Instance
from ascrecon.simulator.analytics.instances import Deliveries
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
    entity_exists,
    invalid_parameter,
    invalid_related,
    method_not_allowed,
    no_resource,
    unknown_path,
    unsupported_type,
)
from ascrecon.simulator.paging import PAGE_PARAMETERS, paged, self_link
from ascrecon.simulator.reading import DAY
from ascrecon.simulator.request import Request
from ascrecon.simulator.scenario import App
from ascrecon.simulator.tokens import ADMIN_ROLES, ANALYTICS_ROLES, allow_role
from ascrecon.simulator.truth import Truth

Handler: TypeAlias = Callable[[Request, str, date], Answer]
REQUESTS, LIST, SEGMENTS = "analyticsReportRequests", "analyticsReports", "analyticsReportSegments"
INSTANCES = "analyticsReportInstances"
INCLUDED_LIMIT = 50
FIELDS = {kind: f"fields[{kind}]" for kind in (REQUESTS, LIST, INSTANCES, SEGMENTS)}
INCLUDING = ("include", "limit[reports]")


class AnalyticsApi:
    """Requests that were made, and the instances and files that follow from them."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.book = RequestBook(truth.scenario)
        self.deliveries = Deliveries(truth)
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
        found = self._found_segment(name, today) if name else None
        if name is None:
            return expired()
        return segment_file(self.faults.spoiled(found[0], found[2])) if found else no_such_key()

    def _create(self, request: Request, _part: str, today: date) -> Answer:
        if "json" not in request.headers.get("content-type", ""):
            raise unsupported_type()
        access, apple_id = asked_for(request)
        app = self._known_app(apple_id)
        if app is None:
            raise invalid_related("/data/relationships/app", no_resource("apps", apple_id).detail)
        if self.faults.refuses(app, today):
            raise method_not_allowed()
        # A stopped request is in the way as well, until somebody deletes it.
        if self.book.of_app(app, (access,), today) or self.faults.in_the_way(app, access):
            raise entity_exists()
        made = self.book.make(app, access, today)
        if self.faults.makes_ghost(app, access, today):
            self.book.delete(made.id)
        return self._one(request, self._resource(request, made, today), HTTPStatus.CREATED)

    def _request(self, request: Request, request_id: str, today: date) -> Answer:
        request.only((FIELDS[REQUESTS], FIELDS[LIST], *INCLUDING))
        found = self._found_request(request_id, today)
        return self._one(request, self._resource(request, found, today), included=self._included(request, [found]))

    def _delete(self, request: Request, request_id: str, today: date) -> Answer:
        self._found_request(request_id, today)
        self.book.delete(request_id)
        return Answer(HTTPStatus.NO_CONTENT, JSON_TYPE, b"")

    def _of_app(self, request: Request, apple_id: str, today: date) -> Answer:
        request.only((*PAGE_PARAMETERS, "filter[accessType]", FIELDS[REQUESTS], FIELDS[LIST], *INCLUDING))
        app = self._known_app(apple_id)
        if app is None:
            raise no_resource("apps", apple_id)
        found = self.book.of_app(app, _choices(request, "filter[accessType]", ACCESS_TYPES), today)
        resources = [self._resource(request, one, today) for one in found]
        return paged(request, resources, self._included(request, found))

    def _reports(self, request: Request, request_id: str, today: date) -> Answer:
        request.only((*PAGE_PARAMETERS, "filter[name]", "filter[category]", FIELDS[LIST]))
        found = self._found_request(request_id, today)
        names = _choices(request, "filter[name]", tuple(REPORTS), strict=False)
        categories = _choices(request, "filter[category]", tuple({report.category for report in REPORTS.values()}))
        reports = [report for report in REPORTS.values() if report.name in names and report.category in categories]
        return paged(request, [report_resource(request, found, report) for report in reports])

    def _report(self, request: Request, report_id: str, today: date) -> Answer:
        request.only((FIELDS[LIST],))
        return self._one(request, report_resource(request, *self._found_report(report_id, today)))

    def _instances(self, request: Request, report_id: str, today: date) -> Answer:
        request.only((*PAGE_PARAMETERS, "filter[granularity]", "filter[processingDate]", FIELDS[INSTANCES]))
        found, report = self._found_report(report_id, today)
        granularities = _choices(request, "filter[granularity]", GRANULARITIES)
        days = _days(request)
        instances = [i for part in granularities for i in self.deliveries.instances(found, report, part, today)]
        return paged(request, [instance_resource(request, i) for i in instances if days is None or i.processed in days])

    def _instance(self, request: Request, instance_id: str, today: date) -> Answer:
        request.only((FIELDS[INSTANCES],))
        return self._one(request, instance_resource(request, self._found_instance(instance_id, today)))

    def _segments(self, request: Request, instance_id: str, today: date) -> Answer:
        request.only((*PAGE_PARAMETERS, FIELDS[SEGMENTS]))
        instance = self._found_instance(instance_id, today)
        files = enumerate(self.deliveries.segments(instance))
        return paged(request, [self._signed(request, instance, number, file) for number, file in files])

    def _segment(self, request: Request, name: str, today: date) -> Answer:
        request.only((FIELDS[SEGMENTS],))
        found = self._found_segment(name, today)
        if found is None:
            raise no_resource(SEGMENTS, name)
        return self._one(request, self._signed(request, *found))

    def _signed(self, request: Request, instance: Instance, number: int, content: bytes) -> dict[str, object]:
        name, is_expired = segment_id(instance, number), self.faults.is_expired(instance)
        return segment_resource(request, name, content, self.signer.url(request.storage, name, is_expired))

    def _resource(self, request: Request, found: ReportRequest, today: date) -> dict[str, object]:
        return request_resource(request, found, self.deliveries.faults.stopped(found, today))

    def _included(self, request: Request, found: list[ReportRequest]) -> list[dict[str, object]]:
        if request.query.get("include") != "reports":
            return []
        limit = request.query.get("limit[reports]", str(INCLUDED_LIMIT))
        if not limit.isdecimal() or not 1 <= int(limit) <= INCLUDED_LIMIT:
            raise invalid_parameter("limit[reports]", f"'{limit}' is not a number from 1 to {INCLUDED_LIMIT}")
        reports = list(REPORTS.values())[: int(limit)]
        return [report_resource(request, one, report) for one in found for report in reports]

    def _one(
        self,
        request: Request,
        resource: dict[str, object],
        status: int = HTTPStatus.OK,
        included: list[dict[str, object]] | None = None,
    ) -> Answer:
        document = {"data": resource, "links": {"self": self_link(request)}}
        if included:
            document["included"] = included
        return Answer(status, JSON_TYPE, json.dumps(document).encode())

    def _known_app(self, apple_id: str) -> App | None:
        return next((app for app in self.truth.scenario.apps if str(app.apple_id) == apple_id), None)

    def _found_request(self, request_id: str, today: date) -> ReportRequest:
        found = self.book.get(request_id, today)
        if found is None:
            raise no_resource(REQUESTS, request_id)
        return found

    def _found_report(self, report_id: str, today: date) -> tuple[ReportRequest, Report]:
        parts = read_report_id(report_id)
        found = self.book.get(parts[0], today) if parts else None
        if parts is None or found is None:
            raise no_resource(LIST, report_id)
        return found, parts[1]

    def _found_instance(self, instance_id: str, today: date) -> Instance:
        instance = self._instance_of(instance_id, today)
        if instance is None:
            raise no_resource(INSTANCES, instance_id)
        return instance

    def _instance_of(self, instance_id: str, today: date) -> Instance | None:
        parts = read_instance_id(instance_id)
        found = self.book.get(parts[0], today) if parts else None
        if parts is None or found is None:
            return None
        instance = Instance(found, *parts[1:])
        return instance if self.deliveries.has(instance, today) else None

    def _found_segment(self, name: str, today: date) -> tuple[Instance, int, bytes] | None:
        parts = read_segment_id(name)
        instance = self._instance_of(parts[1], today) if parts else None
        if parts is None or instance is None:
            return None
        files = self.deliveries.segments(instance)
        return (instance, parts[0], files[parts[0]]) if parts[0] < len(files) else None


def _path(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII)


def _choices(request: Request, name: str, known: tuple[str, ...], strict: bool = True) -> tuple[str, ...]:
    """Values of a filter, all known ones without it; unknown ones are 400, or (not strict) find nothing."""
    if name not in request.query:
        return known
    values = tuple(request.query[name].split(","))
    for value in values:
        if strict and value not in known:
            raise invalid_parameter(name, f"'{value}' is not a valid filter value")
    return values


def _days(request: Request) -> set[date] | None:
    text = request.query.get("filter[processingDate]")
    if text is None:
        return None
    try:
        return {_day(part) for part in text.split(",")}
    except ValueError as error:
        raise invalid_parameter("filter[processingDate]", f"'{text}' is not a valid date") from error


def _day(text: str) -> date:
    if not DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)
