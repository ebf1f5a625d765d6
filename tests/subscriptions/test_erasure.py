"""An app account token is personal data: erased, it is nowhere, and the books are as before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command

from ascrecon.jobs.service import run_now
from ascrecon.simulator.subscriptions.built import ANNA, BEN, steps_of
from ascrecon.simulator.subscriptions.steps import Shop, signed
from reports.models import Account
from subscriptions.jobs import enqueue_erasure
from subscriptions.models import Customer, Notification, OwnerSpan, Purchase, SignedTransaction, Subscription
from subscriptions.services.erasure import forget_from_now_on
from tests.factories import AccountFactory
from tests.subscriptions.conftest import Post, state

pytestmark = pytest.mark.django_db
STAND_IN = "erased-" + hashlib.sha256(ANNA.encode()).hexdigest()
Play = Callable[..., None]


def dump() -> str:
    out = StringIO()
    call_command("dumpdata", stdout=out)
    return out.getvalue()


def forget(account: Account, token: str) -> None:
    run_now(enqueue_erasure(forget_from_now_on(account, token, by="ada"), requested_by="ada"))


def test_a_token_is_erased_everywhere_and_the_books_stay(shop: Shop, play: Play, account: Account) -> None:
    play(signed(steps_of("token_moved"), shop))
    play(signed({f"b {n}": s for n, s in steps_of("billed_twice").items()}, shop))
    before = list(Purchase.objects.order_by("purchase_key").values_list("purchase_key", "price", "currency"))
    assert ANNA in dump()

    forget(account, ANNA.upper())

    everything = dump()
    assert ANNA not in everything.lower()
    assert BEN in everything
    assert list(Purchase.objects.order_by("purchase_key").values_list("purchase_key", "price", "currency")) == before
    owners = OwnerSpan.objects.filter(original_id="100").values_list("token", flat=True)
    assert list(owners) == [STAND_IN, BEN]
    assert Subscription.objects.get(original_id="300").app_account_token == STAND_IN


def test_its_raw_payloads_are_emptied_and_others_stay(shop: Shop, play: Play, account: Account) -> None:
    texts = signed(steps_of("token_moved"), shop)
    play([*texts, *signed(steps_of("family"), shop)])

    forget(account, ANNA)

    kept = {n.original_id + n.type: n.signed_payload for n in Notification.objects.exclude(original_id="500")}
    assert kept["100DID_RENEW"] == texts[2]
    assert Notification.objects.filter(signed_payload="").count() == 2
    assert SignedTransaction.objects.filter(jws="").count() == 2
    assert not Notification.objects.filter(sha256="").exists()


def test_what_comes_later_is_cleaned_on_arrival(shop: Shop, post: Post, play: Play, account: Account) -> None:
    """A back-fill would bring everything back."""
    texts = signed(steps_of("billed_twice"), shop)
    play(texts[:1])
    forget(account, ANNA)

    play(texts)

    assert ANNA not in dump()
    assert set(Subscription.objects.values_list("app_account_token", flat=True)) == {STAND_IN}
    assert Customer.objects.count() == 1
    assert Notification.objects.count() == 3


def test_the_state_is_the_same_whether_it_was_erased_before_or_after(shop: Shop, play: Play, account: Account) -> None:
    texts = signed(steps_of("token_moved"), shop)
    tables = (Subscription, Customer, Purchase, OwnerSpan)
    play(texts)
    forget(account, ANNA)
    erased_after = state(*tables)
    for model in (OwnerSpan, Purchase, Subscription, Customer, SignedTransaction):
        model._default_manager.all().delete()
    Notification.objects.all().delete()

    play(texts)

    assert state(*tables) == erased_after


def test_erasing_twice_changes_nothing_more(shop: Shop, play: Play, account: Account) -> None:
    play(signed(steps_of("token_moved"), shop))
    forget(account, ANNA)
    before = state(Notification, SignedTransaction, OwnerSpan)

    forget(account, ANNA)

    assert state(Notification, SignedTransaction, OwnerSpan) == before


def test_one_accounts_erasure_leaves_another_accounts_rows(shop: Shop, play: Play, account: Account) -> None:
    play(signed(steps_of("token_moved"), shop))
    forget(AccountFactory.make(name="Other"), ANNA)
    assert ANNA in dump()
