"""The API on a real socket: HTTP/1.1, one thread a connection, faults that happen on the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from threading import Event, Thread

from ascrecon.simulator.api import Api
from ascrecon.simulator.errors import JSON_TYPE, Answer
from ascrecon.simulator.faults import Transport
from ascrecon.simulator.planted import planted
from ascrecon.simulator.reading import Fields, ScenarioError, fields_of
from ascrecon.simulator.request import request_of
from ascrecon.simulator.sockets import LOOPBACK, LoopbackServer, SocketHandler
from ascrecon.simulator.subscriptions.api import asked_of
from ascrecon.simulator.subscriptions.shops import OCSP

SERVER_API = "/inApps/"


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
        api.open_at(self.url)

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
        shops = self.server.api.shops
        if shops and path.startswith(SERVER_API):
            self._send(shops.answer(asked_of(self.command, self.path, headers, body)))
            return
        if shops and path == OCSP:
            self._send(shops.book.answer(body))
            return
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
    if (method, path) == ("POST", "/_sim/webhook"):
        return _send_to(api, body)
    if (method, path) == ("GET", "/_sim/planted"):
        return _json(200, planted(api.truth, api.today, api.analytics.book, notified=api.is_notified))
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
    attempts = api.move_to(day)
    return _json(200, {"today": day.isoformat(), "notification_attempts": attempts})


def _send_to(api: Api, body: bytes) -> Answer:
    """The webhook's addresses, as a person enters them in App Store Connect."""
    try:
        fields: Fields = fields_of("POST /_sim/webhook", json.loads(body))
        production = fields.text("production")
        sandbox = fields.text("sandbox") if fields.has("sandbox") else ""
        fields.finish()
    except (ScenarioError, ValueError) as error:
        return _json(400, {"error": str(error)})
    if api.shops is None:
        return _json(400, {"error": "the scenario has no subscriptions; add them"})
    api.shops.send_to(production, sandbox)
    return _json(200, {"production": production, "sandbox": sandbox})


def _json(status: int, document: object) -> Answer:
    return Answer(status, JSON_TYPE, json.dumps(document, indent=2).encode())
