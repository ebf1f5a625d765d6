"""Reads whatever a refusal says: Apple's JSON, a gateway's HTML page, plain text, nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from .policy import Policy, load_policy

_CORRELATION_KEY = re.compile(r"Correlation Key:\s*([A-Z0-9]{20,32})")
_INVISIBLE = re.compile(r"<(script|style|head)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+|(?<=Bearer )\S+")
_LONGEST_TEXT = 500
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One member of `errors` in Apple's error document, nested ones (`meta.associatedErrors`) included.

    `associated_with` is the path that a nested error belongs to, else empty.
    Source: Apple's OpenAPI 3.7.0, ErrorResponse; `links.see` was seen on agreement errors by users.
    """

    id: str = ""
    status: str = ""
    code: str = ""
    title: str = ""
    detail: str = ""
    pointer: str = ""
    parameter: str = ""
    see: str = ""
    associated_with: str = ""
    associated: tuple[ErrorEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What a refusal said: `entries` of a JSON document, else `text` (500 characters at most, no tags)."""

    entries: tuple[ErrorEntry, ...] = ()
    text: str = ""
    is_html: bool = False
    request_id: str = ""
    correlation_key: str = ""

    @property
    def first(self) -> ErrorEntry:
        """The first error of the document, or an empty one."""
        return self.entries[0] if self.entries else ErrorEntry()

    @property
    def words(self) -> str:
        """All that was said, in lower case, to look for known phrases."""
        said = [f"{entry.title} {entry.detail}" for entry in self.entries] or [self.text]
        return " ".join(said).casefold()


def read_error_body(body: bytes, headers: Mapping[str, str], policy: Policy | None = None) -> ErrorBody:
    """Never fails: what cannot be read as JSON or HTML is kept as text.

    The Content-Type is not trusted, since gateways answer HTML under any type. Header names are compared
    without regard to case. Source of the page with a Correlation Key: forum thread of 2025-12-10.
    """
    rules = policy or load_policy()
    text = body.decode("utf-8", errors="replace")
    lowered = {name.casefold(): value for name, value in headers.items()}
    entries = _entries(text)
    key = _CORRELATION_KEY.search(text)
    return ErrorBody(
        entries=entries,
        text="" if entries else redact(_visible(text)),
        is_html=looks_like_html(body),
        request_id=(entries[0].id if entries else "") or _first(lowered, rules.request_id_headers),
        correlation_key=key.group(1) if key else _first(lowered, rules.correlation_headers),
    )


def looks_like_html(body: bytes) -> bool:
    """True where the first visible character opens a tag."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def redact(text: str) -> str:
    """The text without anything that looks like a token, should a proxy echo our request."""
    return _TOKEN.sub("[token]", text)


def _visible(text: str) -> str:
    plain = _TAG.sub(" ", _INVISIBLE.sub(" ", text)) if text.lstrip().startswith("<") else text
    return " ".join(unescape(plain).split())[:_LONGEST_TEXT]


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if headers.get(name)), "")


def _entries(text: str) -> tuple[ErrorEntry, ...]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(document, dict):
        return ()
    if isinstance(document.get("errorCode"), int):
        return (_server_entry(document),)
    return tuple(_each(document.get("errors")))


def _server_entry(document: dict[str, Any]) -> ErrorEntry:
    """The one error of the App Store Server API. Source: Apple documentation, Error codes of that API."""
    return ErrorEntry(code=str(document["errorCode"]), detail=_text(document.get("errorMessage")))


def _each(errors: object, associated_with: str = "", depth: int = 0) -> Iterator[ErrorEntry]:
    if not isinstance(errors, list) or depth > _DEEPEST:
        return
    for error in errors:
        if isinstance(error, dict):
            yield _entry(error, associated_with, depth)


def _entry(error: dict[str, Any], associated_with: str, depth: int) -> ErrorEntry:
    source, links, meta = (_object(error.get(name)) for name in ("source", "links", "meta"))
    nested = _object(meta.get("associatedErrors"))
    return ErrorEntry(
        id=_text(error.get("id")),
        status=_text(error.get("status")),
        code=_text(error.get("code")),
        title=_text(error.get("title")),
        detail=_text(error.get("detail")),
        pointer=_text(source.get("pointer")),
        parameter=_text(source.get("parameter")),
        see=_text(links.get("see")),
        associated_with=associated_with,
        associated=tuple(entry for path, errors in nested.items() for entry in _each(errors, path, depth + 1)),
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return redact(value) if isinstance(value, str) else ""
