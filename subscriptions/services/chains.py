"""The certificates behind signatures: Apple's responder is asked about each pair (OCSP), apart from the webhook."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from ascrecon import clock
from ascrecon.storeserver.online import Verdict, ask_responder
from subscriptions.derive.state import derive
from subscriptions.models import (
    ChainState,
    Notification,
    NotificationState,
    Quarantine,
    SignedRenewal,
    SignedTransaction,
    SigningChain,
)
from subscriptions.services.copies import Key
from subscriptions.services.processing import lock_state
from subscriptions.trust import trusted_roots

AGAIN_AFTER = timedelta(days=1)
STATES = {
    Verdict.GOOD: ChainState.GOOD,
    Verdict.DOUBTFUL: ChainState.DOUBTFUL,
    Verdict.UNREACHABLE: ChainState.UNREACHABLE,
}


def chains_to_ask(at: datetime) -> list[SigningChain]:
    """Pairs of certificates, valid at the moment `at`, that nobody asked about for a day, or without an answer."""
    due = Q(asked_at=None) | Q(asked_at__lte=at - AGAIN_AFTER) | Q(state=ChainState.UNREACHABLE)
    asked = SigningChain.objects.filter(due, not_after__gt=at).exclude(state=ChainState.DISTRUSTED)
    return list(asked.order_by("pk"))


def ask_about(chain: SigningChain) -> SigningChain:
    """Ask the responder and keep its answer. What it does not confirm still counts, until a person decides."""
    answer = ask_responder(chain.certificates, trusted_roots())
    chain.state, chain.message, chain.asked_at = STATES[answer.verdict], answer.sentence, clock.now()
    chain.save(update_fields=["state", "message", "asked_at"])
    return chain


def distrust(chain: SigningChain) -> None:
    """Nothing counts that comes from now on signed by this pair. What came before is taken out by `take_out`."""
    SigningChain.objects.filter(pk=chain.pk).update(state=ChainState.DISTRUSTED)


@transaction.atomic
def take_out(chain: SigningChain) -> int:
    """Take what this pair signed out of the books; it stays in quarantine, where it can be seen.

    Returns how many subscriptions are told anew. A second time changes nothing.
    """
    counted = Notification.objects.filter(chain=chain).exclude(state=NotificationState.QUARANTINED)
    for account in sorted(set(counted.values_list("account_id", flat=True))):
        lock_state(account)
    keys = _keys(chain)
    SignedTransaction.objects.filter(chain=chain).update(distrusted=True)
    SignedRenewal.objects.filter(chain=chain).update(distrusted=True)
    counted.update(state=NotificationState.QUARANTINED, quarantine=Quarantine.DISTRUSTED)
    derive(keys)
    return len(keys)


def _keys(chain: SigningChain) -> set[Key]:
    told = Notification.objects.filter(chain=chain).exclude(original_id="").exclude(app=None)
    return {
        (int(app or 0), environment, original)
        for rows in (told, SignedTransaction.objects.filter(chain=chain), SignedRenewal.objects.filter(chain=chain))
        for app, environment, original in rows.values_list("app_id", "environment", "original_id")
    }
