"""One request as the API sees it, with its parameters read the way Apple reads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from ascrecon.simulator.errors import illegal_parameter, missing_parameter


@dataclass(frozen=True)
class Request:
    """Method, path, parameters and body.

    Links start with `origin` (`http://127.0.0.1:8000`), URLs of segments with `storage`.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    origin: str
    storage: str = ""
    body: bytes = b""

    def only(self, known: Collection[str]) -> None:
        """400 for a parameter that the endpoint does not know."""
        for name in self.query:
            if name not in known:
                raise illegal_parameter(name)

    def required(self, name: str) -> str:
        """A parameter's value; 400 where it is missing or empty."""
        value = self.query.get(name, "")
        if not value:
            raise missing_parameter(name)
        return value


def request_of(
    method: str, target: str, headers: Mapping[str, str], origin: str, storage: str = "", body: bytes = b""
) -> Request:
    """A request from its request line; brackets may come raw or as %5B %5D."""
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Request(method, parts.path, query, {k.lower(): v for k, v in headers.items()}, origin, storage, body)
