"""What the webhook missed is read from Apple's history, and what no notification tells is fetched, by the same door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pytest_django.fixtures import Settings

from ascrecon.appstore import AppStoreError
from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.jobs.ticks import run_due
from ascrecon.simulator.subscriptions.api import Refusal, RunningStore, rate_limited, serving
from ascrecon.simulator.subscriptions.authority import new_authority
from ascrecon.simulator.subscriptions.built import SEQUENCES, at, steps_of
from ascrecon.simulator.subscriptions.sender import HOUR, Sender
from ascrecon.simulator.subscriptions.steps import Shop
from ascrecon.simulator.subscriptions.store import Store
from ascrecon.storeserver.limits import PerSecond
from reports.models import Account, App
from reports.services.accounts import rotate_keys
from subscriptions.jobs import enqueue_back_fill, enqueue_history, enqueue_upgrades
from subscriptions.models import (
    BackFill,
    Environment,
    Notification,
    Purchase,
    Refund,
    RefusedPayload,
    ServerKey,
    SignedTransaction,
    Subscription,
)
from subscriptions.moments import moment
from subscriptions.services.asking import server_client
from subscriptions.services.backfill import HistoryReader
from subscriptions.services.history import fetch_customer
from subscriptions.services.server_keys import set_server_key
from tests.doors import refusal, told
from tests.subscriptions.conftest import state
from tests.sync.conftest import quick_client

__all__ = ["quick_client"]
pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]
STATE = (Subscription, Purchase, Refund)


@pytest.fixture
def store(shop: Shop, clock: Clock) -> Store:
    """The App Store on day 100 of the built sequences."""
    clock(moment(at(100)) or datetime.now(UTC))
    return Store(shop, at(100))


@pytest.fixture
def server(store: Store, account: Account) -> Iterator[RunningStore]:
    with serving(store) as running:
        set_server_key(account, running.key_id, running.private_key, running.url, issuer_id=running.issuer_id)
        yield running


def back_fill(app: App, **options: Any) -> dict[str, Any]:
    job = run_now(enqueue_back_fill(app, "production", **options))
    for other in Job.objects.filter(kind="notifications.process", state="queued"):
        run_now(other)
    assert job.state == "done", job.message
    return dict(job.result or {})


class TestBackFill:
    def test_it_brings_what_never_came_by_the_same_door(self, server: RunningStore, store: Store, app: App) -> None:
        store.happen(steps_of("refund_reversed"))
        store.happen(steps_of("billed_twice"))

        assert back_fill(app) == {"read": 6, "recovered": 6}

        assert set(Notification.objects.values_list("source", "state")) == {("history", "processed")}
        assert Purchase.objects.count() == 4

    def test_it_ends_like_the_webhook_would_have(
        self, server: RunningStore, store: Store, app: App, play: Callable[..., None]
    ) -> None:
        sent = [each for name in SEQUENCES for each in store.happen(steps_of(name))]
        play(each.text for each in sent[::3])

        assert back_fill(app)["recovered"] == len(sent) - len(sent[::3])

        found = state(*STATE)
        Notification.objects.all().update(state="received")
        SignedTransaction.objects.all().delete()
        play(each.text for each in sent)
        assert state(*STATE) == found

    def test_a_second_time_it_asks_for_the_last_day_only(self, server: RunningStore, store: Store, app: App) -> None:
        store.happen(steps_of("renew"))
        back_fill(app)

        assert back_fill(app) == {"read": 0, "recovered": 0}
        kept = BackFill.objects.get()
        assert (kept.read, kept.recovered, kept.covered_until_ms) == (2, 2, at(100))

    def test_it_goes_on_with_the_page_at_which_it_was_stopped(
        self, server: RunningStore, store: Store, app: App
    ) -> None:
        store.happen({f"{n} {name}": step for n in range(15) for name, step in steps_of("grace_lost").items()})
        with server_client(app, Environment.PRODUCTION) as client:
            pages = iter(range(9))

            def stop_after_one() -> None:
                if next(pages) == 1:
                    raise RuntimeError("killed")

            with pytest.raises(RuntimeError, match="killed"):
                HistoryReader(app, Environment.PRODUCTION, client, stop_after_one).read_new()
        assert (Notification.objects.count(), BackFill.objects.get().page_token) == (20, "p20")

        assert back_fill(app) == {"read": 40, "recovered": 40}
        assert Notification.objects.count() == 60

    def test_it_starts_again_where_apple_has_forgotten_the_page(
        self, server: RunningStore, store: Store, app: App
    ) -> None:
        store.happen(steps_of("grace_lost"))
        BackFill.objects.create(
            app=app, environment="production", page_start_ms=at(0), page_end_ms=at(100), page_token="gone"
        )
        assert back_fill(app) == {"read": 4, "recovered": 4}

    def test_it_reads_no_further_back_than_apple_keeps(
        self, server: RunningStore, store: Store, app: App, clock: Clock
    ) -> None:
        store.happen(steps_of("billing_retry_lost"))  # days 0, 30 and 90
        store.now_ms = at(215)
        clock(moment(at(215)) or datetime.now(UTC))

        assert back_fill(app)["recovered"] == 1

    def test_it_asks_for_failures_alone(self, server: RunningStore, store: Store, app: App) -> None:
        delivered, failed = store.happen(steps_of("trial"))
        for each, result in ((delivered, "SUCCESS"), (failed, "NO_RESPONSE")):
            each.attempts.append({"attemptDate": at(7), "sendAttemptResult": result})
        store.now_ms = at(9)

        with server_client(app, Environment.PRODUCTION) as client:
            pages = list(client.notifications(at(0), at(9), only_failures=True))
        assert [page.signed_payloads for page in pages] == [(failed.text,)]

    def test_a_forged_page_counts_nothing(self, server: RunningStore, store: Store, shop: Shop, app: App) -> None:
        store.happen(steps_of("renew"))
        forger = Store(Shop(new_authority(), shop.bundle_id, shop.apple_id), at(100))
        store.notifications += forger.happen(steps_of("trial"))

        assert back_fill(app) == {"read": 4, "recovered": 2}
        assert RefusedPayload.objects.get().count == 2

    def test_it_is_scheduled_for_every_app_with_a_key(self, server: RunningStore, store: Store, app: App) -> None:
        run_due()
        jobs = Job.objects.filter(kind="notifications.history")
        assert sorted(job.payload["only_failures"] for job in jobs) == [False, True]


class TestCustomer:
    def test_it_learns_what_no_notification_tells(
        self, server: RunningStore, store: Store, app: App, play: Callable[..., None]
    ) -> None:
        """That the old purchase was upgraded stands only in the history."""
        play(each.text for each in store.happen(steps_of("upgrade")))
        assert not Purchase.objects.filter(marked_upgraded=True).exists()

        run_now(enqueue_history(app, "production", "200"))

        assert Purchase.objects.get(marked_upgraded=True).product_id == "B"
        assert Purchase.objects.count() == 2

    def test_each_upgrade_is_asked_about_once(
        self, server: RunningStore, store: Store, app: App, play: Callable[..., None]
    ) -> None:
        play(each.text for each in store.happen(steps_of("upgrade"), marked=False))

        (job,) = enqueue_upgrades(app.account)
        assert run_now(job).state == "done"

        # Apple does not tell it: asking again would not help, and a person sees what is not marked (A22).
        assert enqueue_upgrades(app.account) == []
        assert not Purchase.objects.filter(marked_upgraded=True).exists()

    def test_it_finds_transactions_that_never_came(self, server: RunningStore, store: Store, app: App) -> None:
        store.happen(steps_of("refund"))
        store.happen(steps_of("billed_twice"))

        assert fetch_customer(app, "300").new == 3

        assert sorted(Subscription.objects.values_list("original_id", "status", "auto_renew")) == [
            ("300", 1, 1), ("400", 1, 1),
        ]  # fmt: skip

    def test_it_pages_and_goes_on_from_the_revision(self, server: RunningStore, store: Store, app: App) -> None:
        first = steps_of("renew")["renew 1"]
        for number in range(45):
            row = {**first.transaction, "transactionId": str(2000 + number), "webOrderLineItemId": str(9000 + number),
                   "purchaseDate": at(number / 10)}  # fmt: skip
            store.happen({str(number): first.__class__(**{**vars(first), "transaction": row})})

        assert fetch_customer(app, "100").new == 45
        assert server.api.calls["inApps/v2/history"] == 3

        assert fetch_customer(app, "100").new == 0
        assert server.api.calls["inApps/v2/history"] == 4

    def test_it_asks_production_first_and_then_sandbox(
        self, server: RunningStore, account: Account, app: App, sandbox: Shop
    ) -> None:
        elsewhere = Store(sandbox, at(100))
        elsewhere.happen(steps_of("renew"))
        with serving(elsewhere) as other:
            other.api.key = server.api.key
            ServerKey.objects.update(sandbox_url=other.url)

            assert fetch_customer(app, "100").environment == "sandbox"

        assert server.api.calls["inApps/v1/subscriptions"] == 1
        assert set(Purchase.objects.values_list("environment", flat=True)) == {"sandbox"}

    def test_it_says_where_apple_knows_no_such_id(self, server: RunningStore, app: App) -> None:
        job = run_now(enqueue_history(app, "production", "12345"))

        assert job.state == "failed"
        assert "does not know this id" in job.message


class TestManners:
    def test_it_waits_as_long_as_apple_says_in_milliseconds_since_1970(
        self, server: RunningStore, store: Store, app: App
    ) -> None:
        until = datetime.now(UTC) + timedelta(minutes=30)
        server.api.refuse_next = [rate_limited(int(until.timestamp() * 1000))]

        job = run_now(enqueue_back_fill(app, "production"))

        assert job.state == "waiting"
        assert job.next_try is not None
        assert abs((job.next_try - until).total_seconds()) < 60

    @pytest.mark.parametrize("code", [4040002, 4040004, 4040006, 5000001, 5000000])
    def test_it_tries_again_where_apple_says_so(self, code: int, server: RunningStore, store: Store, app: App) -> None:
        store.happen(steps_of("renew"))
        server.api.refuse_next = [Refusal(code, "Try again.")]

        assert fetch_customer(app, "100").new == 2

    def test_it_names_the_key_that_is_wanted(self, server: RunningStore, app: App) -> None:
        ServerKey.objects.update(key_id="OTHER")
        job = run_now(enqueue_back_fill(app, "production"))
        assert job.state == "failed"
        assert "In-App Purchase key" in job.message

    def test_it_keeps_below_the_limits_of_each_endpoint(self) -> None:
        now, slept = [0.0], list[float]()

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            now[0] += seconds

        turns = PerSecond(is_sandbox=False, monotonic=lambda: now[0], sleep=sleep)
        for _ in range(3):
            turns.wait_for_turn("refunds")
        turns.wait_for_turn("history")

        # Half of 10 a second: 0.2 s apart; another endpoint has a limit of its own.
        assert [round(pause, 3) for pause in slept] == [0.2, 0.2]

    def test_a_test_notification_is_asked_for_and_looked_up(self, server: RunningStore, app: App) -> None:
        with server_client(app, Environment.PRODUCTION) as client:
            token = client.request_test()
            assert client.test_results(token) == []
            with pytest.raises(AppStoreError) as told_error:
                client.test_results("other")
        assert told_error.value.code == "4040008"


class TestKeys:
    def test_the_key_is_encrypted_and_rotated_with_the_others(self, server: RunningStore, settings: Settings) -> None:
        before = ServerKey.objects.get()
        assert "PRIVATE KEY" not in before.private_key_encrypted
        settings.ASCRECON_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ASCRECON_ENCRYPTION_KEYS]

        assert rotate_keys() == 1

        after = ServerKey.objects.get()
        assert after.private_key_encrypted != before.private_key_encrypted
        assert after.private_key == server.private_key

    def test_it_comes_with_the_account(self, server: RunningStore, tmp_path: Path) -> None:
        key = tmp_path / "SubscriptionKey.p8"
        key.write_text(server.private_key)
        account = ("account", "add", "--name", "New", "--issuer-id", "i-1", "--key-id", "K1", "--vendor-number", "8",
                   "--private-key", key)  # fmt: skip

        assert refusal(*account, "--iap-key-id", "K2")["seen"] == "Only half of the In-App Purchase key was given."
        assert not Account.objects.filter(name="New").exists()
        told(*account, "--iap-key-id", "K2", "--iap-key", key, "--server-api-url", server.url)

        kept = ServerKey.objects.get(account__name="New")
        assert (kept.key_id, kept.issuer_id, kept.production_url, kept.sandbox_url) == ("K2", "i-1", server.url, "")


@pytest.mark.django_db(transaction=True)
class TestRetries:
    """Apple's schedule in simulated time, over HTTP."""

    @pytest.fixture
    def sender(self, store: Store, account: Account, live_server: Any) -> Sender:
        return Sender(store, f"{live_server.url}/notifications/{account.pk}/production/")

    def test_an_outage_of_four_days_loses_nothing(
        self, sender: Sender, store: Store, settings: Settings, roots: Path, clock: Clock
    ) -> None:
        settings.ASCRECON_APPLE_ROOTS = ""
        (bought, *_) = store.happen(steps_of("renew"))
        sender.send(bought)

        sender.run_until(at(3.9), lambda ms: clock(moment(ms) or datetime.now(UTC)))
        assert [(a["attemptDate"] - at(0)) // HOUR for a in bought.attempts] == [0, 1, 13, 37, 85]
        assert not Notification.objects.exists()
        settings.ASCRECON_APPLE_ROOTS = str(roots)
        sender.run_until(at(10), lambda ms: clock(moment(ms) or datetime.now(UTC)))

        assert bought.attempts[-1] == {"attemptDate": at(0) + 157 * HOUR, "sendAttemptResult": "SUCCESS"}
        kept = Notification.objects.get()
        assert (kept.signed_ms, kept.received_at) == (at(0), moment(at(0) + 157 * HOUR))

    def test_after_the_last_attempt_the_history_brings_it(
        self, sender: Sender, store: Store, settings: Settings, roots: Path, clock: Clock, account: Account, app: App
    ) -> None:
        settings.ASCRECON_APPLE_ROOTS = ""
        sent = store.happen(steps_of("renew"))
        for each in sent:
            sender.send(each)
        assert sender.run_until(at(60)) == 12
        settings.ASCRECON_APPLE_ROOTS = str(roots)
        clock(moment(at(60)) or datetime.now(UTC))

        with serving(store) as running:
            set_server_key(account, running.key_id, running.private_key, running.url, issuer_id=running.issuer_id)
            assert back_fill(app) == {"read": 2, "recovered": 2}

        assert Purchase.objects.count() == 2

    def test_sandbox_is_sent_once(self, sandbox: Shop, account: Account, live_server: Any, settings: Settings) -> None:
        settings.ASCRECON_APPLE_ROOTS = ""
        store = Store(sandbox, at(0))
        sender = Sender(store, f"{live_server.url}/notifications/{account.pk}/sandbox/")
        (sent,) = store.happen({"one": steps_of("renew")["renew 1"]})
        sender.send(sent)
        assert sender.run_until(at(30)) == 1
