"""Asking for analytics reports as a client does: request, report, instances, segments, files."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import date
from hashlib import md5
from typing import Any

import requests

from ascrecon.simulator import Simulator
from tests.simulator.asking import ask, table

Resource = Mapping[str, Any]


def data(response: requests.Response) -> Any:
    assert response.status_code in {200, 201}, response.text
    return response.json()["data"]


def post(simulator: Simulator, apple_id: int, access: str, **changes: Any) -> requests.Response:
    body = {
        "data": {
            "type": "analyticsReportRequests",
            "attributes": {"accessType": access},
            "relationships": {"app": {"data": {"type": "apps", "id": str(apple_id)}}},
            **changes,
        }
    }
    return ask(simulator, "/v1/analyticsReportRequests", method="POST", body=body)


def request_of(simulator: Simulator, apple_id: int, access: str = "ONGOING") -> Resource:
    query = {"filter[accessType]": access}
    (found,) = data(ask(simulator, f"/v1/apps/{apple_id}/analyticsReportRequests", query))
    return dict(found)


def report_of(simulator: Simulator, apple_id: int, name: str, access: str = "ONGOING") -> Resource:
    request = request_of(simulator, apple_id, access)
    path = f"/v1/analyticsReportRequests/{request['id']}/reports"
    (found,) = data(ask(simulator, path, {"filter[name]": name}))
    return dict(found)


def instances_of(
    simulator: Simulator, apple_id: int, name: str, granularity: str = "DAILY", access: str = "ONGOING"
) -> dict[str, Resource]:
    """Instances by processing date; two of one date are refused here."""
    report = report_of(simulator, apple_id, name, access)
    query = {"filter[granularity]": granularity, "limit": "200"}
    found = data(ask(simulator, f"/v1/analyticsReports/{report['id']}/instances", query))
    by_date = {instance["attributes"]["processingDate"]: instance for instance in found}
    assert len(by_date) == len(found)
    return by_date


def segments_of(simulator: Simulator, instance: Resource) -> list[Resource]:
    found = data(ask(simulator, f"/v1/analyticsReportInstances/{instance['id']}/segments", {"limit": "200"}))
    return list(found)


def text_of_segment(segment: Resource) -> str:
    """A segment's text; its size and checksum are those of the gzip file."""
    response = requests.get(segment["attributes"]["url"], timeout=10)
    assert response.status_code == 200, response.text
    assert len(response.content) == segment["attributes"]["sizeInBytes"]
    assert md5(response.content, usedforsecurity=False).hexdigest() == segment["attributes"]["checksum"]
    return gzip.decompress(response.content).decode()


def rows_of(simulator: Simulator, instance: Resource) -> list[dict[str, str]]:
    texts = [text_of_segment(segment) for segment in segments_of(simulator, instance)]
    return [row for text in texts for row in table(text)]


def daily(simulator: Simulator, apple_id: int, name: str, processed: str) -> list[dict[str, str]]:
    """The rows of the DAILY instance of one processing date."""
    return rows_of(simulator, instances_of(simulator, apple_id, name)[processed])


def of_date(rows: list[dict[str, str]], day: date) -> list[dict[str, str]]:
    return [row for row in rows if row["Date"] == day.isoformat()]
