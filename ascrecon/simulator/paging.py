"""Lists in pages, as every list of the API has them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from urllib.parse import urlencode

from ascrecon.simulator.errors import JSON_TYPE, Answer, invalid_parameter
from ascrecon.simulator.request import Request

PAGE_PARAMETERS = ("limit", "cursor")
DEFAULT_LIMIT = 50
HIGHEST_LIMIT = 200


def paged(
    request: Request, resources: Sequence[dict[str, object]], included: Sequence[dict[str, object]] = ()
) -> Answer:
    """One page of resources; `links.next` stands while more follow."""
    limit, start = _limit(request), _start(request)
    more = start + limit < len(resources)
    document: dict[str, object] = {
        "data": resources[start : start + limit],
        "links": _links(request, start + limit if more else None),
        "meta": {"paging": {"total": len(resources), "limit": limit}},
    }
    if included:
        document["included"] = list(included)
    return Answer(200, JSON_TYPE, json.dumps(document).encode())


def single(
    request: Request, resource: dict[str, object], status: int = 200, included: Sequence[dict[str, object]] = ()
) -> Answer:
    """The document of one resource."""
    document: dict[str, object] = {"data": resource, "links": {"self": _self_link(request)}}
    if included:
        document["included"] = list(included)
    return Answer(status, JSON_TYPE, json.dumps(document).encode())


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


def _self_link(request: Request) -> str:
    url = f"{request.origin}{request.path}"
    return f"{url}?{urlencode(request.query)}" if request.query else url


def _links(request: Request, next_start: int | None) -> dict[str, str]:
    links = {"self": _self_link(request)}
    if next_start is not None:
        cursor = base64.urlsafe_b64encode(str(next_start).encode()).decode()
        links["next"] = f"{request.origin}{request.path}?{urlencode({**request.query, 'cursor': cursor})}"
    return links
