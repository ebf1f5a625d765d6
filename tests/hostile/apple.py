"""An Apple whose list of apps and whose refusals are made of harmful text, on a real socket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.hostile.apple_analytics import analytics
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
    """The address of the server; the list of apps and the analytics reports are answered, all else is refused."""

    def handle(request: Request) -> Response:
        told: Any = apps(text) if request.path == "/v1/apps" else None
        if request.method == "GET":
            told = told or analytics(request.path, text, address)
        if isinstance(told, bytes):
            return Response(told, 200, content_type="application/a-gzip")
        return answer(200, told) if told else answer(403, refusal(text))

    server = HTTPServer(host="127.0.0.1", port=0)
    server.expect_request(re.compile("/(v1|bytes)/.*")).respond_with_handler(handle)
    server.start()
    address = server.url_for("").rstrip("/")
    try:
        yield address
    finally:
        server.stop()
