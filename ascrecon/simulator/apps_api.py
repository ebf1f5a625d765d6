"""GET /v1/apps: the team's apps in pages."""

from __future__ import annotations

import base64
import binascii
import json
from urllib.parse import urlencode

from ascrecon.simulator.errors import JSON_TYPE, Answer, invalid_parameter
from ascrecon.simulator.request import Request
from ascrecon.simulator.scenario import App, Scenario

PARAMETERS = ("limit", "cursor", "fields[apps]", "filter[bundleId]", "filter[sku]", "filter[id]", "sort")
DEFAULT_LIMIT = 50
HIGHEST_LIMIT = 200


def list_apps(scenario: Scenario, request: Request) -> Answer:
    """One page of apps; `links.next` stands while more follow."""
    request.only(PARAMETERS)
    limit, start = _limit(request), _start(request)
    apps = [app for app in scenario.apps if _wanted(app, request)]
    page = apps[start : start + limit]
    more = start + limit < len(apps)
    document = {
        "data": [_resource(app, request) for app in page],
        "links": _links(request, start + limit if more else None),
        "meta": {"paging": {"total": len(apps), "limit": limit}},
    }
    return Answer(200, JSON_TYPE, json.dumps(document).encode())


def _limit(request: Request) -> int:
    value = request.query.get("limit", str(DEFAULT_LIMIT))
    if value.isdecimal() and 1 <= int(value) <= HIGHEST_LIMIT:
        return int(value)
    raise invalid_parameter("limit", f"'{value}' is not a number from 1 to {HIGHEST_LIMIT}")


def _start(request: Request) -> int:
    cursor = request.query.get("cursor")
    if cursor is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor))
    except (ValueError, binascii.Error) as error:
        raise invalid_parameter("cursor", f"'{cursor}' is not a valid cursor") from error


def _wanted(app: App, request: Request) -> bool:
    filters = {"bundleId": app.bundle_id, "sku": app.sku, "id": str(app.apple_id)}
    asked = {name: request.query.get(f"filter[{name}]", value) for name, value in filters.items()}
    return all(value in asked[name].split(",") for name, value in filters.items())


def _resource(app: App, request: Request) -> dict[str, object]:
    attributes = {"name": app.name, "bundleId": app.bundle_id, "sku": app.sku, "primaryLocale": "en-US"}
    fields = request.query.get("fields[apps]")
    if fields is not None:
        attributes = {name: value for name, value in attributes.items() if name in fields.split(",")}
    link = f"{request.origin}/v1/apps/{app.apple_id}"
    return {"type": "apps", "id": str(app.apple_id), "attributes": attributes, "links": {"self": link}}


def _links(request: Request, next_start: int | None) -> dict[str, str]:
    url = f"{request.origin}{request.path}"
    links = {"self": f"{url}?{urlencode(request.query)}" if request.query else url}
    if next_start is not None:
        cursor = base64.urlsafe_b64encode(str(next_start).encode()).decode()
        links["next"] = f"{url}?{urlencode({**request.query, 'cursor': cursor})}"
    return links
