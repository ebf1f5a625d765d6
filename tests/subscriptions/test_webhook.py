"""What Apple sends is verified, kept and answered at once; a repeat has no effect; what is not Apple's is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django.fixtures import Settings

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.jobs.ticks import run_due
from ascrecon.simulator.subscriptions.authority import Authority, Wishes, new_authority
from ascrecon.simulator.subscriptions.built import steps_of
from ascrecon.simulator.subscriptions.steps import Shop, payload, signed
from reports.models import Account, App
from subscriptions.models import (
    Notification,
    OtherPayload,
    Purchase,
    Quarantine,
    RefusedPayload,
    SignedTransaction,
    Subscription,
)
from tests import factories as make
from tests.subscriptions.conftest import Post

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def first_of(shop: Shop, name: str = "renew") -> dict[str, Any]:
    return payload(next(iter(steps_of(name).values())), shop, uuid4())


def with_transaction(shop: Shop, **changes: Any) -> str:
    """A good first purchase whose signed transaction has other fields."""
    content = first_of(shop)
    inner = {
        **steps_of("renew")["renew 1"].transaction, "bundleId": shop.bundle_id, "environment": "Production",
        "signedDate": content["signedDate"], **changes,
    }  # fmt: skip
    content["data"]["signedTransactionInfo"] = shop.authority.sign(inner)
    return shop.authority.sign(content)


def test_it_keeps_a_notification_and_leaves_the_work_to_a_job(shop: Shop, post: Post, app: App) -> None:
    content = first_of(shop)
    text = shop.authority.sign(content)

    assert post(text) == 200

    kept = Notification.objects.get()
    assert (kept.state, kept.app, kept.environment) == ("received", app, "production")
    assert (kept.type, kept.subtype, str(kept.uuid)) == ("SUBSCRIBED", "INITIAL_BUY", content["notificationUUID"])
    assert kept.signed_payload == text
    assert kept.payload["data"]["bundleId"] == "com.acme.notes"
    assert kept.inner["signedTransactionInfo"]["price"] == 9990
    assert not Subscription.objects.exists()
    run_now(Job.objects.get())
    assert Subscription.objects.get().original_id == "100"
    assert SignedTransaction.objects.get().jws == content["data"]["signedTransactionInfo"]


def test_a_repeat_is_answered_and_has_no_effect(shop: Shop, post: Post) -> None:
    text = shop.authority.sign(first_of(shop))

    assert [post(text) for _ in range(3)] == [200, 200, 200]

    kept = Notification.objects.get()
    assert kept.deliveries == 3
    assert Job.objects.count() == 1


def test_it_tells_another_payload_under_the_same_uuid_from_a_repeat(shop: Shop, post: Post) -> None:
    content = first_of(shop)
    post(shop.authority.sign(content))

    assert post(shop.authority.sign({**content, "signedDate": content["signedDate"] + 1})) == 200

    assert Notification.objects.get().signed_ms == content["signedDate"]
    assert OtherPayload.objects.count() == 1


def test_it_takes_the_account_by_its_name_too(shop: Shop, post: Post) -> None:
    assert post(shop.authority.sign(first_of(shop)), account_name="Acme") == 200


def test_it_knows_no_other_address(shop: Shop, post: Post, client: Client) -> None:
    text = shop.authority.sign(first_of(shop))
    provisional = make.AccountFactory.make(name="Some file", provisional=True)

    assert post(text, account_name=987654) == 404
    assert post(text, account_name=provisional.pk) == 404
    assert post(text, "xcode") == 404
    assert post(text, "localtesting") == 404
    assert not Notification.objects.exists()


def test_it_takes_a_post_without_the_last_slash(shop: Shop, account: Account, client: Client) -> None:
    body = json.dumps({"signedPayload": shop.authority.sign(first_of(shop))})
    address = f"/notifications/{account.pk}/production"
    assert client.post(address, body, content_type="application/json").status_code == 200


def test_it_answers_nothing_but_a_post(account: Account, client: Client) -> None:
    assert client.get(f"/notifications/{account.pk}/production/").status_code == 405
    assert client.put(f"/notifications/{account.pk}/production/").status_code == 405


def test_it_needs_neither_session_nor_csrf_token_and_sets_no_cookie(shop: Shop, account: Account) -> None:
    client = Client(enforce_csrf_checks=True)
    body = json.dumps({"signedPayload": shop.authority.sign(first_of(shop))})

    response = client.post(f"/notifications/{account.pk}/production/", body, content_type="application/json")

    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"1", b'"x"', b"\xff\xfe", b"{", b'{"signedPayload": null}', b'{"signedPayload": 5}',
     b'{"signedPayload": ""}', b'{"signedPayload": "a.b"}', b'{"signedPayload": "a.b.c.d"}',
     b'{"signedPayload": ["x"]}', b'{"signedPayload": {"a": 1}}', b"[" * 100_000, b'{"a":' * 30_000,
     b'{"signedPayload": "' + "é.é.é".encode() + b'"}', b"signedPayload=a.b.c", b'{"signedPayload": "..."}',
     b'{"signedPayload": ".."}', b'{"signedPayload": "e30.e30.e30"}', b'{"x": ' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_it_refuses_what_is_no_signed_payload(body: bytes, account: Account, client: Client) -> None:
    response = client.post(f"/notifications/{account.pk}/production/", body, content_type="application/json")

    assert response.status_code == 400
    assert RefusedPayload.objects.get().reason in ("malformed", "signature")
    assert not Notification.objects.exists()


@pytest.mark.parametrize("size", [300_000, 5_000_000, 10_000_000])
def test_it_refuses_a_large_body_before_reading_it(size: int, account: Account, client: Client) -> None:
    with patch("subscriptions.webhook.json.loads") as read:
        response = client.post(f"/notifications/{account.pk}/production/", b"[" * size, content_type="application/json")

    assert response.status_code == 413
    read.assert_not_called()


def test_it_counts_refusals_by_hour_and_reason(post: Post, clock: Callable[[datetime], None]) -> None:
    clock(NOON)
    for _ in range(3):
        post("a.b.c")
    clock(datetime(2026, 11, 20, 13, 5, tzinfo=UTC))
    post("a.b.c")

    counted = RefusedPayload.objects.order_by("hour").values_list("hour__hour", "count", "last_address")
    assert list(counted) == [(12, 3, "127.0.0.1"), (13, 1, "127.0.0.1")]


def test_it_asks_for_another_try_while_the_database_is_down(shop: Shop, post: Post) -> None:
    text = shop.authority.sign(first_of(shop))

    with patch.object(connection, "cursor", side_effect=OperationalError("down")):
        assert post(text) == 503
    assert post(text) == 200


def test_it_asks_for_another_try_where_keeping_fails_half_way(shop: Shop, post: Post) -> None:
    """The notification and its job are one transaction: no row without a job, no 200 without a row."""
    text = shop.authority.sign(first_of(shop))

    with patch("subscriptions.webhook.enqueue_processing", side_effect=OperationalError("gone")):
        assert post(text) == 503

    assert not Notification.objects.exists()
    assert post(text) == 200
    assert (Notification.objects.get().deliveries, Job.objects.count()) == (1, 1)


def test_it_asks_for_another_try_while_no_root_certificate_is_there(
    shop: Shop, post: Post, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ASCRECON_APPLE_ROOTS = ""

    assert post(shop.authority.sign(first_of(shop))) == 503

    assert "put Apple's root certificates (from Apple PKI" in caplog.text
    assert str(settings.ASCRECON_DATA_DIR / "apple-roots") in caplog.text


class TestQuarantine:
    def test_it_keeps_a_notification_of_an_app_that_is_not_configured(self, shop: Shop, post: Post) -> None:
        foreign = Shop(shop.authority, "com.other.app", 42)

        assert post(foreign.authority.sign(first_of(foreign))) == 202

        kept = Notification.objects.get()
        assert (kept.state, kept.quarantine, kept.app) == ("quarantined", Quarantine.UNKNOWN_APP, None)
        assert not Job.objects.exists()

    def test_it_counts_once_the_app_is_known(self, shop: Shop, post: Post, account: Account) -> None:
        foreign = Shop(shop.authority, "com.other.app", 42)
        post(foreign.authority.sign(first_of(foreign)))
        make.AppFactory.make(account=account, bundle_id="com.other.app", apple_id=42, sku="OTHER")

        run_due()
        run_now(Job.objects.get(kind="notifications.process"))

        assert Notification.objects.get().state == "processed"
        assert Subscription.objects.get().app.bundle_id == "com.other.app"

    def test_none_waits_behind_those_that_fit_no_app(
        self, shop: Shop, post: Post, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("subscriptions.services.quarantine.PORTION", 1)
        misfit = Shop(shop.authority, shop.bundle_id, 42)
        shops = [Shop(shop.authority, "com.other.app", 43), Shop(shop.authority, "com.third.app", 44)]
        for each in (misfit, *shops):
            post(each.authority.sign(first_of(each)))
        for each in shops:
            make.AppFactory.make(account=account, bundle_id=each.bundle_id, apple_id=each.apple_id, sku=each.bundle_id)

        run_due()
        run_now(Job.objects.get(kind="notifications.process"))

        states = Notification.objects.order_by("pk").values_list("state", "quarantine")
        assert list(states) == [("quarantined", Quarantine.APP_ID), ("processed", ""), ("processed", "")]

    def test_sandbox_stays_out_of_production_also_once_its_app_is_known(
        self, sandbox: Shop, post: Post, account: Account
    ) -> None:
        foreign = Shop(sandbox.authority, "com.other.app", 42, environment=sandbox.environment)
        post(foreign.authority.sign(first_of(foreign)))
        make.AppFactory.make(account=account, bundle_id="com.other.app", apple_id=42, sku="OTHER")

        run_due()
        run_now(Job.objects.get(kind="notifications.process"))

        assert Notification.objects.get().quarantine == Quarantine.ENVIRONMENT

    def test_it_does_not_believe_another_apple_id(self, shop: Shop, post: Post) -> None:
        twisted = Shop(shop.authority, shop.bundle_id, 42)

        assert post(twisted.authority.sign(first_of(twisted))) == 202

        assert Notification.objects.get().quarantine == Quarantine.APP_ID

    def test_it_keeps_sandbox_out_of_production(self, sandbox: Shop, post: Post) -> None:
        assert post(sandbox.authority.sign(first_of(sandbox))) == 202

        kept = Notification.objects.get()
        assert (kept.quarantine, kept.environment) == (Quarantine.ENVIRONMENT, "sandbox")

    def test_what_came_to_the_wrong_address_counts_at_the_right_one(
        self, sandbox: Shop, post: Post, account: Account
    ) -> None:
        text = sandbox.authority.sign(first_of(sandbox))

        assert [post(text), post(text, "sandbox")] == [202, 200]

        run_now(Job.objects.get())
        assert Purchase.objects.get().environment == "sandbox"
        assert not Purchase.objects.filter(environment="production").exists()


class TestUnknownThings:
    def test_it_keeps_a_type_that_it_does_not_know(self, shop: Shop, post: Post) -> None:
        content = {**first_of(shop), "notificationType": "BRAND_NEW", "subtype": "SHINY"}

        assert post(shop.authority.sign(content)) == 200

        kept = Notification.objects.get()
        assert (kept.type, kept.subtype, kept.known) == ("BRAND_NEW", "SHINY", False)

    def test_it_keeps_a_kind_that_it_does_not_know(self, shop: Shop, post: Post) -> None:
        content = {
            "notificationType": "UNCLAIM_SEATS", "notificationUUID": str(uuid4()), "version": "2.0",
            "signedDate": 1767225600000,
            "unclaimInfo": {"bundleId": shop.bundle_id, "appAppleId": shop.apple_id, "environment": "Production",
                            "unclaimSeatIds": ["1"]},
        }  # fmt: skip

        assert post(shop.authority.sign(content)) == 200

        kept = Notification.objects.get()
        assert (kept.kind, kept.known, kept.payload["unclaimInfo"]["unclaimSeatIds"]) == ("unclaimInfo", False, ["1"])

    def test_it_keeps_aside_a_kind_that_names_no_app(self, shop: Shop, post: Post) -> None:
        content = {"notificationUUID": str(uuid4()), "signedDate": 1767225600000, "unclaimInfo": {"x": 1}}
        assert post(shop.authority.sign(content)) == 202

    def test_it_keeps_a_test_notification(self, shop: Shop, post: Post, account: Account) -> None:
        content = {
            "notificationType": "TEST", "notificationUUID": str(uuid4()), "version": "2.0", "signedDate": 1767225600000,
            "data": {"bundleId": shop.bundle_id, "appAppleId": shop.apple_id, "environment": "Production"},
        }  # fmt: skip

        assert post(shop.authority.sign(content)) == 200

        run_now(Job.objects.get())
        assert Notification.objects.get().state == "processed"
        assert not Subscription.objects.exists()

    def test_it_keeps_fields_that_no_library_knows(self, shop: Shop, post: Post) -> None:
        post(with_transaction(shop, previousOriginalTransactionId="77", madeUp={"a": 1}))
        run_now(Job.objects.get())

        copy = SignedTransaction.objects.get()
        assert (copy.previous_original_id, copy.payload["madeUp"]) == ("77", {"a": 1})

    @pytest.mark.parametrize(
        ("price", "kept"),
        [("9990", 9990), (9.99, None), (None, None), ([1], None), (True, None), (10**30, None), ("9,99", None)],
    )
    def test_it_never_guesses_a_price(self, price: object, kept: int | None, shop: Shop, post: Post) -> None:
        assert post(with_transaction(shop, price=price)) == 200
        run_now(Job.objects.get())

        assert Purchase.objects.get().price == kept
        told = Notification.objects.get().problems
        assert bool(told) == (kept is None and price is not None)

    @pytest.mark.parametrize(
        "odd",
        [{"transactionId": None}, {"originalTransactionId": "x" * 5000}, {"productId": "a\x00b"}, {"currency": 7},
         {"purchaseDate": "soon"}, {"expiresDate": 10**19}, {"offerType": -1}, {"isUpgraded": "yes"},
         {"appAccountToken": {"a": 1}}, {"storefront": "\ud800"}, {"revocationPercentage": 1.5},
         {"quantity": float("nan")}],
    )  # fmt: skip
    def test_it_takes_in_odd_fields_as_unknown(self, odd: dict[str, Any], shop: Shop, post: Post) -> None:
        assert post(with_transaction(shop, **odd)) == 200
        run_now(Job.objects.get())

        assert Notification.objects.get().state == "processed"


def test_it_believes_a_certificate_that_was_valid_when_it_signed(
    shop: Shop, post: Post, authority: Authority, roots: Any
) -> None:
    """A back-fill or a late retry may come after Apple has changed its certificate."""
    expired = new_authority("Old", Wishes(leaf_until=datetime(2026, 6, 1, tzinfo=UTC)))
    (roots / "old.cer").write_bytes(expired.root.der)
    old = Shop(expired, shop.bundle_id, shop.apple_id)
    first, second = steps_of("renew").values()  # signed 2026-01-01 and 2026-01-30

    late = {"late": second.__class__(**{**vars(second), "signed_ms": 1_790_000_000_000})}

    assert post(signed({"first": first}, old)[0]) == 200
    assert post(signed(late, old)[0]) == 400
