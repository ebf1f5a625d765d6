"""The Analytics Reports API: requests, reports, instances, segments. Reached by `AppStoreClient.analytics`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

from .downloads import Download
from .errors import AppStoreError, Category
from .paging import all_resources
from .policy import Policy
from .segments import Segment, SegmentStore, read_segment
from .transport import Transport

ONGOING, ONE_TIME_SNAPSHOT = "ONGOING", "ONE_TIME_SNAPSHOT"
Record = TypeVar("Record")
REQUESTS = "/v1/analyticsReportRequests"


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A report request. Apple tells neither its app nor when it was made."""

    id: str
    access_type: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """A report of a request. Names are open: Apple adds some without notice."""

    id: str
    name: str
    category: str


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """One delivery of a report: DAILY, WEEKLY or MONTHLY, made on `processing_date`."""

    id: str
    granularity: str
    processing_date: date


class AnalyticsApi:
    """One key's way to the analytics reports. Every failure is an AppStoreError.

    Source: Apple's OpenAPI 3.7.0. Ids are opaque text. A POST whose outcome is not known is not sent again: its error
    says so (`may_have_worked`), and the list shows what exists.
    """

    def __init__(self, transport: Transport, base_url: str, policy: Policy, store: SegmentStore) -> None:
        self._transport = transport
        self._base_url = base_url
        self._policy = policy
        self._store = store

    def requests_of(self, app_apple_id: int) -> list[RequestRecord]:
        """All report requests of an app, stopped ones too."""
        return self._all(f"/v1/apps/{app_apple_id}/analyticsReportRequests", _request)

    def create_request(self, app_apple_id: int, access_type: str) -> RequestRecord:
        """Ask for reports of an access type, ONGOING or ONE_TIME_SNAPSHOT. Needs an Admin key.

        AppStoreError with `already_exists`: there is one, which blocks another also when it is stopped or not listed
        (seen on Apple's forum). With `may_have_worked`: look in `requests_of` before asking again.
        """
        document = {
            "data": {
                "type": "analyticsReportRequests",
                "attributes": {"accessType": access_type},
                "relationships": {"app": {"data": {"type": "apps", "id": str(app_apple_id)}}},
            }
        }
        answer = self._transport.send("POST", self._base_url + REQUESTS, document)
        try:
            return _request(_resource(answer, REQUESTS))
        except AppStoreError as error:
            error.method, error.path = "POST", REQUESTS
            raise

    def request(self, request_id: str) -> RequestRecord | None:
        """One request; None where Apple does not know it."""
        path = f"{REQUESTS}/{_id(request_id)}"
        try:
            return _request(_resource(self._transport.get_json(self._base_url + path), path))
        except AppStoreError as error:
            if not error.is_unknown_id:
                raise
            return None

    def delete_request(self, request_id: str) -> None:
        """Delete a request; one that is gone already is no error."""
        try:
            self._transport.send("DELETE", f"{self._base_url}{REQUESTS}/{_id(request_id)}")
        except AppStoreError as error:
            if not error.is_unknown_id:
                raise

    def reports(self, request_id: str) -> list[ReportRecord]:
        """All reports of a request; the list is whole before any report has an instance."""
        return self._all(f"{REQUESTS}/{_id(request_id)}/reports", _report)

    def instances(
        self, report_id: str, *, granularity: str | None = None, processing_dates: Iterable[date] = ()
    ) -> list[InstanceRecord]:
        """The instances that Apple still keeps, of all granularities and days, or of those named."""
        days = ",".join(day.isoformat() for day in processing_dates)
        filters = {"filter[granularity]": granularity, "filter[processingDate]": days}
        named = {name: value for name, value in filters.items() if value}
        return self._all(f"/v1/analyticsReports/{_id(report_id)}/instances", _instance, named)

    def segments(self, instance_id: str) -> list[Segment]:
        """The files of an instance, each with an address that is valid for minutes: use it at once."""
        return self._all(f"/v1/analyticsReportInstances/{_id(instance_id)}/segments", read_segment)

    def download(self, segment: Segment) -> Download:
        """A segment's file, whole: its size and check sum are those that Apple named. It may take a fresh address."""
        return self._store.download(segment, self._fresh)

    def _fresh(self, segment_id: str) -> Segment:
        path = f"/v1/analyticsReportSegments/{_id(segment_id)}"
        return read_segment(_resource(self._transport.get_json(self._base_url + path), path))

    def _all(
        self, path: str, read: Callable[[Mapping[str, Any]], Record], params: Mapping[str, str] | None = None
    ) -> list[Record]:
        resources = all_resources(
            self._transport.get_json,
            self._base_url + path,
            {**(params or {}), "limit": str(self._policy.page_size)},
            max_pages=self._policy.max_pages,
        )
        return [read(resource) for resource in resources]


def _id(text: str) -> str:
    return quote(text, safe="")


def _resource(document: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    data = document.get("data")
    if not isinstance(data, dict):
        raise _unreadable(f"{path}: the answer has no resource in its member data.")
    return data


def _request(resource: Mapping[str, Any]) -> RequestRecord:
    attributes = _attributes(resource)
    stopped = attributes.get("stoppedDueToInactivity") is True
    return RequestRecord(str(resource["id"]), str(attributes.get("accessType") or ""), stopped)


def _report(resource: Mapping[str, Any]) -> ReportRecord:
    attributes = _attributes(resource)
    return ReportRecord(str(resource["id"]), str(attributes.get("name") or ""), str(attributes.get("category") or ""))


def _instance(resource: Mapping[str, Any]) -> InstanceRecord:
    attributes = _attributes(resource)
    try:
        made = date.fromisoformat(str(attributes.get("processingDate")))
    except ValueError:
        raise _unreadable(f"The instance {resource['id']} has no processing date that can be read.") from None
    return InstanceRecord(str(resource["id"]), str(attributes.get("granularity") or ""), made)


def _attributes(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    attributes = resource.get("attributes")
    if not isinstance(attributes, dict) or not resource.get("id"):
        raise _unreadable("A resource has no id or no attributes.")
    return attributes


def _unreadable(message: str) -> AppStoreError:
    return AppStoreError(category=Category.UNEXPECTED_BODY, message=message)
