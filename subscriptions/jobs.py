"""Kinds of jobs about the App Store Server, and when they come up."""

from __future__ import annotations

from datetime import datetime

from ascrecon import clock
from ascrecon.jobs.context import JobContext
from ascrecon.jobs.errors import JobFailed
from ascrecon.jobs.models import Job
from ascrecon.jobs.registry import Result, job
from ascrecon.jobs.service import enqueue
from ascrecon.jobs.ticks import tick
from ascrecon.storeserver.refusals import RootsMissing
from reports.models import Account
from subscriptions.models import ChainState, ErasedToken, Notification, NotificationState, SigningChain
from subscriptions.services.chains import ask_about, chains_to_ask
from subscriptions.services.erasure import erase
from subscriptions.services.processing import process_received
from subscriptions.services.quarantine import MISPLACED, release_what_fits

PROCESS, CERTIFICATES, ERASE = "notifications.process", "notifications.certificates", "subscriptions.erase"


def enqueue_processing(account: Account) -> Job:
    """Queue the working in of what was received; one job takes all that is there."""
    return enqueue(
        PROCESS,
        {"account": account.pk},
        subject=f"Work in the notifications of {account}",
        unique_key=f"{PROCESS}:{account.pk}",
        account_id=account.pk,
    )


def enqueue_erasure(erased: ErasedToken, *, requested_by: str) -> Job:
    """Queue the erasing of a token, known by its hash only."""
    return enqueue(
        ERASE,
        {"erased": erased.pk},
        subject=f"Erase the app account token {erased.sha256[:12]}…",
        requested_by=requested_by,
        unique_key=f"{ERASE}:{erased.pk}",
        account_id=erased.account_id,
    )


@job(PROCESS, title="Work in notifications", timeout=850)
def process_notifications(context: JobContext) -> Result:
    account = Account.objects.filter(pk=context.payload["account"]).first()
    if account is None:
        raise JobFailed("The account is gone.")
    released = release_what_fits(account)
    worked_in = process_received(
        account, context.check_lease, lambda done: context.progress("notifications", done, None)
    )
    return {"worked_in": worked_in, "released": released}


@job(CERTIFICATES, title="Ask about Apple's certificates", timeout=300)
def ask_about_certificates(context: JobContext) -> Result:
    """The online check, which must not hold up an answer to Apple."""
    try:
        asked = [ask_about(chain) for chain in chains_to_ask(clock.now())]
    except RootsMissing as exc:
        raise JobFailed(str(exc)) from exc
    return {"asked": len(asked), "not_good": [str(chain) for chain in asked if chain.state != ChainState.GOOD]}


@job(ERASE, title="Erase an app account token")
def erase_token(context: JobContext) -> Result:
    erased = ErasedToken.objects.filter(pk=context.payload["erased"]).first()
    if erased is None:
        raise JobFailed("The erasure is gone.")
    return {"payloads": erase(erased)}


@tick("notifications", minutes=10)
def process_what_waits(moment: datetime) -> None:
    """Notifications whose job got lost, and those in quarantine whose app is known by now."""
    waiting = Notification.objects.filter(state=NotificationState.RECEIVED)
    misplaced = Notification.objects.filter(state=NotificationState.QUARANTINED, quarantine__in=MISPLACED)
    accounts = waiting.values("account").union(misplaced.values("account"))
    for account in Account.objects.filter(pk__in=[row["account"] for row in accounts]):
        enqueue_processing(account)


@tick("notifications.certificates", minutes=60)
def ask_about_certificates_if_due(moment: datetime) -> None:
    if SigningChain.objects.exists() and chains_to_ask(moment):
        enqueue(CERTIFICATES, subject="Ask about Apple's certificates", unique_key=CERTIFICATES)
