"""An Apple whose list of apps and whose refusals are made of harmful text, on a real socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.hostile.payloads import hostile, hostile_short
from tests.make_files import NOTES

Text = Callable[[str], str]


def answer(status: int, document: dict[str, Any]) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")


def apps(text: Text) -> dict[str, Any]:
    names = {"name": text("app name"), "sku": text("app sku"), "bundleId": text("bundle id")}
    return {"data": [{"type": "apps", "id": str(NOTES), "attributes": names}], "links": {}}


def refusal(text: Text) -> dict[str, Any]:
    return {
        "errors": [
            {
                "id": hostile_short("request id"),
                "status": "403",
                "code": hostile_short("code"),
                "title": text("apple title"),
                "detail": text("apple detail"),
                "source": {"pointer": hostile_short("pointer")},
                "links": {"see": text("see")},
            }
        ]
    }


@contextmanager
def hostile_apple(text: Text = hostile) -> Iterator[str]:
    """The address of the server; the list of apps is answered, everything else is refused."""

    def handle(request: Request) -> Response:
        return answer(200, apps(text)) if request.path == "/v1/apps" else answer(403, refusal(text))

    server = HTTPServer(host="127.0.0.1", port=0)
    server.expect_request("/v1/apps").respond_with_handler(handle)
    for path in ("/v1/salesReports", "/v1/financeReports", f"/v1/apps/{NOTES}/analyticsReportRequests"):
        server.expect_request(path).respond_with_handler(handle)
    server.start()
    try:
        yield server.url_for("").rstrip("/")
    finally:
        server.stop()
