"""The body of a POST that asks for reports, refused as Apple refuses bodies."""

from __future__ import annotations

import json

from ascrecon.simulator.analytics.requests import ACCESS_TYPES
from ascrecon.simulator.errors import invalid_attribute, invalid_body, invalid_related, unprocessable
from ascrecon.simulator.request import Request

KIND = "analyticsReportRequests"


def asked_for(request: Request) -> tuple[str, str]:
    """Access type and app id of a POST; 400 for no JSON, 422 for another shape, 409 for wrong values."""
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise invalid_body() from error
    data = _part(body, "data", "")
    if data.get("type") != KIND:
        raise invalid_attribute("/data/type", f"'{data.get('type')}' is not '{KIND}'")
    access = _part(data, "attributes", "/data").get("accessType")
    if access not in ACCESS_TYPES:
        raise invalid_attribute("/data/attributes/accessType", f"'{access}' is not a valid value")
    related = _part(_part(data, "relationships", "/data"), "app", "/data/relationships")
    app = _part(related, "data", "/data/relationships/app")
    if app.get("type") != "apps" or not isinstance(app.get("id"), str):
        raise invalid_related("/data/relationships/app", "The relationship 'app' does not name an app")
    return str(access), str(app["id"])


def _part(value: object, name: str, place: str) -> dict[str, object]:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise unprocessable(f"{place}/{name}")
    return found
