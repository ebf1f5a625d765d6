"""An OCSP responder for the authority's certificates, on a port of its own (RFC 6960)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Thread

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ascrecon.simulator.errors import Answer
from ascrecon.simulator.sockets import LOOPBACK, LoopbackServer, SocketHandler
from ascrecon.simulator.subscriptions.authority import Authority, Holder

RESPONSE = "application/ocsp-response"


@dataclass
class Book:
    """What the responder knows: whose certificates, which of them are revoked, and whether it works at all."""

    authority: Authority | None = None
    revoked: set[int] = field(default_factory=set)
    status: int = 200
    page: bytes = b""
    asked: int = 0

    def answer(self, body: bytes) -> Answer:
        """The signed answer to a request; with `page` that page, as a company's proxy would show."""
        self.asked += 1
        if self.page or self.authority is None:
            return Answer(self.status, "text/html", self.page)
        request = ocsp.load_der_ocsp_request(body)
        response = _response(self.authority, request, request.serial_number in self.revoked)
        return Answer(self.status, RESPONSE, response.public_bytes(Encoding.DER))


def _response(authority: Authority, request: ocsp.OCSPRequest, is_revoked: bool) -> ocsp.OCSPResponse:
    subject, issuer = _pair(authority, request.serial_number)
    now = datetime.now(UTC)
    return (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=subject.certificate,
            issuer=issuer.certificate,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.REVOKED if is_revoked else ocsp.OCSPCertStatus.GOOD,
            this_update=now - timedelta(hours=1),
            next_update=now + timedelta(hours=12),
            revocation_time=now - timedelta(days=1) if is_revoked else None,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
        .certificates([issuer.certificate])
        .sign(issuer.key, hashes.SHA256())
    )


def _pair(authority: Authority, serial: int) -> tuple[Holder, Holder]:
    if serial == authority.leaf.certificate.serial_number:
        return authority.leaf, authority.intermediate
    return authority.intermediate, authority.root


class Responder(LoopbackServer):
    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), Handler)
        self.book = Book()


class Handler(SocketHandler):
    server: Responder

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send(self.server.book.answer(body))


@contextmanager
def responding() -> Iterator[tuple[str, Book]]:
    """A responder on a free loopback port for the length of a `with` block: its address and its book."""
    server = Responder()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.url, server.book
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
