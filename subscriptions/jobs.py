"""Kinds of jobs about the App Store Server, and when they come up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from ascrecon import clock
from ascrecon.appstore import AppStoreError, Category, CredentialError
from ascrecon.crypto import DecryptionError
from ascrecon.jobs.context import JobContext
from ascrecon.jobs.errors import JobFailed, TryAgain
from ascrecon.jobs.models import Job
from ascrecon.jobs.registry import Result, job
from ascrecon.jobs.service import enqueue
from ascrecon.jobs.ticks import tick
from ascrecon.storeserver.refusals import RootsMissing
from reports.models import Account, App
from subscriptions.derive.state import Key
from subscriptions.detect.findings import detect_subscriptions, detect_touched
from subscriptions.models import (
    ChainState,
    Environment,
    ErasedToken,
    Notification,
    NotificationState,
    ServerKey,
    SigningChain,
)
from subscriptions.services.asking import server_client
from subscriptions.services.backfill import HistoryReader
from subscriptions.services.chains import ask_about, chains_to_ask, distrust, take_out
from subscriptions.services.erasure import erase
from subscriptions.services.history import fetch_customer, upgrades_to_ask_about
from subscriptions.services.orders import look_up
from subscriptions.services.own_erasure import erase_from_own_data
from subscriptions.services.processing import has_waiting, process_received
from subscriptions.services.quarantine import MISPLACED, release_what_fits
from subscriptions.services.trials import try_webhook

PROCESS, CERTIFICATES, ERASE = "notifications.process", "notifications.certificates", "subscriptions.erase"
BACK_FILL, HISTORY, DETECT = "notifications.history", "subscriptions.history", "subscriptions.detect"
CHECK, ORDER, TRIAL = "subscriptions.check", "subscriptions.order", "notifications.test"
DISTRUST = "subscriptions.distrust"


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
        account,
        lambda keys: _hand_on(context, account, keys),
        lambda done: context.progress("notifications", done, None),
    )
    return {"worked_in": worked_in, "released": released}


def enqueue_detection(account: Account) -> Job:
    """Queue the look at an account's subscriptions."""
    return enqueue(
        DETECT,
        {"account": account.pk},
        subject=f"Check the subscriptions of {account}",
        unique_key=f"{DETECT}:{account.pk}",
        account_id=account.pk,
    )


@job(DETECT, title="Check subscriptions")
def check_subscriptions(context: JobContext) -> Result:
    account = Account.objects.filter(pk=context.payload["account"]).first()
    if account is None:
        raise JobFailed("The account is gone.")
    outcome = detect_subscriptions(account, clock.now())
    return {"new": len(outcome.new), "closed": len(outcome.closed)}


def enqueue_check(account: Account, keys: Collection[Key]) -> Job | None:
    """Queue the look at the customers of a few subscriptions, of which something new is known."""
    told = sorted(key for key in keys if key[1] == Environment.PRODUCTION)
    if not told:
        return None
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    return enqueue(
        CHECK,
        {"account": account.pk, "keys": [list(key) for key in told]},
        subject=f"Check {len(told)} {'subscription' if len(told) == 1 else 'subscriptions'} of {account}",
        unique_key=f"{CHECK}:{account.pk}:{digest}",
        account_id=account.pk,
    )


@job(CHECK, title="Check subscriptions of which something new is known")
def check_touched(context: JobContext) -> Result:
    account = Account.objects.filter(pk=context.payload["account"]).first()
    if account is None:
        raise JobFailed("The account is gone.")
    keys = {(int(app), str(environment), str(original)) for app, environment, original in context.payload["keys"]}
    outcome = detect_touched(account, keys, clock.now())
    return {"new": len(outcome.new), "closed": len(outcome.closed)}


@tick("subscriptions.detect", minutes=60)
def check_all_subscriptions(moment: datetime) -> None:
    """What did not come shows only as time goes by."""
    for account in Account.objects.filter(Exists(Notification.objects.filter(account=OuterRef("pk")))):
        enqueue_detection(account)


@job(CERTIFICATES, title="Ask about Apple's certificates", timeout=300)
def ask_about_certificates(context: JobContext) -> Result:
    """The online check, which must not hold up an answer to Apple."""
    try:
        asked = [ask_about(chain) for chain in chains_to_ask(clock.now())]
    except RootsMissing as exc:
        raise JobFailed(str(exc)) from exc
    return {"asked": len(asked), "not_good": [str(chain) for chain in asked if chain.state != ChainState.GOOD]}


@transaction.atomic
def enqueue_distrust(chain: SigningChain, *, requested_by: str = "") -> Job:
    """Distrust a pair of certificates from now on, and queue that nothing it signed before counts any more."""
    distrust(chain)
    return enqueue(
        DISTRUST,
        {"chain": chain.pk},
        subject=f"Take out what {chain} signed",
        requested_by=requested_by,
        unique_key=f"{DISTRUST}:{chain.pk}",
    )


@job(DISTRUST, title="Take out what a distrusted certificate signed", timeout=850)
def take_out_distrusted(context: JobContext) -> Result:
    chain = SigningChain.objects.filter(pk=context.payload["chain"], state=ChainState.DISTRUSTED).first()
    if chain is None:
        raise JobFailed("Nobody distrusts these certificates.")
    return {"subscriptions": take_out(chain)}


@job(ERASE, title="Erase an app account token")
def erase_token(context: JobContext) -> Result:
    erased = ErasedToken.objects.filter(pk=context.payload["erased"]).first()
    if erased is None:
        raise JobFailed("The erasure is gone.")
    return {"payloads": erase(erased), "files": erase_from_own_data(erased)}


@job(BACK_FILL, title="Look for notifications that did not come", timeout=850)
def fill_back(context: JobContext) -> Result:
    """`payload`: app, environment, and whether only failed ones are asked for."""
    app = _app(context.payload["app"])
    with _told_errors(), server_client(app, Environment(context.payload["environment"])) as client:
        reader = HistoryReader(app, Environment(context.payload["environment"]), client, context.check_lease)
        if context.payload["only_failures"]:
            reader.read_failures()
        else:
            reader.read_new()
    # Also what an interrupted run before took in, and could not hand on any more.
    if has_waiting(app.account):
        enqueue_processing(app.account)
    return {"read": reader.read, "recovered": reader.recovered}


@job(HISTORY, title="Fetch a customer's transactions", timeout=300)
def fetch_history(context: JobContext) -> Result:
    app, environment = _app(context.payload["app"]), Environment(context.payload["environment"])
    with _told_errors():
        fetched = fetch_customer(
            app, context.payload["id"], environment, lambda keys: _hand_on(context, app.account, keys)
        )
    return {"new": fetched.new}


def enqueue_order(account: Account, order_id: str, *, requested_by: str = "") -> Job:
    """Queue the question which purchases of an account's apps an order ID stands for."""
    return enqueue(
        ORDER,
        {"account": account.pk, "order": order_id},
        subject=f"Order {order_id} of {account}",
        requested_by=requested_by,
        unique_key=f"{ORDER}:{account.pk}:{order_id}",
        account_id=account.pk,
    )


@job(ORDER, title="Look up an order", timeout=300)
def look_up_order(context: JobContext) -> Result:
    """An order that Apple does not know is an answer, not a failure."""
    account = Account.objects.filter(pk=context.payload["account"]).first()
    if account is None:
        raise JobFailed("The account is gone.")
    with _told_errors():
        found = look_up(account, context.payload["order"], lambda keys: _hand_on(context, account, keys))
    return {"valid": found.is_valid, "told": [list(key) for key in sorted(found.told)], "new": found.new}


def enqueue_trial(app: App, environment: str, *, requested_by: str = "") -> Job:
    """Queue the question whether Apple reaches the webhook of an app."""
    return enqueue(
        TRIAL,
        {"app": app.pk, "environment": environment},
        subject=f"Test notification of {app}, {environment}",
        requested_by=requested_by,
        unique_key=f"{TRIAL}:{app.pk}:{environment}",
        account_id=app.account_id,
    )


@job(TRIAL, title="Ask Apple for a test notification", timeout=120)
def send_test(context: JobContext) -> Result:
    app = _app(context.payload["app"])
    with _told_errors():
        trial = try_webhook(app, Environment(context.payload["environment"]), context.check_lease)
    return {"results": list(trial.results), "has_address": trial.has_address}


def _hand_on(context: JobContext, account: Account, keys: Collection[Key]) -> None:
    """With the work itself, so that an interruption can not part the two."""
    enqueue_check(account, keys)
    context.check_lease()


@contextmanager
def _told_errors() -> Iterator[None]:
    """What another try cannot mend ends the job with its sentence; Apple's limit of calls makes it wait."""
    try:
        yield
    except ServerKey.DoesNotExist as exc:
        raise JobFailed("The account has no In-App Purchase key.") from exc
    except (DecryptionError, CredentialError, RootsMissing) as exc:
        raise JobFailed(str(exc)) from exc
    except AppStoreError as error:
        if error.category is Category.RATE_LIMIT:
            raise TryAgain("Apple's limit of calls is used up.", after=error.retry_after or 60) from error
        if error.is_transient:
            raise
        raise JobFailed(error.sentences) from error


def _app(pk: int) -> App:
    app = App.objects.filter(pk=pk).select_related("account").first()
    if app is None:
        raise JobFailed("The app is gone.")
    return app


def enqueue_back_fill(app: App, environment: str, *, only_failures: bool = False, requested_by: str = "") -> Job:
    """Queue the reading of Apple's notification history for one app."""
    what = "failed" if only_failures else "all"
    return enqueue(
        BACK_FILL,
        {"app": app.pk, "environment": environment, "only_failures": only_failures},
        subject=f"Notification history of {app}, {environment}, {what}",
        requested_by=requested_by,
        unique_key=f"{BACK_FILL}:{app.pk}:{environment}:{what}",
        account_id=app.account_id,
    )


def enqueue_history(app: App, environment: str, any_id: str, *, requested_by: str = "") -> Job:
    """Queue the fetching of all that Apple has on the customer behind a transaction id."""
    return enqueue(
        HISTORY,
        {"app": app.pk, "environment": environment, "id": any_id},
        subject=f"Transactions behind {any_id}",
        requested_by=requested_by,
        unique_key=f"{HISTORY}:{app.pk}:{environment}:{any_id}",
        account_id=app.account_id,
    )


def enqueue_upgrades(account: Account) -> list[Job]:
    """Queue the question to Apple which purchase an upgrade replaced, once for each upgrade."""
    return [enqueue_history(*each) for each in upgrades_to_ask_about(account)]


@tick("subscriptions.upgrades", minutes=60)
def look_for_upgrades(moment: datetime) -> None:
    for account in Account.objects.filter(server_key__isnull=False):
        enqueue_upgrades(account)


@tick("notifications.failures", minutes=60)
def look_for_failures(moment: datetime) -> None:
    for app, environment in askable_apps():
        enqueue_back_fill(app, environment, only_failures=True)


@tick("notifications.history", minutes=24 * 60)
def look_for_all(moment: datetime) -> None:
    for app, environment in askable_apps():
        enqueue_back_fill(app, environment)


def askable_apps(account: Account | None = None) -> Iterator[tuple[App, Environment]]:
    """Apps (of an account) whose account has an In-App Purchase key, in each environment that has an address."""
    apps = App.objects.filter(account__server_key__isnull=False, merged_into=None, provisional=False)
    if account is not None:
        apps = apps.filter(account=account)
    keys = {key.account_id: key for key in ServerKey.objects.all()}
    for app in apps.exclude(bundle_id="").exclude(apple_id=None).select_related("account").order_by("pk"):
        yield from ((app, each) for each in Environment if keys[app.account_id].url_of(each))


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
