"""Apple's servers send at the same time: one row for each notification, whoever comes first."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client

from ascrecon.jobs.models import Job
from ascrecon.simulator.subscriptions.built import SEQUENCES
from ascrecon.simulator.subscriptions.steps import Shop, payload
from reports.models import Account
from subscriptions.models import Notification, SignedTransaction
from subscriptions.services.processing import process_received

pytestmark = pytest.mark.django_db(transaction=True)


def test_parallel_copies_are_kept_once(shop: Shop, account: Account) -> None:
    steps = [step for build in SEQUENCES.values() for step in build()][:25]
    texts = [shop.authority.sign(payload(step, shop, UUID(int=n + 1))) for n, step in enumerate(steps)]
    waiting = texts * 12
    Random(3).shuffle(waiting)  # noqa: S311

    def send(text: str) -> int:
        try:
            address = f"/notifications/{account.pk}/production/"
            return Client().post(address, {"signedPayload": text}, content_type="application/json").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as senders:
        answers = Counter(senders.map(send, waiting))

    assert answers == {200: 300}
    assert Notification.objects.count() == 25
    assert set(Notification.objects.values_list("deliveries", flat=True)) == {12}
    assert Job.objects.filter(kind="notifications.process").exclude(state="done").count() == 1


def test_two_workers_at_once_work_everything_in_once(shop: Shop, account: Account) -> None:
    for number, step in enumerate(SEQUENCES["grace_lost"]()):
        body = {"signedPayload": shop.authority.sign(payload(step, shop, UUID(int=number + 1)))}
        Client().post(f"/notifications/{account.pk}/production/", body, content_type="application/json")

    def work(_: int) -> int:
        try:
            return process_received(account)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4))) == 4

    assert SignedTransaction.objects.count() == 4
