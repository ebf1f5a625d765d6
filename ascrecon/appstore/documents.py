"""Reads the bodies of answers in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from .error_bodies import read_error_body
from .errors import AppStoreError, Category
from .policy import Policy

CHUNK_BYTES = 65_536
LONGEST_ERROR_BODY = 65_536


def chunks(response: requests.Response, *, unpacked: bool) -> Iterator[bytes]:
    """The body as it arrives; with `unpacked` a Content-Encoding is undone, else the bytes are as sent.

    Raises urllib3's HTTPError where the body is cut or late.
    """
    yield from response.raw.stream(CHUNK_BYTES, decode_content=unpacked)


def read_start(response: requests.Response) -> tuple[bytes, bool]:
    """At most the first 64 KiB of a body, and whether it came whole: a cut page still says something."""
    body = b""
    try:
        for chunk in chunks(response, unpacked=True):
            body += chunk
            if len(body) >= LONGEST_ERROR_BODY:
                break
    except HTTPError:
        return body, False
    return body[:LONGEST_ERROR_BODY], True


def read_json(response: requests.Response, policy: Policy) -> dict[str, Any]:
    """The JSON object of a successful answer; AppStoreError where it is anything else."""
    body = bytearray()
    for chunk in chunks(response, unpacked=True):
        body += chunk
        if len(body) > policy.max_json_bytes:
            raise AppStoreError(
                category=Category.TOO_LARGE,
                message=f"The answer is larger than {policy.max_json_bytes} bytes.",
                status=response.status_code,
            )
    try:
        document = json.loads(bytes(body))
    except (ValueError, RecursionError):
        raise unexpected_body(response, bytes(body), "JSON", policy) from None
    if not isinstance(document, dict):
        raise unexpected_body(response, bytes(body), "a JSON object", policy)
    return document


def unexpected_body(response: requests.Response, body: bytes, wanted: str, policy: Policy) -> AppStoreError:
    """The error for a success whose body is something else, such as a login page."""
    said = read_error_body(body[:LONGEST_ERROR_BODY], response.headers, policy)
    kind = "an HTML page" if said.is_html else response.headers.get("Content-Type") or "something else"
    text = said.first.detail or said.text
    return AppStoreError(
        category=Category.UNEXPECTED_BODY,
        message=f"{wanted} was expected, but the answer is {kind}" + (f": {text[:200]}" if text else "."),
        status=response.status_code,
        code=said.first.code,
        request_id=said.request_id,
        correlation_key=said.correlation_key,
    )
