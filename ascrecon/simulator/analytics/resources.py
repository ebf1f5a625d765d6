"""The four resources of the Analytics Reports API as JSON:API objects."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5

from ascrecon.simulator.analytics.catalogue import Report
from ascrecon.simulator.analytics.ids import instance_id, report_id
from ascrecon.simulator.analytics.instance import Instance
from ascrecon.simulator.analytics.requests import ReportRequest
from ascrecon.simulator.request import Request


def request_resource(request: Request, found: ReportRequest, stopped: bool) -> dict[str, object]:
    attributes = {"accessType": found.access, "stoppedDueToInactivity": stopped}
    return _resource(request, "analyticsReportRequests", found.id, attributes, "reports")


def report_resource(request: Request, found: ReportRequest, report: Report) -> dict[str, object]:
    attributes = {"name": report.name, "category": report.category}
    return _resource(request, "analyticsReports", report_id(found.id, report), attributes, "instances")


def instance_resource(request: Request, instance: Instance) -> dict[str, object]:
    attributes = {"granularity": instance.granularity, "processingDate": instance.processed.isoformat()}
    return _resource(request, "analyticsReportInstances", instance_id(instance), attributes, "segments")


def segment_resource(request: Request, segment_id: str, content: bytes, url: str) -> dict[str, object]:
    """`checksum` and `sizeInBytes` are those of the gzip file, not of its text."""
    checksum = md5(content, usedforsecurity=False).hexdigest()
    attributes = {"checksum": checksum, "sizeInBytes": len(content), "url": url}
    return _resource(request, "analyticsReportSegments", segment_id, attributes, None)


def _resource(
    request: Request, kind: str, resource_id: str, attributes: Mapping[str, object], related: str | None
) -> dict[str, object]:
    link = f"{request.origin}/v1/{kind}/{resource_id}"
    wanted = request.query.get(f"fields[{kind}]")
    fields = None if wanted is None else wanted.split(",")
    found: dict[str, object] = {"type": kind, "id": resource_id}
    found["attributes"] = {name: value for name, value in attributes.items() if fields is None or name in fields}
    if related and (fields is None or related in fields):
        links = {"self": f"{link}/relationships/{related}", "related": f"{link}/{related}"}
        found["relationships"] = {related: {"links": links}}
    return {**found, "links": {"self": link}}
