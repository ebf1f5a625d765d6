"""Queued jobs of this app, for the tests that cut every kind of job at any of its steps.

The same bytes every time: a signature by ECDSA differs from one to the next.
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from django.conf import settings

from ascrecon.crypto import encrypt
from ascrecon.jobs.models import Job
from ascrecon.jobs.service import enqueue
from ascrecon.simulator.subscriptions.api import RunningStore, serving
from ascrecon.simulator.subscriptions.authority import Authority, new_authority
from ascrecon.simulator.subscriptions.built import ANNA, at, steps_of
from ascrecon.simulator.subscriptions.steps import DAY, Shop, Step, signed
from ascrecon.simulator.subscriptions.store import Store, order_id_of
from reports.models import Account, App
from subscriptions.derive.state import Key
from subscriptions.jobs import (
    CERTIFICATES,
    enqueue_back_fill,
    enqueue_check,
    enqueue_detection,
    enqueue_distrust,
    enqueue_erasure,
    enqueue_history,
    enqueue_order,
    enqueue_processing,
    enqueue_trial,
)
from subscriptions.models import DataKind, ServerKey, SigningChain, Source
from subscriptions.services.erasure import forget_from_now_on
from subscriptions.services.intake import take_in
from subscriptions.services.own_data import About
from subscriptions.services.own_data import take_in as take_in_own_data
from subscriptions.services.processing import process_received
from subscriptions.services.server_keys import set_server_key
from tests import factories as make

NAMES = ("token_moved", "billed_twice", "refund_reversed")


@cache
def _authority() -> Authority:
    return new_authority()


@cache
def _payloads() -> tuple[str, ...]:
    shop = Shop(_authority(), "com.acme.notes", 1500000001)
    return tuple(text for name in NAMES for text in signed(steps_of(name), shop))


def _received(folder: Path) -> Account:
    settings.ASCRECON_APPLE_ROOTS = str(folder / "roots")
    _authority().write_root(folder / "roots")
    account = make.AppFactory.make().account
    for text in _payloads():
        take_in(text, account=account, environment=None, source=Source.WEBHOOK)
    return account


#: When an answer came, and how much the attempt that was cut had read already.
ASKED = ("BackFill.asked_at", "BackFill.read", "BackFill.recovered")
#: Apple signs what it is asked for anew each time.
FETCHED = ("HistoryCursor.asked_at", "SignedTransaction.jws", "SignedRenewal.jws")
#: Apple keeps notifications for 180 days; the tests' clock stands in November.
LATER = 300 * DAY


@cache
def _store() -> Store:
    """The same store for as long as the tests run."""
    store = Store(Shop(_authority(), "com.acme.notes", 1500000001), at(323))
    for name in NAMES:
        steps = steps_of(name).items()
        store.happen({key: Step(**{**vars(step), "signed_ms": min(step.signed_ms + LATER, at(322))})
                      for key, step in steps})  # fmt: skip
    return store


_running = ExitStack()
# Left to the end of the interpreter, it would wait for ever for a thread that has stopped.
atexit.register(_running.close)


@cache
def _server() -> RunningStore:
    return _running.enter_context(serving(_store()))


def _asked(folder: Path) -> App:
    settings.ASCRECON_APPLE_ROOTS = str(folder / "roots")
    _authority().write_root(folder / "roots")
    app, server = make.AppFactory.make(), _server()
    set_server_key(app.account, server.key_id, server.private_key, server.url, issuer_id=server.issuer_id)
    ServerKey.objects.update(private_key_encrypted=_encrypted(server.private_key))
    return app


@cache
def _encrypted(pem: str) -> str:
    """A key encrypted twice differs."""
    return encrypt(pem)


def back_fill(folder: Path) -> Job:
    return enqueue_back_fill(_asked(folder), "production")


def history(folder: Path) -> Job:
    return enqueue_history(_asked(folder), "production", "300")


def order(folder: Path) -> Job:
    return enqueue_order(_asked(folder).account, order_id_of("920"))


def trial(folder: Path) -> Job:
    app = _asked(folder)
    _server().api.webhook = "http://127.0.0.1:9/"  # nothing answers there
    return enqueue_trial(app, "production")


def processing(folder: Path) -> Job:
    return enqueue_processing(_received(folder))


def certificates(folder: Path) -> Job:
    _received(folder)
    return enqueue(CERTIFICATES, subject="Certificates", unique_key=CERTIFICATES)


def distrusted(folder: Path) -> Job:
    account = _received(folder)
    process_received(account)
    Job.objects.all().delete()
    return enqueue_distrust(SigningChain.objects.get())


def detection(folder: Path) -> Job:
    account = _received(folder)
    process_received(account)
    return enqueue_detection(account)


def check(folder: Path) -> Job:
    account, touched = _received(folder), set[Key]()
    process_received(account, touched.update)
    job = enqueue_check(account, touched)
    assert job is not None, "everything is of production"
    return job


def erasure(folder: Path) -> Job:
    account = _received(folder)
    process_received(account)
    logins = folder / "logins.csv"
    logins.write_text(f"app_account_token\n{ANNA}\n")
    take_in_own_data(logins, logins.name, about=About(DataKind.USERS, account, make.MORNING))
    Job.objects.all().delete()
    return enqueue_erasure(forget_from_now_on(account, ANNA, by="ada"), requested_by="ada")
