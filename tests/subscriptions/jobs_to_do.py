"""Queued jobs of this app, for the tests that cut every kind of job at any of its steps.

The same bytes every time: a signature by ECDSA differs from one to the next.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import enqueue
from ascrecon.simulator.subscriptions.authority import Authority, new_authority
from ascrecon.simulator.subscriptions.built import ANNA, steps_of
from ascrecon.simulator.subscriptions.steps import Shop, signed
from reports.models import Account
from subscriptions.jobs import CERTIFICATES, enqueue_erasure, enqueue_processing
from subscriptions.models import Source
from subscriptions.services.erasure import forget_from_now_on
from subscriptions.services.intake import take_in
from subscriptions.services.processing import process_received
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


def processing(folder: Path) -> Job:
    return enqueue_processing(_received(folder))


def certificates(folder: Path) -> Job:
    _received(folder)
    return enqueue(CERTIFICATES, subject="Certificates", unique_key=CERTIFICATES)


def erasure(folder: Path) -> Job:
    account = _received(folder)
    process_received(account)
    return enqueue_erasure(forget_from_now_on(account, ANNA, by="ada"), requested_by="ada")
