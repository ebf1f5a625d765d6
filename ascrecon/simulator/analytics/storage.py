"""The host that keeps the segments: signed URLs that expire, XML errors, no token wanted."""

from __future__ import annotations

import hmac
import secrets
import time
from hashlib import sha256
from urllib.parse import urlencode

from ascrecon.simulator.errors import Answer
from ascrecon.simulator.request import Request

GZIP_FILE = "application/x-gzip"
XML_TYPE = "application/xml"
ENDING = ".txt.gz"


class Signer:
    """Makes the URLs of segments and knows its own again. Seconds are the machine's real ones."""

    def __init__(self, lifetime: int) -> None:
        self._secret = secrets.token_bytes(32)
        self._lifetime = lifetime

    def url(self, origin: str, segment_id: str, expired: bool = False) -> str:
        """A URL that works for some minutes, or one that has stopped to work."""
        expires = int(time.time()) + (-1 if expired else self._lifetime)
        query = {"Expires": expires, "Signature": self._signature(segment_id, str(expires))}
        return f"{origin}/{segment_id}{ENDING}?{urlencode(query)}"

    def segment_of(self, request: Request) -> str | None:
        """The segment that a URL names; None for one that was altered or has expired."""
        segment_id = request.path.removeprefix("/").removesuffix(ENDING)
        expires = request.query.get("Expires", "")
        signature = self._signature(segment_id, expires)
        if not hmac.compare_digest(signature, request.query.get("Signature", "")):
            return None
        return segment_id if time.time() < int(expires) else None

    def _signature(self, segment_id: str, expires: str) -> str:
        return hmac.new(self._secret, f"{segment_id}\n{expires}".encode(), sha256).hexdigest()


def segment_file(content: bytes) -> Answer:
    return Answer(200, GZIP_FILE, content)


def expired() -> Answer:
    return _xml(403, "AccessDenied", "Request has expired")


def token_unwanted() -> Answer:
    return _xml(400, "InvalidArgument", "Only one auth mechanism allowed; the Authorization header must not be sent")


def no_such_key() -> Answer:
    return _xml(404, "NoSuchKey", "The specified key does not exist.")


def _xml(status: int, code: str, message: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status, XML_TYPE, text.encode())
