"""The App Store Server API on a real socket, over what the store knows.

Source: Apple documentation, App Store Server API: Get Transaction History (V2), Get All Subscription Statuses, Get
Refund History (V2), Look Up Order ID, Get Notification History, Request a Test Notification, Identifying Rate Limits,
error codes.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt

from ascrecon.simulator.errors import Answer
from ascrecon.simulator.sockets import LOOPBACK, LoopbackServer, SocketHandler
from ascrecon.simulator.subscriptions.sender import post
from ascrecon.simulator.subscriptions.steps import DAY, Step
from ascrecon.simulator.subscriptions.store import Sent, Store
from ascrecon.simulator.tokens import AUDIENCE, Key, new_key

PAGE = 20
KEPT = {"Production": 180 * DAY, "Sandbox": 30 * DAY}
JSON_TYPE = "application/json"


class Refusal(Exception):
    """An error document: `errorCode` begins with the HTTP status."""

    def __init__(self, code: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.headers = code, message, dict(headers or {})

    def answer(self) -> Answer:
        body = json.dumps({"errorCode": self.code, "errorMessage": self.message}).encode()
        return Answer(self.code // 10_000, JSON_TYPE, body, self.headers)


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str) -> str:
        return self.query.get(name, [""])[0]


def asked_of(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Asked:
    """A request from its request line."""
    parts = urlsplit(target)
    lower = {name.lower(): value for name, value in headers.items()}
    return Asked(method, parts.path, parse_qs(parts.query), lower, body)


@dataclass
class StoreApi:
    """Answers for one store. `refuse_next` are errors to give first; `calls` counts by path without ids.

    A test notification is sent to `webhook` at once.
    """

    store: Store
    key: Key
    refuse_next: list[Refusal] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    tests: dict[str, Sent] = field(default_factory=dict)
    #: Where notifications go; empty: none is entered. None: test notifications are not sent at all.
    webhook: str | None = None
    lock: Lock = field(default_factory=Lock)

    def answer(self, asked: Asked) -> Answer:
        with self.lock:
            try:
                return _json(self._answered(asked))
            except Refusal as refusal:
                return refusal.answer()

    def _answered(self, asked: Asked) -> dict[str, Any]:
        parts = asked.path.strip("/").split("/")
        if not self._knows(asked.headers.get("authorization", "")):
            raise Refusal(4010000, "Unauthenticated")
        self.calls["/".join(parts[:3])] += 1
        if self.refuse_next:
            raise self.refuse_next.pop(0)
        match (asked.method, *parts):
            case ("GET", "inApps", "v2", "history", any_id):
                return self._history(any_id, asked)
            case ("GET", "inApps", "v1", "subscriptions", any_id):
                return self._statuses(any_id)
            case ("GET", "inApps", "v2", "refund", "lookup", any_id):
                return self._refunds(any_id, asked)
            case ("GET", "inApps", "v1", "lookup", order_id):
                return self._order(order_id)
            case (_, "inApps", "v1", "notifications", *rest):
                return self._about_notifications(asked, rest)
        raise Refusal(4040000, "There is nothing at this path.")

    def _about_notifications(self, asked: Asked, rest: list[str]) -> dict[str, Any]:
        match (asked.method, *rest):
            case ("POST", "history"):
                return self._notifications(asked)
            case ("POST", "test"):
                return self._test()
            case ("GET", "test", token):
                return self._tested(token)
        raise Refusal(4040000, "There is nothing at this path.")

    def _knows(self, authorization: str) -> bool:
        try:
            token = authorization.removeprefix("Bearer ")
            claims = jwt.decode(token, self.key.public_key, ["ES256"], audience=AUDIENCE)
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return False
        mine = (self.key.key_id, self.key.issuer_id, self.store.shop.bundle_id)
        return (header.get("kid"), claims.get("iss"), claims.get("bid")) == mine and claims["exp"] > time.time()

    def _check(self, any_id: str) -> None:
        if not any_id.isdigit():
            raise Refusal(4000006, "Invalid transaction id.")
        if not self.store.has(any_id):
            raise Refusal(4040010, "Transaction id not found.")

    def _page(self, rows: list[dict[str, Any]], asked: Asked) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """A revision is where the page after it begins; it is given always, to go on from later."""
        revision = asked.one("revision")
        if revision and not revision.startswith("r"):
            raise Refusal(4000005, "Invalid request revision.")
        start = int(revision[1:]) if revision else 0
        end = min(start + PAGE, len(rows))
        return rows[start:end], {"revision": f"r{end}", "hasMore": end < len(rows)}

    def _common(self) -> dict[str, Any]:
        shop = self.store.shop
        return {"bundleId": shop.bundle_id, "appAppleId": shop.apple_id, "environment": shop.environment}

    def _history(self, any_id: str, asked: Asked) -> dict[str, Any]:
        self._check(any_id)
        rows, paging = self._page(self.store.transactions(any_id), asked)
        return {**self._common(), **paging, "signedTransactions": [self.store.sign(row) for row in rows]}

    def _refunds(self, any_id: str, asked: Asked) -> dict[str, Any]:
        self._check(any_id)
        refunded = [row for row in self.store.transactions(any_id) if row.get("revocationDate")]
        rows, paging = self._page(refunded, asked)
        return {**paging, "signedTransactions": [self.store.sign(row) for row in rows]}

    def _order(self, order_id: str) -> dict[str, Any]:
        """An order that Apple does not know, or that has nothing of this app, is invalid; that is no error."""
        rows = self.store.order(order_id)
        if not rows:
            return {"status": 1}
        return {"status": 0, "signedTransactions": [self.store.sign(row) for row in rows]}

    def _statuses(self, any_id: str) -> dict[str, Any]:
        self._check(any_id)
        groups: dict[str, list[dict[str, Any]]] = {}
        for status, bought, renewal in self.store.latest(any_id):
            groups.setdefault(str(bought["subscriptionGroupIdentifier"]), []).append({
                "status": status, "originalTransactionId": bought["originalTransactionId"],
                "signedTransactionInfo": self.store.sign(bought), "signedRenewalInfo": self.store.sign(renewal),
            })  # fmt: skip
        data = [{"subscriptionGroupIdentifier": name, "lastTransactions": rows} for name, rows in groups.items()]
        return {**self._common(), "data": data}

    def _notifications(self, asked: Asked) -> dict[str, Any]:
        if asked.headers.get("content-type", "").partition(";")[0] != JSON_TYPE:
            raise Refusal(4150000, "The Content-Type must be application/json.")
        wanted = json.loads(asked.body or b"{}")
        start, end = wanted.get("startDate"), wanted.get("endDate")
        if not isinstance(start, int) or not isinstance(end, int):
            raise Refusal(4000015, "Invalid request. The start date or end date is missing.")
        if start < self.store.now_ms - KEPT[self.store.shop.environment]:
            raise Refusal(4000012, "Invalid request. The start date is earlier than the allowed start date.")
        if start >= end:
            raise Refusal(4000013, "Invalid request. The end date precedes the start date or the dates are the same.")
        rows = [sent for sent in self.store.notifications if start <= sent.step.signed_ms < end]
        if wanted.get("onlyFailures"):
            rows = [sent for sent in rows if sent.failed]
        return self._notification_page(rows, asked.one("paginationToken"))

    def _notification_page(self, rows: list[Sent], token: str) -> dict[str, Any]:
        if token and not token.startswith("p"):
            raise Refusal(4000014, "Invalid request. The pagination token is invalid.")
        first = int(token[1:]) if token else 0
        shown = rows[first : first + PAGE]
        more = {"paginationToken": f"p{first + PAGE}"} if first + PAGE < len(rows) else {}
        told = [{"signedPayload": sent.text, "sendAttempts": sent.attempts} for sent in shown]
        return {"notificationHistory": told, "hasMore": bool(more), **more}

    def _test(self) -> dict[str, Any]:
        shop, uuid = self.store.shop, uuid4()
        if self.webhook == "":
            raise Refusal(4040007, "No App Store Server Notification URL found for provided app.")
        content = {
            "notificationType": "TEST", "notificationUUID": str(uuid), "version": "2.0",
            "signedDate": self.store.now_ms, "data": self._common(),
        }  # fmt: skip
        step = Step("TEST", "", self.store.now_ms, None, {})
        sent = Sent(step, shop.authority.sign(content))
        self.tests[f"{uuid}_{self.store.now_ms}"] = sent
        if self.webhook is not None:
            result = post(self.webhook, sent.text, self.store.now_ms)
            sent.attempts.append({"attemptDate": self.store.now_ms, "sendAttemptResult": result})
        return {"testNotificationToken": f"{uuid}_{self.store.now_ms}"}

    def _tested(self, token: str) -> dict[str, Any]:
        if token not in self.tests:
            raise Refusal(4040008, "Either the test notification token is expired or it is not available yet.")
        sent = self.tests[token]
        return {"signedPayload": sent.text, "sendAttempts": sent.attempts}


def rate_limited(until_ms: int) -> Refusal:
    """Apple's 429: `Retry-After` is a Unix time in milliseconds."""
    return Refusal(4290000, "Rate limit exceeded.", {"Retry-After": str(until_ms)})


def _json(document: Mapping[str, Any]) -> Answer:
    return Answer(200, JSON_TYPE, json.dumps(document).encode())


class StoreServer(LoopbackServer):
    def __init__(self, api: StoreApi) -> None:
        super().__init__((LOOPBACK, 0), Handler)
        self.api = api


class Handler(SocketHandler):
    server: StoreServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send(self.server.api.answer(asked_of(self.command, self.path, dict(self.headers.items()), body)))


@dataclass(frozen=True)
class RunningStore:
    """A Server API that runs, and what an account needs to ask it."""

    url: str
    api: StoreApi
    key_id: str
    issuer_id: str
    private_key: str = field(repr=False)


@contextmanager
def serving(store: Store) -> Iterator[RunningStore]:
    """The Server API of a store on a free loopback port for the length of a `with` block."""
    key, private_key = new_key()
    server = StoreServer(StoreApi(store, key))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield RunningStore(server.url, server.api, key.key_id, key.issuer_id, private_key)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
