"""Analytics reports of a hostile Apple: one of each family, every text in its file and its own name harmful."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable
from typing import Any

from reports.ingest.analytics_layouts import ANALYTICS_LAYOUTS, OTHER_LAYOUT
from reports.ingest.layouts import Cell, Column
from tests.hostile.payloads import hostile_short
from tests.make_files import DAY, NOTES

Text = Callable[[str], str]
#: In this order; the last one is a report that nobody described.
REPORTS = [*(name for name in ANALYTICS_LAYOUTS if name.endswith("Detailed")), hostile_short("report")]
REQUEST, SNAPSHOT = "ongoing", "snapshot"
#: The instance whose files Apple refuses.
REFUSED = 99
KEPT_AS_IT_CAME = "Some Column"


def analytics(path: str, text: Text, address: str) -> dict[str, Any] | bytes | None:
    """What Apple answers to a GET of `path`: a document, the bytes of a segment, or None for what it refuses."""
    if path == f"/v1/apps/{NOTES}/analyticsReportRequests":
        return _list(_request(REQUEST, "ONGOING"), _request(SNAPSHOT, "ONE_TIME_SNAPSHOT"))
    if path == f"/v1/analyticsReportRequests/{SNAPSHOT}/reports":
        return _list()
    if path == f"/v1/analyticsReportRequests/{REQUEST}/reports":
        return _list(*(_report(n, name, text) for n, name in enumerate(REPORTS)))
    kind, number = _asked(path)
    if kind == "instances":
        refused = [_instance(REFUSED, "2026-11-19")] * (number == 0)
        return _list(_instance(number, "2026-11-18"), *refused)
    if kind == "segments" and number != REFUSED:
        return _list(_segment(number, text, address))
    return _file(number, text) if kind == "bytes" else None


def _asked(path: str) -> tuple[str, int]:
    forms = {
        "instances": r"/v1/analyticsReports/(\d+)/instances",
        "segments": r"/v1/analyticsReportInstances/(\d+)/segments",
        "bytes": r"/bytes/(\d+)",
    }
    for kind, form in forms.items():
        if found := re.fullmatch(form, path):
            return kind, int(found[1])
    return "", 0


def _request(identity: str, access: str) -> dict[str, Any]:
    return _resource("analyticsReportRequests", identity, accessType=access, stoppedDueToInactivity=False)


def _instance(number: int, made_on: str) -> dict[str, Any]:
    return _resource("analyticsReportInstances", str(number), granularity="DAILY", processingDate=made_on)


def _report(number: int, name: str, text: Text) -> dict[str, Any]:
    return _resource("analyticsReports", str(number), name=name, category=hostile_short("category"))


def _segment(number: int, text: Text, address: str) -> dict[str, Any]:
    content = _file(number, text)
    checksum = hashlib.md5(content, usedforsecurity=False).hexdigest()
    url = f"{address}/bytes/{number}"
    return _resource("analyticsReportSegments", str(number), url=url, checksum=checksum, sizeInBytes=len(content))


def _file(number: int, text: Text) -> bytes:
    name = REPORTS[number]
    columns = ANALYTICS_LAYOUTS[name].columns if name in ANALYTICS_LAYOUTS else OTHER_LAYOUT.columns
    heading = [*(column.headers[0] for column in columns), KEPT_AS_IT_CAME]
    row = [*(_cell(column, text) for column in columns), text("analytics extra")]
    return gzip.compress("\n".join("\t".join(line) for line in (heading, row)).encode(), mtime=0)


def _cell(column: Column, text: Text) -> str:
    plain = {Cell.DAY: str(DAY), Cell.DAY_OR_BLANK: str(DAY), Cell.APPLE_ID: str(NOTES), Cell.TEXT: ""}
    return plain.get(column.cell, "5") or text(f"analytics {column.target}")


def _resource(kind: str, identity: str, **attributes: object) -> dict[str, Any]:
    return {"type": kind, "id": identity, "attributes": attributes}


def _list(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"data": list(resources), "links": {}}
