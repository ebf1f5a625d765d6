"""What all servers of the simulator have in common: the loopback address, HTTP/1.1, one thread a connection."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from ascrecon.simulator.errors import Answer

LOOPBACK = "127.0.0.1"


class LoopbackServer(ThreadingHTTPServer):
    """Listens on the loopback address only."""

    daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error of the simulator; everything else is shown."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class SocketHandler(BaseHTTPRequestHandler):
    """What all ports have in common: how an answer becomes bytes."""

    protocol_version = "HTTP/1.1"
    server_version = "simulator"
    sys_version = ""
    # Head and body are two writes: without this every answer would wait for an acknowledgement.
    disable_nagle_algorithm = True
    # A client that says nothing more gives its thread back.
    timeout: ClassVar[float] = 120

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: `/_sim/calls` counts, and a token must not land in a log."""

    def _send(self, answer: Answer) -> None:
        self._head(answer)
        self.wfile.write(answer.body)

    def _head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
            **answer.headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
