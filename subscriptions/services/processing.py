"""Works received notifications in: their signed objects become copies, and the state is computed anew from these."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction

from ascrecon.storeserver.notifications import RENEWAL, TRANSACTION
from reports.locks import advisory_lock
from reports.models import Account
from subscriptions.derive.state import derive
from subscriptions.models import Notification, NotificationState, SignedRenewal, SignedTransaction
from subscriptions.services.copies import Key, Origin, renewal_copy, store, transaction_copy

BATCH = 200
LOST = "The transaction in it has no ID, so it belongs to no subscription."

HandOn = Callable[[set[Key]], None]


def process_received(
    account: Account, hand_on: HandOn = lambda _: None, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Work in all that was received and not yet worked in, in transactions of 200. Returns how many there were.

    `hand_on` is called last in each transaction with the subscriptions that were computed anew (it raises where the
    work is no longer ours).
    """
    done = 0
    while count := _process_batch(account, hand_on):
        done += count
        progress(done)
    return done


def has_waiting(account: Account) -> bool:
    """Whether anything was received and not yet worked in."""
    return Notification.objects.filter(account=account, state=NotificationState.RECEIVED).exists()


@transaction.atomic
def _process_batch(account: Account, hand_on: HandOn) -> int:
    lock_state(account.pk)
    waiting = Notification.objects.filter(account=account, state=NotificationState.RECEIVED)
    batch = list(waiting.select_for_update(no_key=True, of=("self",)).select_related("app").order_by("id")[:BATCH])
    if not batch:
        return 0
    computed = derive(keep_copies(batch))
    Notification.objects.filter(pk__in=[row.pk for row in batch]).update(state=NotificationState.PROCESSED)
    hand_on(computed)
    return len(batch)


def lock_state(account_id: int) -> None:
    """One at a time computes the state of an account; held until the transaction ends."""
    advisory_lock("subscriptions", account_id)


def keep_copies(batch: Iterable[Notification]) -> set[Key]:
    """The signed objects in these notifications as copies; returns the subscriptions that they tell of."""
    transactions: list[SignedTransaction] = []
    renewals: list[SignedRenewal] = []
    keys: set[Key] = set()
    for row in batch:
        if row.app is None:
            continue
        keys |= {(row.app.pk, row.environment, row.original_id)} if row.original_id else set()
        origin = Origin(row.app, row.environment, row.source, row.chain_id, row.received_at, row.signed_ms, row)
        texts = _texts(row.signed_payload)
        if TRANSACTION in row.inner:
            bought = transaction_copy(*_object(row, TRANSACTION, texts), origin)
            transactions += [bought] if bought else []
            _tell(row, bought)
        if RENEWAL in row.inner:
            next_one = renewal_copy(*_object(row, RENEWAL, texts), origin)
            renewals += [next_one] if next_one else []
    return keys | store(transactions, renewals)


def _object(row: Notification, name: str, texts: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
    return row.inner[name], row.inner_sha256[name], str(texts.get(name, ""))


def _texts(signed_payload: str) -> dict[str, Any]:
    """The signed texts in a payload that was verified when it came; none where it was emptied for a token's sake."""
    if not signed_payload:
        return {}
    body = signed_payload.split(".")[1]
    payload = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return payload["data"] if isinstance(payload.get("data"), dict) else {}


def _tell(row: Notification, bought: SignedTransaction | None) -> None:
    """What could not be read of a transaction is told with the notification, where people look."""
    problems = [LOST] if bought is None else bought.problems
    fresh = [problem for problem in problems if problem not in row.problems]
    if fresh:
        row.problems = [*row.problems, *fresh]
        row.save(update_fields=["problems"])
