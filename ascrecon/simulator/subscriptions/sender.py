"""Sends notifications to a webhook over HTTP, and sends again as Apple does, in simulated time.

Source: Apple documentation, Responding to App Store Server Notifications: retries as in schedule.py; success is 200 to
206.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from ascrecon.simulator.subscriptions.schedule import HOUR, RETRY_HOURS
from ascrecon.simulator.subscriptions.store import Sent, Store

SUCCESSES = range(200, 207)
TIMEOUT = 30

#: The simulated moment of an attempt. Apple sends nothing of the kind; the demo's clock goes by it.
MOMENT = "X-Simulated-Now"

Tell = Callable[[int], None]
#: Whether an attempt at a moment fails on its way: when the notification was signed, and when it is sent.
Blocks = Callable[[int, int], bool]


class Sender:
    """Deliveries that are due, by simulated time. `address` is the webhook's URL; where it is empty nothing is sent.

    An attempt that `is_blocked` is not made at all: to the webhook it is as if nobody called.
    """

    def __init__(self, store: Store, address: str, is_blocked: Blocks = lambda signed_ms, at_ms: False) -> None:
        self.store = store
        self.address = address
        self._is_blocked = is_blocked
        self._due: list[tuple[int, int, Sent]] = []
        self._number = 0

    def send(self, sent: Sent, at_ms: int | None = None) -> None:
        """To be delivered first at `at_ms`, else at the moment of signing."""
        self._schedule(sent, sent.step.signed_ms if at_ms is None else at_ms)

    def run_until(self, ms: int, moved: Tell = lambda ms: None) -> int:
        """Make all attempts that are due by then; `moved` is called with the time of each before it is made."""
        made = 0
        while self._due and self._due[0][0] <= ms:
            at, _, sent = heapq.heappop(self._due)
            self.store.now_ms = at
            moved(at)
            self._attempt(sent, at)
            made += 1
        self.store.now_ms = ms
        moved(ms)
        return made

    def _schedule(self, sent: Sent, at_ms: int) -> None:
        self._number += 1
        heapq.heappush(self._due, (at_ms, self._number, sent))

    def _attempt(self, sent: Sent, at_ms: int) -> None:
        lost = self._is_blocked(sent.step.signed_ms, at_ms)
        result = "NO_RESPONSE" if lost else post(self.address, sent.text, at_ms)
        sent.attempts.append({"attemptDate": at_ms, "sendAttemptResult": result})
        retries = RETRY_HOURS if self.store.shop.environment == "Production" else ()
        if result != "SUCCESS" and len(sent.attempts) <= len(retries):
            self._schedule(sent, at_ms + retries[len(sent.attempts) - 1] * HOUR)


def post(address: str, text: str, at_ms: int) -> str:
    """Apple's word for what came of it."""
    body = json.dumps({"signedPayload": text}).encode()
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    request = Request(address, body, {"Content-Type": "application/json", MOMENT: moment})  # noqa: S310  (as given)
    try:
        with urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            return "SUCCESS" if response.status in SUCCESSES else "UNSUCCESSFUL_HTTP_RESPONSE_CODE"
    except HTTPError:
        return "UNSUCCESSFUL_HTTP_RESPONSE_CODE"
    except (OSError, HTTPException):
        return "NO_RESPONSE"
