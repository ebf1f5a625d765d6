"""Which addresses the client talks to, and how an address is written down without secrets."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_READABLE_PARAMETERS = ("filter[", "fields[", "limit", "include", "sort")

Origin = tuple[str, str, int]


def check_base_url(url: str) -> str:
    """The base address without a trailing slash; ValueError in plain words where it must not be used.

    https everywhere; http only on a loopback address, where the simulator listens.
    """
    parts = _split(url)
    if parts is None or not parts.hostname or parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"{url!r} is not an address such as https://host.example.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("The base address has no user name, password, query or fragment.")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError(f"{url!r} must begin with https: http is allowed on a loopback address only.")
    return url.rstrip("/")


def origin_of(url: str) -> Origin | None:
    """Scheme, host and port; None where the text is no http or https address or names a user."""
    parts = _split(url)
    if parts is None or not parts.hostname or parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname.lower(), parts.port or _DEFAULT_PORTS[parts.scheme]


def is_loopback(url: str) -> bool:
    """True for localhost and for loopback addresses written as numbers. No name is looked up."""
    parts = _split(url)
    host = (parts.hostname or "") if parts else ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def printable_path(url: str) -> str:
    """Path and query for logs and messages: the values of filters stay, any other value (cursor) goes."""
    parts = _split(url)
    if parts is None:
        return "(an address that cannot be read)"
    shown = [
        f"{name}={value if name.startswith(_READABLE_PARAMETERS) else '...'}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return parts.path + ("?" + "&".join(shown) if shown else "")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (a port that is no number shows only here)
    except ValueError:
        return None
    return parts
