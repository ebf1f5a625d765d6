"""One deadline for a whole HTTP exchange, also against a server that sends a byte now and then.

The read time limit of requests starts anew with every byte. Here each read from the socket gets no more
time than is left of the whole, for headers and body alike. Looking up a host name cannot be limited.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ends_at: ContextVar[float | None] = ContextVar("_ends_at", default=None)


@contextmanager
def total_limit(seconds: float) -> Iterator[None]:
    """Every exchange begun within the block must be over, body included, `seconds` after the block began."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


class _LimitedReader(io.RawIOBase):
    """Reads from a socket with the time that is left; TimeoutError when none is."""

    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._ends_at = ends_at
        self._pause = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole answer is over")
        self._sock.settimeout(left if self._pause is None else min(left, self._pause))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _LimitedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        ends_at = _ends_at.get()
        if ends_at is not None:
            self.fp.close()
            self.fp = io.BufferedReader(_LimitedReader(sock, ends_at))


class _LimitedConnection(HTTPConnection):
    response_class = _LimitedResponse


class _LimitedSecureConnection(HTTPSConnection):
    response_class = _LimitedResponse


class _LimitedPool(HTTPConnectionPool):
    ConnectionCls = _LimitedConnection


class _LimitedSecurePool(HTTPSConnectionPool):
    ConnectionCls = _LimitedSecureConnection


_POOLS = {"http": _LimitedPool, "https": _LimitedSecurePool}


class DeadlineAdapter(HTTPAdapter):
    """A requests adapter whose exchanges keep to `total_limit`, with and without a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
