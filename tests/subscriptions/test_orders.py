"""An order ID from a customer's e-mail leads to the subscription, by asking Apple."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.simulator.subscriptions.api import RunningStore, serving
from ascrecon.simulator.subscriptions.authority import new_authority
from ascrecon.simulator.subscriptions.built import at, steps_of
from ascrecon.simulator.subscriptions.steps import Shop
from ascrecon.simulator.subscriptions.store import Store, order_id_of
from reports.models import Account, App
from subscriptions.models import RefusedPayload, ServerKey, Subscription
from subscriptions.moments import moment
from subscriptions.services.server_keys import set_server_key
from tests.admin.conftest import login
from tests.subscriptions.test_admin import text
from tests.sync.conftest import quick_client

__all__ = ["login", "quick_client"]
pytestmark = pytest.mark.django_db
Login = Callable[[str], Client]
LIST = "/admin/subscriptions/subscription/"
ORDER = order_id_of("920")  # the line item of the first purchase of subscription 300
PAGE = f"{LIST}order/{ORDER}/"


@pytest.fixture
def store(shop: Shop, clock: Callable[[datetime], None]) -> Store:
    clock(moment(at(100)) or datetime.now(UTC))
    store = Store(shop, at(100))
    store.happen(steps_of("billed_twice"))
    return store


@pytest.fixture
def server(store: Store, account: Account) -> Iterator[RunningStore]:
    with serving(store) as running:
        set_server_key(account, running.key_id, running.private_key, running.url, issuer_id=running.issuer_id)
        yield running


def ask(client: Client, page: str = PAGE) -> Job:
    assert client.post(page)["Location"] == page
    return run_now(Job.objects.get(kind="subscriptions.order"))


def test_it_looks_like_one(server: RunningStore) -> None:
    assert re.fullmatch(r"M[0-9A-F]{9}", ORDER)


def test_the_search_leads_from_an_order_to_its_subscription(server: RunningStore, app: App, login: Login) -> None:
    analyst = login("Analyst")
    assert PAGE in text(analyst, f"{LIST}?q={ORDER.lower()}")
    assert "Not asked yet" in text(analyst, PAGE)
    assert server.api.calls["inApps/v1/lookup"] == 0, "no request asks Apple"

    job = ask(analyst)

    assert (job.state, job.result) == (
        "done", {"valid": True, "told": [[app.pk, "production", "300"]], "new": 1},
    )  # fmt: skip
    (row,) = Subscription.objects.all()
    assert f"{LIST}{row.pk}/change/" in text(analyst, PAGE)
    assert f"{LIST}{row.pk}/change/" in text(analyst, f"{LIST}?q={ORDER}"), "the answer is remembered"
    assert Job.objects.filter(kind="subscriptions.check").count() == 1


def test_it_says_where_apple_knows_no_such_order(server: RunningStore, login: Login) -> None:
    analyst, page = login("Analyst"), f"{LIST}order/MK4T0B1C2D/"
    assert ask(analyst, page).state == "done"
    assert "Apple knows no such order" in text(analyst, page)
    assert not Subscription.objects.exists()


def test_an_account_without_a_key_cannot_be_asked(account: Account, login: Login) -> None:
    assert "no In-App Purchase key" in text(login("Analyst"), PAGE)
    login("Analyst").post(PAGE)
    assert not Job.objects.exists()


def test_what_is_no_order_id_is_none(server: RunningStore, login: Login) -> None:
    analyst = login("Analyst")
    for other in ("300", "MK-4T0B1C2D", "aaaaaaaa-0000-4000-8000-000000000009"):
        assert "/order/" not in text(analyst, f"{LIST}?q={other}")
        assert analyst.get(f"{LIST}order/{other}/").status_code == 404


def test_who_may_not_ask_sees_what_was_answered(server: RunningStore, login: Login) -> None:
    ask(login("Analyst"))
    viewer = login("Viewer")
    assert "Subscription 300" in text(viewer, PAGE)
    assert viewer.post(PAGE).status_code == 403


def test_what_apple_did_not_sign_counts_nothing_and_is_told(
    server: RunningStore, store: Store, shop: Shop, login: Login
) -> None:
    store.shop = Shop(new_authority(), shop.bundle_id, shop.apple_id)
    analyst = login("Analyst")
    assert ask(analyst).state == "done"
    assert RefusedPayload.objects.get().count == 1
    assert "nothing in it could be verified" in text(analyst, PAGE)


def test_a_key_that_apple_refuses_is_told(server: RunningStore, login: Login) -> None:
    ServerKey.objects.update(key_id="OTHER")
    analyst = login("Analyst")
    assert ask(analyst).state == "failed"
    assert "In-App Purchase key" in text(analyst, PAGE)
