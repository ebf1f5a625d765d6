"""The lives of subscriptions, as Apple tells them: the same state whatever the order, the repeats and the portions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, permutations
from random import Random
from typing import Any

import pytest
from django.db import transaction

from ascrecon.simulator.subscriptions.built import ANNA, BEN, CARA, SEQUENCES, at, steps_of
from ascrecon.simulator.subscriptions.real import ORIGINAL
from ascrecon.simulator.subscriptions.real import STEPS as REAL
from ascrecon.simulator.subscriptions.steps import Shop, signed
from reports.models import Account
from subscriptions.models import (
    Customer,
    OwnerSpan,
    Purchase,
    Refund,
    SignedTransaction,
    StatusSpan,
    Subscription,
)
from subscriptions.services.processing import process_received
from tests.subscriptions.conftest import Post, state

pytestmark = pytest.mark.django_db
STATE = (Subscription, Customer, Purchase, Refund, OwnerSpan, StatusSpan)
MOST_ORDERS = 6
Play = Callable[..., None]
Portions = Sequence[Sequence[str]]


def orders(payloads: list[str]) -> Iterator[Portions]:
    """In order; shuffled; each twice; each prefix worked in before the rest; one by one, backwards."""
    shuffle = Random(7)  # noqa: S311
    yield [payloads]
    if len(payloads) <= 4:
        yield from ([list(order)] for order in islice(permutations(payloads), MOST_ORDERS))
    else:
        yield from ([shuffle.sample(payloads, len(payloads))] for _ in range(MOST_ORDERS))
    yield [[payload for each in payloads for payload in (each, each)]]
    yield [shuffle.sample(payloads * 2, 2 * len(payloads))]
    yield from ([payloads[:cut], payloads[cut:]] for cut in range(1, len(payloads)))
    yield [[payload] for payload in reversed(payloads)]


def outcome(portions: Portions, post: Post, account: Account) -> dict[str, Any]:
    """The state after these portions, each worked in before the next comes; nothing of it stays."""
    with transaction.atomic():
        for portion in portions:
            assert {post(payload) for payload in portion} == {200}
            process_received(account)
        found = state(*STATE)
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("name", ["real", *SEQUENCES])
def test_a_sequence_ends_in_the_same_state_in_any_order(name: str, shop: Shop, post: Post, account: Account) -> None:
    steps = REAL if name == "real" else steps_of(name)
    first, *others = (outcome(portions, post, account) for portions in orders(signed(steps, shop)))

    assert first["Subscription"]
    for other in others:
        assert other == first


def moved(model: type[Any], *names: str) -> list[tuple[Any, ...]]:
    return list(model.objects.order_by("pk").values_list(*names))


def purchases(*names: str) -> list[tuple[Any, ...]]:
    return list(Purchase.objects.order_by("purchase_ms", "purchase_key").values_list(*names))


def refunds() -> list[tuple[str, int, int | None]]:
    return list(Refund.objects.order_by("at_ms").values_list("kind", "at_ms", "amount"))


def statuses() -> list[tuple[int, float]]:
    return [(status, (ms - at(0)) / 86_400_000) for status, ms in
            StatusSpan.objects.order_by("from_ms").values_list("status", "from_ms")]  # fmt: skip


class TestTheRealOne:
    """Four runs of one sandbox subscription, as Apple sent them."""

    @pytest.fixture(autouse=True)
    def played(self, shop: Shop, play: Play) -> None:
        play(signed(REAL, shop))

    def test_it_has_six_purchases_of_which_none_came_from_a_change_of_plan(self) -> None:
        assert purchases("transaction_id", "product_id", "price") == [
            ("2000001024998954", "P1", 1990), ("2000001025686313", "P1", 1990), ("2000001027701898", "P3", 5990),
            ("2000001027701928", "P1", 1990), ("2000001022604840", "P1", 1990), ("2000001025288486", "P3", 5990),
        ]  # fmt: skip
        assert set(Purchase.objects.values_list("currency", "counts")) == {("AUD", True)}

    def test_an_upgrade_supersedes_what_was_bought_before(self) -> None:
        # c1 was bought 12 seconds before c2 and is refunded in part; Apple never says how much.
        assert list(Purchase.objects.exclude(superseded_ms=None).values_list("transaction_id", "superseded_ms")) == [
            ("2000001027701898", 1759727790000)
        ]

    def test_the_refund_of_an_old_purchase_is_a_line_of_its_own_and_ends_nothing(self) -> None:
        assert refunds() == [("refund", 1760591999000, -1990)]
        now = Subscription.objects.get()
        assert (now.original_id, now.product_id, now.status, now.auto_renew) == (ORIGINAL, "P3", 1, 1)
        assert (now.price, now.revocation_ms, now.next_price) == (5990, None, 5990)
        assert now.started_ms == 1759301833000


def test_until_the_renewal_a_queued_change_of_plan_is_only_announced(shop: Shop, play: Play) -> None:
    play(signed({name: REAL[name] for name in ("c1", "c2", "c3", "c4")}, shop))

    now = Subscription.objects.get()
    assert (now.product_id, now.next_product_id, now.next_price) == ("P1", "P3", 5990)


def test_a_renewal_is_a_purchase_though_its_period_starts_after_it_was_signed(shop: Shop, play: Play) -> None:
    play(signed(steps_of("renew"), shop))

    assert purchases("purchase_key", "price", "reason") == [("900", 9990, "PURCHASE"), ("901", 9990, "RENEWAL")]
    assert Subscription.objects.get().expires_ms == at(60)


def test_an_upgrade_leaves_one_purchase_running(shop: Shop, play: Play) -> None:
    play(signed(steps_of("upgrade"), shop))

    assert purchases("product_id", "superseded_ms", "marked_upgraded") == [("B", at(10), False), ("M", None, False)]
    assert Subscription.objects.get().product_id == "M"


def test_a_downgrade_takes_effect_at_the_renewal(shop: Shop, play: Play) -> None:
    play(signed(dict(list(steps_of("downgrade").items())[:2]), shop))
    assert (Subscription.objects.get().product_id, Subscription.objects.get().next_product_id) == ("M", "B")

    play(signed(steps_of("downgrade"), shop))
    assert Subscription.objects.get().product_id == "B"
    assert purchases("product_id", "price") == [("M", 9990), ("B", 4990)]


def test_a_refund_is_a_negative_line_and_the_purchase_stays(shop: Shop, play: Play) -> None:
    play(signed(steps_of("refund"), shop))

    assert refunds() == [("refund", at(3) - 3_600_000, -9990)]
    assert purchases("price", "revoked_ms") == [(9990, at(3) - 3_600_000)]
    assert Subscription.objects.get().status == 5


def test_a_refund_in_part_gives_back_its_share(shop: Shop, play: Play) -> None:
    play(signed(steps_of("refund_in_part"), shop))

    # 50 % of 9.990
    assert refunds() == [("refund", at(3) - 3_600_000, -4995)]


@pytest.mark.parametrize(
    ("odd", "amount"),
    [({"revocationPercentage": None}, None), ({"revocationPercentage": 0}, None),
     ({"revocationPercentage": 150000}, None), ({"revocationType": "SOMETHING_NEW"}, None),
     ({"revocationType": None, "revocationPercentage": None}, -9990), ({"price": None}, None),
     ({"revocationPercentage": 33333}, -3330)],
)  # fmt: skip
def test_the_amount_of_a_refund_is_unknown_rather_than_guessed(
    odd: dict[str, Any], amount: int | None, shop: Shop, play: Play
) -> None:
    first, second = steps_of("refund_in_part").items()
    changed = second[1].__class__(**{**vars(second[1]), "transaction": {**second[1].transaction, **odd}})

    play(signed({first[0]: first[1], second[0]: changed}, shop))

    assert refunds() == [("refund", at(3) - 3_600_000, amount)]


def test_a_refund_that_was_declined_is_no_line(shop: Shop, play: Play) -> None:
    play(signed(steps_of("refund_declined"), shop))
    assert refunds() == []


def test_a_refund_that_was_taken_back_is_offset_not_deleted(shop: Shop, play: Play) -> None:
    play(signed(steps_of("refund_reversed"), shop))

    assert refunds() == [("refund", at(3) - 3_600_000, -9990), ("reversal", at(8), 9990)]
    now = Subscription.objects.get()
    assert (now.status, now.expires_ms, now.revocation_ms) == (1, at(30), None)


def test_grace_that_ends_with_a_payment_never_interrupts(shop: Shop, play: Play) -> None:
    play(signed(steps_of("grace_recovered"), shop))

    assert statuses() == [(1, 0), (4, 30), (1, 35)]
    assert purchases("purchase_ms", "expires_ms") == [(at(0), at(30)), (at(30), at(60))]


def test_grace_that_ran_out_interrupts_until_the_payment(shop: Shop, play: Play) -> None:
    play(signed(steps_of("grace_lost"), shop))
    assert statuses() == [(1, 0), (4, 30), (3, 46), (1, 70)]


def test_billing_retry_that_fails_buys_nothing(shop: Shop, play: Play) -> None:
    play(signed(steps_of("billing_retry_lost"), shop))

    assert statuses() == [(1, 0), (3, 30), (2, 90)]
    assert purchases("transaction_id") == [("100",)]
    assert Subscription.objects.get().expiration_intent == 2


def test_resubscribing_goes_on_under_the_same_id(shop: Shop, play: Play) -> None:
    play(signed(steps_of("resubscribed"), shop))

    assert purchases("product_id", "price") == [("M", 9990), ("Y", 59990)]
    assert statuses() == [(1, 0), (2, 30), (1, 45)]
    assert Subscription.objects.count() == Customer.objects.count() == 1


def test_a_token_that_moved_is_a_dated_history_of_owners(shop: Shop, play: Play) -> None:
    play(signed(steps_of("token_moved"), shop))

    # Announced on day 20 in the renewal information, but Anna's until the renewal of day 30.
    assert moved(OwnerSpan, "token", "from_ms", "to_ms", "source") == [
        (ANNA, at(0), at(30), "purchase"), (BEN, at(30), None, "renewal"),
    ]  # fmt: skip
    assert purchases("price", "app_account_token") == [(9990, ANNA), (59990, BEN)]
    assert Subscription.objects.get().app_account_token == BEN


def test_a_token_that_was_set_later_counts_from_the_next_renewal(shop: Shop, play: Play) -> None:
    play(signed(steps_of("linked_later"), shop))
    assert moved(OwnerSpan, "token", "from_ms", "source") == [(CARA, at(30), "renewal")]


def test_a_token_set_on_a_running_purchase_counts_from_then(shop: Shop, play: Play) -> None:
    (name, bought) = next(iter(steps_of("token_moved").items()))
    later = bought.__class__(**{
        **vars(bought), "signed_ms": at(12), "type": "DID_CHANGE_RENEWAL_STATUS", "subtype": "AUTO_RENEW_ENABLED",
        "transaction": {**bought.transaction, "appAccountToken": CARA.upper()},
    })  # fmt: skip

    play(signed({name: bought, "set": later}, shop))

    assert moved(OwnerSpan, "token", "from_ms", "to_ms", "source") == [
        (ANNA, at(0), at(12), "purchase"), (CARA, at(12), None, "set"),
    ]  # fmt: skip


def test_two_subscriptions_of_one_apple_account_are_one_customers(shop: Shop, play: Play) -> None:
    play(signed(steps_of("billed_twice"), shop))

    customer = Customer.objects.get()
    assert (customer.key_kind, customer.key) == ("app_transaction", "70300")
    assert sorted(s.original_id for s in customer.subscriptions.all()) == ["300", "400"]
    assert purchases("original_id", "price") == [("300", 9990), ("400", 59990), ("300", 9990)]


def test_two_apple_accounts_are_two_customers(shop: Shop, play: Play) -> None:
    play(signed(steps_of("billed_by_two_apple_accounts"), shop))
    assert Customer.objects.count() == 2


def test_family_sharing_counts_nothing_and_is_never_refunded(shop: Shop, play: Play) -> None:
    play(signed(steps_of("family"), shop))

    assert purchases("original_id", "counts") == [("100", True), ("500", False)]
    assert refunds() == []
    assert dict(Subscription.objects.values_list("original_id", "status")) == {"100": 1, "500": 5}


def test_a_restored_purchase_counts_once(shop: Shop, play: Play) -> None:
    play(signed(steps_of("restored"), shop))

    assert purchases("purchase_key", "transactions", "price") == [("900", 1, 9990), ("901", 2, 9990)]
    assert not Purchase.objects.filter(contradicts=True).exists()


def test_one_line_item_with_two_prices_contradicts_itself(shop: Shop, play: Play) -> None:
    steps = steps_of("restored")
    last = steps["restored 3"]
    dearer = last.__class__(**{**vars(last), "transaction": {**last.transaction, "price": 8990}})

    play(signed({**steps, "restored 3": dearer}, shop))

    assert purchases("purchase_key", "contradicts") == [("900", False), ("901", True)]


def test_a_late_retry_is_slotted_in_where_it_was_signed(shop: Shop, play: Play) -> None:
    bought, off, on = signed(steps_of("switched_off_and_on"), shop)

    play([bought, on, off])

    assert Subscription.objects.get().auto_renew == 1


def test_prices_are_whole_milliunits_also_where_a_currency_has_no_decimals(shop: Shop, play: Play) -> None:
    play(signed(steps_of("yen_and_won"), shop))
    assert purchases("price", "currency") == [(300_000, "JPY"), (3_300_000, "KRW")]


def test_a_transaction_that_changed_its_subscription_counts_once(shop: Shop, play: Play) -> None:
    """Seen in Apple's incident of 2025: the same transaction under another original id. Both copies stay."""
    (name, bought) = next(iter(steps_of("renew").items()))
    elsewhere = bought.__class__(**{
        **vars(bought), "signed_ms": at(2), "transaction": {**bought.transaction, "originalTransactionId": "999"},
        "renewal": {**(bought.renewal or {}), "originalTransactionId": "999"},
    })  # fmt: skip
    payloads = signed({name: bought, "moved": elsewhere}, shop)

    play(payloads[:1])
    play(payloads[1:])

    assert purchases("original_id", "price") == [("999", 9990)]
    assert SignedTransaction.objects.count() == 2
    assert [s.original_id for s in Subscription.objects.all()] == ["999"]


def test_sandbox_and_production_are_kept_apart(shop: Shop, sandbox: Shop, play: Play) -> None:
    """The ids of both may look alike."""
    play(signed({f"s {name}": step for name, step in steps_of("renew").items()}, sandbox), "sandbox")
    play(signed(steps_of("trial"), shop))

    assert sorted(Subscription.objects.values_list("environment", "original_id", "price")) == [
        ("production", "100", 9990), ("sandbox", "100", 9990),
    ]  # fmt: skip
    assert Purchase.objects.filter(environment="production").count() == 2
    assert Customer.objects.count() == 2


def test_playing_everything_again_adds_nothing(shop: Shop, play: Play) -> None:
    """A back-fill hands over what the webhook had already."""
    payloads = [payload for name in ("renew", "family", "billed_twice") for payload in signed(steps_of(name), shop)]
    play(payloads)
    before, copies = state(*STATE), SignedTransaction.objects.count()

    play(payloads)

    assert (state(*STATE), SignedTransaction.objects.count()) == (before, copies)
