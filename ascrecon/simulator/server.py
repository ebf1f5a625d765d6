"""The API on a real socket: HTTP/1.1, one thread a connection, faults that happen on the wire."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import ClassVar

from ascrecon.simulator.api import Api
from ascrecon.simulator.errors import JSON_TYPE, Answer
from ascrecon.simulator.faults import Transport
from ascrecon.simulator.planted import planted
from ascrecon.simulator.reading import Fields, ScenarioError, fields_of
from ascrecon.simulator.request import request_of

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


class Storage(LoopbackServer):
    """The host of the segments, on a port of its own."""

    def __init__(self, api: Api) -> None:
        super().__init__((LOOPBACK, 0), StorageHandler)
        self.api = api

    def stop(self) -> None:
        """Ends the loop of `serve_forever` and frees the port."""
        self.shutdown()
        self.server_close()


class Server(LoopbackServer):
    """The API's port; `stopping` ends slow answers at once, `storage` is the other port."""

    def __init__(self, api: Api, port: int = 0) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.api = api
        self.stopping = Event()
        self.storage = Storage(api)

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Answers on both ports until `stop`."""
        Thread(target=self.storage.serve_forever, args=(poll_interval,), daemon=True).start()
        super().serve_forever(poll_interval)

    def stop(self) -> None:
        """Ends the loop of `serve_forever` and frees the ports; answers under way are dropped."""
        self.stopping.set()
        self.storage.stop()
        self.shutdown()
        self.server_close()


class SocketHandler(BaseHTTPRequestHandler):
    """What both ports have in common: how an answer becomes bytes."""

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


class StorageHandler(SocketHandler):
    """Serves segments to whoever has their URL."""

    server: Storage

    def do_GET(self) -> None:
        request = request_of(self.command, self.path, dict(self.headers.items()), self.server.url)
        self._send(self.server.api.download(request))


class Handler(SocketHandler):
    """Turns the socket's bytes into a request of the API and its answer into bytes again."""

    server: Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        if path.startswith("/_sim/"):
            self._send(_control(self.server.api, self.command, path, body))
            return
        headers, storage = dict(self.headers.items()), self.server.storage.url
        request = request_of(self.command, self.path, headers, self.server.url, storage, body)
        answer, fault = self.server.api.answer(request)
        self._deliver(answer, fault)

    def _deliver(self, answer: Answer, fault: Transport | None) -> None:
        ways: dict[str, Callable[[Answer, Transport], None]] = {
            "truncated_gzip": self._truncated,
            "slow": self._slow,
            "dropped_connection": self._dropped,
        }
        if fault and fault.kind in ways:
            ways[fault.kind](answer, fault)
        else:
            self._send(answer)

    def _truncated(self, answer: Answer, _fault: Transport) -> None:
        # Content-Length agrees with the cut body: only the gzip trailer tells.
        body = answer.body[: len(answer.body) // 2]
        self._send(Answer(answer.status, answer.content_type, body, answer.headers))

    def _slow(self, answer: Answer, fault: Transport) -> None:
        if not fault.drip:
            self.server.stopping.wait(fault.seconds)
            self._send(answer)
            return
        self._head(answer)
        self._drip(answer.body, fault.seconds)

    def _drip(self, body: bytes, seconds: int) -> None:
        size = max(1, len(body) // (seconds * 10))
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            if self.server.stopping.wait(0.1):
                break

    def _dropped(self, answer: Answer, fault: Transport) -> None:
        if fault.at == "body":
            self._head(answer)
            self.wfile.write(answer.body[: len(answer.body) // 2])
        self.close_connection = True


def _control(api: Api, method: str, path: str, body: bytes) -> Answer:
    if (method, path) == ("POST", "/_sim/today"):
        return _move(api, body)
    if (method, path) == ("GET", "/_sim/planted"):
        return _json(200, planted(api.truth, api.today, api.analytics.book))
    if (method, path) == ("GET", "/_sim/calls"):
        return _json(200, {"total": api.calls.total(), "by_path": dict(sorted(api.calls.items()))})
    return _json(404, {"error": f"{method} {path} is not here"})


def _move(api: Api, body: bytes) -> Answer:
    try:
        fields: Fields = fields_of("POST /_sim/today", json.loads(body))
        day: date = fields.day("today")
        fields.finish()
    except (ScenarioError, ValueError) as error:
        return _json(400, {"error": str(error)})
    api.today = day
    return _json(200, {"today": day.isoformat()})


def _json(status: int, document: object) -> Answer:
    return Answer(status, JSON_TYPE, json.dumps(document, indent=2).encode())
