"""Takes the files of analytics reports from Apple's storage, without our token, and makes sure that they are whole."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy
from urllib3.exceptions import HTTPError

from .deadlines import total_limit
from .downloads import Download, save_download
from .errors import AppStoreError, Category
from .origins import is_loopback, origin_of
from .policy import Policy
from .transport import network_error

#: Answers of the storage host after which a fresh address helps: an old one is refused as 403, 400 or 404.
OLD_ADDRESS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})

#: Names of no public host (RFC 6761, RFC 6762, ICANN 2024).
INTERNAL_NAMES = (".localhost", ".local", ".internal", ".")


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of an instance. `checksum`: MD5 of the bytes as they are sent, in hexadecimal; `size` counts them.

    Source of both: the public client rorkai; Apple names only the attributes. Whoever has `url` can fetch the file
    while it is valid: it is used at once, and neither kept nor shown.
    """

    id: str
    checksum: str
    size: int | None
    url: str = field(repr=False)


def read_segment(resource: Mapping[str, Any]) -> Segment:
    """A segment as Apple's document has it."""
    attributes = resource.get("attributes")
    if not isinstance(attributes, dict) or not attributes.get("url"):
        raise AppStoreError(category=Category.UNEXPECTED_BODY, message="A segment has no address.")
    size = attributes.get("sizeInBytes")
    return Segment(
        id=str(resource.get("id")),
        checksum=str(attributes.get("checksum") or ""),
        size=size if isinstance(size, int) else None,
        url=str(attributes["url"]),
    )


class SegmentStore:
    """Downloads into `workdir`. `recovered` is told of a failure that a later try made good.

    An address is followed over https to a public host, and where the API itself is on this machine over http to this
    machine. No token is sent, no redirect is followed.
    """

    def __init__(
        self,
        workdir: Path,
        policy: Policy,
        *,
        is_local: bool,
        session: requests.Session,
        recovered: Callable[[list[AppStoreError]], None],
    ) -> None:
        self._workdir = workdir
        self._policy = policy
        self._is_local = is_local
        self._session = session
        self._recovered = recovered

    def download(self, segment: Segment, fresh: Callable[[str], Segment]) -> Download:
        """The whole file. After a refused address or a damaged file `fresh(id)` names the segment anew."""
        failures: list[AppStoreError] = []
        while True:
            try:
                found = self._take(segment)
            except AppStoreError as error:
                failures.append(error)
                error.method, error.path, error.attempts = "GET", _place(segment.url), len(failures)
                if not _may_work_again(error) or len(failures) >= self._policy.segment_tries:
                    raise
                segment = fresh(segment.id)
            else:
                self._recovered(failures)
                return found

    def _take(self, segment: Segment) -> Download:
        self._check_address(segment.url)
        try:
            with total_limit(self._policy.total_seconds), self._open(segment.url) as response:
                if response.status_code != HTTPStatus.OK:
                    raise _refusal(response)
                return save_download(response, self._workdir, self._policy, partial(_check, segment))
        except (requests.RequestException, HTTPError) as error:
            # Not chained: the library's error holds the whole address, and tracebacks are kept.
            raise network_error(error, self._policy) from None

    def _open(self, url: str) -> requests.Response:
        return self._session.get(
            url,
            auth=_NoToken(),
            timeout=(self._policy.connect_seconds, self._policy.read_seconds),
            allow_redirects=False,
            stream=True,
        )

    def _check_address(self, url: str) -> None:
        if self._is_local and is_loopback(url) and origin_of(url):
            return
        origin = origin_of(url)
        if origin is None or origin[0] != "https" or not self._is_public(url, origin[1]):
            message = f"A segment lies at {_place(url)}, which is no https address of a public host."
            raise AppStoreError(category=Category.REFUSED_ADDRESS, message=message)

    def _is_public(self, url: str, host: str) -> bool:
        """By a proxy the name is looked up there; only what the name itself says can be judged here."""
        numbers = _numbers(host)
        if numbers is not None:
            return numbers.is_global
        settings = self._session.merge_environment_settings(url, {}, None, None, None)
        if select_proxy(url, settings["proxies"]):
            return "." in host and not host.endswith(INTERNAL_NAMES)
        return all(ip_address(found).is_global for found in _addresses(host))


class _NoToken(requests.auth.AuthBase):
    """Keeps a .netrc file of the machine from adding a header: Apple's storage refuses any."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.pop("Authorization", None)
        return request


def _numbers(host: str) -> IPv4Address | IPv6Address | None:
    """The address that is written in numbers, also in the short and hexadecimal forms that resolvers take."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return ip_address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _addresses(host: str) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, 443, proto=socket.IPPROTO_TCP)]
    except (OSError, UnicodeError) as error:
        message = f"The host {host} of Apple's storage was not found."
        raise AppStoreError(category=Category.NETWORK, message=message) from error


def _refusal(response: requests.Response) -> AppStoreError:
    status = response.status_code
    if status in OLD_ADDRESS:
        message = "Apple's storage refused the address: it is valid for a few minutes only."
        return AppStoreError(category=Category.GONE, message=message, status=status)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        message = f"Apple's storage redirects to {_place(response.headers.get('Location', ''))}."
        return AppStoreError(category=Category.REFUSED_ADDRESS, message=message, status=status)
    return AppStoreError(category=Category.SERVER, message=f"Apple's storage answered {status}.", status=status)


def _may_work_again(error: AppStoreError) -> bool:
    return error.is_transient or error.category is Category.GONE


def _check(segment: Segment, path: Path) -> None:
    size = path.stat().st_size
    if segment.size is not None and size != segment.size:
        message = f"{size} bytes arrived where Apple named {segment.size}."
        raise AppStoreError(category=Category.TRUNCATED, message=message, status=HTTPStatus.OK)
    checksum = _md5(path)
    if segment.checksum and checksum != segment.checksum.lower():
        message = f"The file's check sum is {checksum} where Apple named {segment.checksum}."
        raise AppStoreError(category=Category.CHECKSUM, message=message, status=HTTPStatus.OK)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _place(url: str) -> str:
    """Host and path: the query is a key to the file."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.hostname or ''}{parts.path}"
