"""What the App Store knows of a shop: every notification with its attempts, and each transaction as it stands now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid5

from ascrecon.simulator.subscriptions.steps import NAMES, Shop, Step, payload

Attempt = dict[str, Any]


def order_id_of(line_item: str) -> str:
    """The ID of the order in which a line item was bought, as it stands in the customer's e-mail."""
    return "M" + hashlib.sha256(line_item.encode()).hexdigest()[:9].upper()


@dataclass
class Sent:
    """One notification: its text never changes, whichever attempt brings it."""

    step: Step
    text: str
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return all(attempt["sendAttemptResult"] != "SUCCESS" for attempt in self.attempts)


class Store:
    """Grows by `happen`; the Server API reads it. `now_ms` is the simulated time, moved by whoever drives it."""

    def __init__(self, shop: Shop, now_ms: int) -> None:
        self.shop = shop
        self.now_ms = now_ms
        self.notifications: list[Sent] = []
        #: Facts that Apple knows and no notification tells, by transaction (such as isUpgraded of the old one).
        self.known: dict[str, dict[str, Any]] = {}

    def happen(self, steps: Mapping[str, Step], *, marked: bool = True) -> list[Sent]:
        """Each step is a notification from now on. The same name makes the same UUID.

        `marked`: what an upgrade replaces is told by the API afterwards, as Apple does.
        """
        added = []
        for name, step in steps.items():
            text = self.shop.authority.sign(payload(step, self.shop, uuid5(NAMES, name)))
            added.append(Sent(step, text))
            self.notifications.append(added[-1])
            if marked:
                self._mark_upgraded(step)
        return added

    def _mark_upgraded(self, step: Step) -> None:
        if step.subtype != "UPGRADE":
            return
        original, start = step.transaction["originalTransactionId"], step.transaction["purchaseDate"]
        for row in self._newest(original):
            if row["purchaseDate"] < start < row["expiresDate"]:
                self.known[row["transactionId"]] = {"isUpgraded": True}

    def has(self, any_id: str) -> bool:
        return any(
            any_id in (sent.step.transaction["transactionId"], sent.step.transaction["originalTransactionId"])
            for sent in self.notifications
        )

    def transactions(self, any_id: str) -> list[dict[str, Any]]:
        """All transactions of the Apple Account behind an id, the one that changed longest ago first."""
        mine = self._accounts_of(any_id)
        rows: dict[str, dict[str, Any]] = {}
        for sent in self._in_order():
            row = sent.step.transaction
            if row.get("appTransactionId") in mine:
                rows.pop(row["transactionId"], None)
                rows[row["transactionId"]] = {**row, **self.known.get(row["transactionId"], {})}
        return list(rows.values())

    def latest(self, any_id: str) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
        """Status, transaction and renewal of each subscription of the Apple Account behind an id."""
        mine = self._accounts_of(any_id)
        originals = dict.fromkeys(
            sent.step.transaction["originalTransactionId"]
            for sent in self._in_order()
            if sent.step.transaction.get("appTransactionId") in mine
        )
        for original in originals:
            told = [s.step for s in self._in_order() if s.step.transaction["originalTransactionId"] == original]
            bought = max(self._newest(original), key=lambda row: int(row["purchaseDate"]))
            yield told[-1].status or 1, bought, dict(told[-1].renewal or {})

    def order(self, order_id: str) -> list[dict[str, Any]]:
        """The transactions that were bought in an order; none where there is no such order."""
        rows = {sent.step.transaction["transactionId"]: dict(sent.step.transaction) for sent in self._in_order()}
        return [row for row in rows.values() if order_id_of(str(row["webOrderLineItemId"])) == order_id]

    def sign(self, row: Mapping[str, Any]) -> str:
        """A transaction or a renewal, signed now."""
        mine = {"environment": self.shop.environment, "signedDate": self.now_ms}
        bundle = {"bundleId": self.shop.bundle_id} if "transactionId" in row else {}
        return self.shop.authority.sign({**row, **mine, **bundle})

    def _in_order(self) -> list[Sent]:
        return sorted(self.notifications, key=lambda sent: sent.step.signed_ms)

    def _accounts_of(self, any_id: str) -> set[Any]:
        return {
            sent.step.transaction.get("appTransactionId")
            for sent in self.notifications
            if any_id in (sent.step.transaction["transactionId"], sent.step.transaction["originalTransactionId"])
        }

    def _newest(self, original: str) -> list[dict[str, Any]]:
        rows = {
            sent.step.transaction["transactionId"]: dict(sent.step.transaction)
            for sent in self._in_order()
            if sent.step.transaction["originalTransactionId"] == original
        }
        return list(rows.values())
