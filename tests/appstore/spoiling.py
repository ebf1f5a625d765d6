"""Answers that were spoiled on their way, by seed, and a server of bare sockets that sends them."""

from __future__ import annotations

import gzip
import random
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.request import Request, urlopen

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
ELSEWHERE = "http://reports.example.net/file.gz"


@dataclass(frozen=True)
class Spoiled:
    """What goes over the wire instead of a good file. `length` is the Content-Length that is claimed, if any."""

    body: bytes
    length: int | None = None
    status: str = "200 OK"
    kind: str = "application/a-gzip"
    location: str = ""

    @property
    def wire(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status}", f"Content-Type: {self.kind}", "Connection: close"]
        lines += [f"Content-Length: {self.length}"] if self.length is not None else []
        lines += [f"Location: {self.location}"] if self.location else []
        return "\r\n".join([*lines, "", ""]).encode() + self.body


Spoil = Callable[[bytes, random.Random], Spoiled]


def two_members(packed: bytes, rng: random.Random) -> tuple[bytes, bytes]:
    """The same text in two gzip members, parted anywhere."""
    text = gzip.decompress(packed)
    at = rng.randrange(1, len(text))
    return gzip.compress(text[:at], mtime=0), gzip.compress(text[at:], mtime=0)


def _cut(packed: bytes, rng: random.Random) -> Spoiled:
    return Spoiled(packed[: rng.randrange(len(packed))])


def _cut_of_length(packed: bytes, rng: random.Random) -> Spoiled:
    return Spoiled(packed[: rng.randrange(len(packed))], length=len(packed))


def _flipped(packed: bytes, rng: random.Random) -> Spoiled:
    # From byte 10 on: those before are gzip's own header, of which the time says nothing about the content.
    while True:
        at, bit = rng.randrange(10, len(packed)), 1 << rng.randrange(8)
        damaged = packed[:at] + bytes([packed[at] ^ bit]) + packed[at + 1 :]
        if not _says_the_same(damaged, packed):
            return Spoiled(damaged, length=len(damaged))


def _says_the_same(damaged: bytes, packed: bytes) -> bool:
    """The last byte of the packed data is filled up with bits that mean nothing."""
    try:
        return gzip.decompress(damaged) == gzip.decompress(packed)
    except (EOFError, OSError, zlib.error):
        return False


def _too_long_announced(packed: bytes, rng: random.Random) -> Spoiled:
    return Spoiled(packed, length=len(packed) + rng.randrange(1, 5000))


def _too_short_announced(packed: bytes, rng: random.Random) -> Spoiled:
    return Spoiled(packed, length=rng.randrange(len(packed)))


def _without_trailer(packed: bytes, rng: random.Random) -> Spoiled:
    return Spoiled(packed[:-8], length=len(packed) - 8)


def _cut_in_second_member(packed: bytes, rng: random.Random) -> Spoiled:
    first, second = two_members(packed, rng)
    body = first + second[: rng.randrange(1, len(second))]
    return Spoiled(body, length=len(body))


def _flipped_in_second_member(packed: bytes, rng: random.Random) -> Spoiled:
    first, second = two_members(packed, rng)
    return Spoiled(first + _flipped(second, rng).body)


def _followed_by_rubbish(packed: bytes, rng: random.Random) -> Spoiled:
    body = packed + bytes(rng.randrange(1, 256) for _ in range(rng.randrange(1, 40)))
    return Spoiled(body, length=len(body))


def _page(packed: bytes, rng: random.Random) -> Spoiled:
    return Spoiled(PAGE, length=len(PAGE), kind=rng.choice(("text/html", "application/a-gzip")))


def _redirect(packed: bytes, rng: random.Random) -> Spoiled:
    status = rng.choice(("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"))
    return Spoiled(b"", length=0, status=status, location=ELSEWHERE)


#: By name: how it is spoiled, and what the sentence about it says.
SPOILED: dict[str, tuple[Spoil, str]] = {
    "cut": (_cut, "cut|empty|damaged"),
    "cut, of a known length": (_cut_of_length, "cut on its way|arrived where"),
    "a bit flipped": (_flipped, "damaged|cut"),
    "more announced": (_too_long_announced, "cut on its way|arrived where"),
    "less announced": (_too_short_announced, "cut|empty"),
    "no trailer": (_without_trailer, "ends before its gzip trailer"),
    "cut in the second member": (_cut_in_second_member, "cut|damaged"),
    "a bit flipped in the second member": (_flipped_in_second_member, "damaged|cut"),
    "rubbish behind": (_followed_by_rubbish, "damaged|cut"),
    "a page": (_page, "A gzip file was expected"),
    "a redirect": (_redirect, "redirects to http://reports.example.net"),
}


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.request.recv(65536)
            if not piece:
                return
            head += piece
        self.request.sendall(self.server.answer(head.decode("latin-1")))


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer: Callable[[str], bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer


@contextmanager
def bare_server(answer: Callable[[str], bytes]) -> Iterator[str]:
    """Sends what `answer` makes of a request's head, byte for byte, and closes. Gives its address."""
    server = _Server(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Spoiler:
    """Stands between the client and a good server; spoils the files that pass while `how` is set."""

    def __init__(self, upstream: str, seed: str) -> None:
        self.upstream = upstream
        self.how: Spoil | None = None
        self.asked: list[str] = []
        self._rng = random.Random(seed)  # noqa: S311  (no secret)

    def __call__(self, head: str) -> bytes:
        request, _, rest = head.partition("\r\n")
        path = request.split(" ")[1]
        self.asked.append(path)
        headers = dict(line.split(": ", 1) for line in rest.split("\r\n") if ": " in line)
        status, kind, body = self._good(path, headers)
        if self.how and status == 200 and "json" not in kind:
            return self.how(body, self._rng).wire
        return Spoiled(body, length=len(body), status=f"{status} As Told", kind=kind).wire

    def _good(self, path: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
        kept = {name: value for name, value in headers.items() if name in ("Authorization", "Accept")}
        try:
            with urlopen(Request(self.upstream + path, headers=kept)) as answer:  # noqa: S310  (our own simulator)
                return answer.status, answer.headers["Content-Type"], answer.read()
        except HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read()


class Wire:
    """A server's answer that can be changed between two requests."""

    def __init__(self) -> None:
        self.spoiled = Spoiled(b"")

    def __call__(self, head: str) -> bytes:
        return self.spoiled.wire
