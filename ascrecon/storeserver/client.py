"""What ascrecon asks of the App Store Server API. Every failure is an AppStoreError.

Its answers are signed objects; they are handed on as they are, to be verified like what the webhook gets.
Source: Apple documentation, App Store Server API.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from urllib.parse import quote

from ascrecon.appstore.credentials import Credentials
from ascrecon.appstore.errors import AppStoreError, Category
from ascrecon.appstore.limits import Pacer
from ascrecon.appstore.origins import check_base_url, is_loopback
from ascrecon.appstore.policy import Policy, load_policy
from ascrecon.appstore.tokens import TokenSource
from ascrecon.appstore.transport import Transport
from ascrecon.storeserver.limits import PerSecond

UNKNOWN_TRANSACTION = "4040010"
WRONG_REVISION = "4000005"


@dataclass(frozen=True, slots=True)
class SignedPage:
    """Signed transactions, and from where to go on: a revision is given always, also on the last page."""

    signed_transactions: tuple[str, ...] = field(repr=False)
    revision: str
    has_more: bool


@dataclass(frozen=True, slots=True)
class LastTransaction:
    """What Get All Subscription Statuses tells of one subscription; the status itself is not signed."""

    status: int | None
    signed_transaction: str = field(repr=False)
    signed_renewal: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """What Look Up Order ID tells: whether Apple knows the order for this app, and the transactions in it."""

    is_valid: bool
    signed_transactions: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """Notifications as they were sent first; `token` is empty on the last page."""

    signed_payloads: tuple[str, ...] = field(repr=False)
    token: str


class StoreServerClient:
    """A client for one app in one environment, for one thread. Close it, or use it in a with statement."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        bundle_id: str,
        *,
        is_sandbox: bool = False,
        policy: Policy | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = check_base_url(base_url)
        self._is_local = is_loopback(base_url)
        # The limits here are per second and endpoint; the pace of App Store Connect does not apply.
        self._policy = replace(policy or load_policy(), min_interval_seconds=0.0)
        self._turns = PerSecond(is_sandbox=is_sandbox, monotonic=time.monotonic, sleep=sleep)
        self._transport = Transport(
            TokenSource(credentials, wall_clock=time.time, policy=self._policy, bundle_id=bundle_id),
            Pacer(self._policy, sleep=sleep, monotonic=time.monotonic),
            policy=self._policy,
            clock=clock,
            wall_clock=time.time,
            sleep=sleep,
            jitter=random.random,
            trust_environment=not self._is_local,
        )

    def __enter__(self) -> StoreServerClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    @property
    def calls(self) -> int:
        """HTTP calls made so far, each try counted."""
        return self._transport.calls

    def transaction_history(self, any_id: str, revision: str = "") -> Iterator[SignedPage]:
        """All transactions of the customer behind a transaction id that changed after `revision`, 20 a page.

        The one that changed longest ago comes first; one that changed meanwhile may come twice.
        """
        return self._pages("history", f"/inApps/v2/history/{_segment(any_id)}", {"sort": "ASCENDING"}, revision)

    def refund_history(self, any_id: str, revision: str = "") -> Iterator[SignedPage]:
        """All refunded transactions of the customer behind a transaction id."""
        return self._pages("refunds", f"/inApps/v2/refund/lookup/{_segment(any_id)}", {}, revision)

    def statuses(self, any_id: str) -> list[LastTransaction]:
        """The newest word on each subscription of the customer behind a transaction id."""
        path = f"/inApps/v1/subscriptions/{_segment(any_id)}"
        document = self._get("statuses", path)
        groups = _list(document, "data", path)
        rows = [row for group in groups for row in _list(group, "lastTransactions", path)]
        return [_last(row, path) for row in rows]

    def notifications(
        self, start_ms: int, end_ms: int, *, only_failures: bool = False, token: str = ""
    ) -> Iterator[NotificationPage]:
        """Notifications that Apple sent from `start_ms` to before `end_ms`; Apple keeps 180 days, in sandbox 30.

        `only_failures`: those that no attempt has delivered, also while Apple still tries.
        """
        path = "/inApps/v1/notifications/history"
        wanted = {"startDate": start_ms, "endDate": end_ms, **({"onlyFailures": True} if only_failures else {})}
        while True:
            self._wait("notifications")
            params = {"paginationToken": token} if token else None
            document = self._transport.ask(self._base_url + path, wanted, params)
            payloads = tuple(str(row.get("signedPayload")) for row in _list(document, "notificationHistory", path))
            following = str(document.get("paginationToken") or "") if document.get("hasMore") else ""
            if following and following == token:
                raise _odd(path, "Apple names the same page as the next one.")
            yield NotificationPage(payloads, following)
            token = following
            if not token:
                return

    def order(self, order_id: str) -> Order:
        """The purchases of this app in an order, by the order ID that stands in the customer's e-mail.

        Production only: sandbox has no such endpoint. Source: Apple documentation, Look Up Order ID and
        OrderLookupStatus (0 valid, 1 invalid).
        """
        path = f"/inApps/v1/lookup/{_segment(order_id)}"
        document = self._get("lookup", path)
        if document.get("status") not in (0, 1):
            raise _odd(path, "The status of the order is neither 0 nor 1.")
        return Order(document["status"] == 0, _texts(document, path))

    def request_test(self) -> str:
        """Ask Apple to send a TEST notification to the address that it has; returns the token to look it up with."""
        path = "/inApps/v1/notifications/test"
        self._wait("test")
        return str(self._transport.send("POST", self._base_url + path).get("testNotificationToken") or "")

    def test_results(self, token: str) -> list[str]:
        """What came of each attempt to send a test notification, in Apple's words; empty while there was none."""
        path = f"/inApps/v1/notifications/test/{_segment(token)}"
        attempts = _list(self._get("test", path), "sendAttempts", path)
        return [str(attempt.get("sendAttemptResult")) for attempt in attempts]

    def _pages(self, endpoint: str, path: str, params: Mapping[str, str], revision: str) -> Iterator[SignedPage]:
        while True:
            document = self._get(endpoint, path, {**params, **({"revision": revision} if revision else {})})
            following = str(document.get("revision") or "")
            page = SignedPage(_texts(document, path), following, bool(document.get("hasMore")))
            if page.has_more and following in ("", revision):
                raise _odd(path, "Apple names the same page as the next one.")
            yield page
            if not page.has_more:
                return
            revision = following

    def _get(self, endpoint: str, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        self._wait(endpoint)
        return self._transport.get_json(self._base_url + path, params)

    def _wait(self, endpoint: str) -> None:
        if not self._is_local:
            self._turns.wait_for_turn(endpoint)


def is_unknown_here(error: AppStoreError) -> bool:
    """Whether the id is not one of this environment: Apple's advice is to ask production first, then sandbox."""
    return error.code == UNKNOWN_TRANSACTION


def _segment(text: str) -> str:
    return quote(text, safe="")


def _list(document: Mapping[str, Any], name: str, path: str) -> list[dict[str, Any]]:
    rows = document.get(name)
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _odd(path, f"{name} is no list of objects.")
    return rows


def _texts(document: Mapping[str, Any], path: str) -> tuple[str, ...]:
    rows = document.get("signedTransactions") or []
    if not isinstance(rows, list):
        raise _odd(path, "signedTransactions is no list.")
    return tuple(map(str, rows))


def _last(row: Mapping[str, Any], path: str) -> LastTransaction:
    status = row.get("status")
    if status is not None and not isinstance(status, int):
        raise _odd(path, "A status is no number.")
    return LastTransaction(status, str(row.get("signedTransactionInfo")), str(row.get("signedRenewalInfo")))


def _odd(path: str, sentence: str) -> AppStoreError:
    return AppStoreError(category=Category.UNEXPECTED_BODY, message=sentence, path=path)
