"""The page of an account's line to the App Store Server: key, addresses, test notification, history; exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.simulator.subscriptions.api import RunningStore, serving
from ascrecon.simulator.subscriptions.built import ANNA, at, steps_of
from ascrecon.simulator.subscriptions.steps import Shop, signed
from ascrecon.simulator.subscriptions.store import Store
from reports.models import Account, App
from subscriptions.models import Notification, ServerKey
from subscriptions.moments import moment
from subscriptions.services import trials
from subscriptions.services.server_keys import set_server_key
from tests.admin.conftest import login
from tests.subscriptions.test_admin import page_of, text
from tests.sync.conftest import quick_client

__all__ = ["login", "quick_client"]
pytestmark = pytest.mark.django_db
Login = Callable[[str], Client]
Play = Callable[..., None]


@pytest.fixture
def store(shop: Shop, clock: Callable[[datetime], None]) -> Store:
    clock(moment(at(100)) or datetime.now(UTC))
    return Store(shop, at(100))


@pytest.fixture
def server(store: Store, account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningStore]:
    monkeypatch.setattr(trials, "PAUSES", (0, 0))
    with serving(store) as running:
        yield running


@pytest.fixture
def page(account: Account) -> str:
    return f"/admin/subscriptions/serverkey/account/{account.pk}/"


def keep_key(server: RunningStore, account: Account) -> None:
    set_server_key(account, server.key_id, server.private_key, server.url, issuer_id=server.issuer_id)


def entered(server: RunningStore, **more: Any) -> dict[str, Any]:
    return {"key_id": server.key_id, "issuer_id": server.issuer_id, "server_api_url": server.url,
            "new_key": server.private_key, **more}  # fmt: skip


class TestKey:
    def test_an_administrator_enters_and_replaces_it(self, server: RunningStore, page: str, login: Login) -> None:
        administrator = login("Administrator")
        assert administrator.post(f"{page}key/", entered(server))["Location"] == page
        kept = ServerKey.objects.get()
        assert kept.private_key == server.private_key
        assert "PRIVATE KEY" not in kept.private_key_encrypted

        file = SimpleUploadedFile("SubscriptionKey_K2.p8", server.private_key.encode())
        administrator.post(f"{page}key/", entered(server, key_id="K2", new_key="", key_file=file))

        assert ServerKey.objects.get().key_id == "K2"
        assert "K2 is kept, encrypted" in text(administrator, page)

    def test_nobody_sees_the_key_again(self, server: RunningStore, page: str, login: Login) -> None:
        administrator, secret = login("Administrator"), server.private_key.splitlines()[1]
        failed = administrator.post(f"{page}key/", entered(server, key_id="")).content.decode()
        assert "This field is required" in failed
        assert secret not in failed
        administrator.post(f"{page}key/", entered(server))
        kept = ServerKey.objects.get()
        for address in (
            page,
            f"{page}key/",
            "/admin/subscriptions/serverkey/",
            page_of(kept),
            page_of(kept, "history"),
        ):
            shown = text(administrator, address)
            assert secret not in shown
            assert kept.private_key_encrypted not in shown

    def test_it_says_beside_the_field_what_is_wrong(self, server: RunningStore, page: str, login: Login) -> None:
        wrong = login("Administrator").post(
            f"{page}key/", entered(server, new_key="-----BEGIN RSA PRIVATE KEY-----\nA")
        )
        assert "This is an RSA key" in wrong.content.decode()
        assert not ServerKey.objects.exists()

    def test_others_see_how_it_stands_and_not_which_key(
        self, server: RunningStore, account: Account, page: str, login: Login
    ) -> None:
        keep_key(server, account)
        viewer = login("Viewer")
        shown = text(viewer, page)
        assert "A key is kept" in shown
        assert server.key_id not in shown
        assert viewer.get(f"{page}key/").status_code == 403
        assert viewer.post(f"{page}read/").status_code == 403
        assert login("Analyst").post(f"{page}probe/").status_code == 403


class TestState:
    def test_it_shows_addresses_roots_and_what_came(
        self, account: Account, page: str, shop: Shop, play: Play, login: Login, settings: Settings
    ) -> None:
        settings.ASCRECON_BASE_URL = "https://ascrecon.example.com"
        play(signed(steps_of("renew"), shop))
        viewer = login("Viewer")

        shown = text(viewer, page)

        for environment in ("production", "sandbox"):
            assert f"https://ascrecon.example.com/notifications/{account.pk}/{environment}/" in shown
        assert "SimulatedRoot.cer" in shown
        assert "another one" in shown
        assert "by https" not in shown
        assert page in text(viewer, "/admin/subscriptions/serverkey/")
        assert page in text(viewer, f"/admin/reports/account/{account.pk}/change/")

    def test_it_says_what_is_missing(self, page: str, login: Login, settings: Settings) -> None:
        settings.ASCRECON_APPLE_ROOTS = ""
        shown = text(login("Viewer"), page)
        assert "No root certificate is there" in shown
        assert "nothing has come" in shown
        assert "Apple reaches only addresses on the internet" in shown
        assert "None yet: without it" in shown

    def test_the_history_is_read_at_a_click(
        self, server: RunningStore, store: Store, account: Account, app: App, page: str, login: Login
    ) -> None:
        keep_key(server, account)
        ServerKey.objects.update(sandbox_url="")
        store.happen(steps_of("refund_reversed"))
        analyst = login("Analyst")
        assert "never to its end" in text(analyst, page)

        analyst.post(f"{page}read/")
        run_now(Job.objects.get(kind="notifications.history"))

        shown = text(analyst, page)
        # Read on day 100 (2026-04-11); the next reading is at midnight UTC.
        assert "2026-04-11 00:00" in shown
        assert "2026-04-12 00:00" in shown
        assert shown.count('<td class="num">3</td>') == 3  # received, listed by Apple, had not come

    def test_a_reading_that_failed_is_told_in_words(
        self, server: RunningStore, account: Account, app: App, page: str, login: Login
    ) -> None:
        keep_key(server, account)
        ServerKey.objects.update(key_id="OTHER", sandbox_url="")
        analyst = login("Analyst")
        analyst.post(f"{page}read/")
        run_now(Job.objects.get(kind="notifications.history"))
        assert "In-App Purchase key" in text(analyst, page).partition("Notification history")[2]


class TestTrial:
    def ask(self, client: Client, page: str) -> str:
        client.post(f"{page}probe/")
        job = run_now(Job.objects.filter(kind="notifications.test").latest("id"))
        assert job.state == "done", job.message
        return text(client, page).partition("Notification history")[2]

    @pytest.fixture
    def administrator(self, server: RunningStore, account: Account, app: App, login: Login) -> Client:
        keep_key(server, account)
        ServerKey.objects.update(sandbox_url="")
        return login("Administrator")

    @pytest.mark.django_db(transaction=True)
    def test_apple_reaches_the_webhook(
        self, server: RunningStore, account: Account, page: str, administrator: Client, live_server: Any
    ) -> None:
        server.api.webhook = f"{live_server.url}/notifications/{account.pk}/production/"
        assert "SUCCESS: Apple reached the webhook" in self.ask(administrator, page)
        assert Notification.objects.get().type == "TEST"

    @pytest.mark.django_db(transaction=True)
    def test_it_explains_why_not(
        self, server: RunningStore, page: str, administrator: Client, live_server: Any
    ) -> None:
        server.api.webhook = f"{live_server.url}/notifications/99/production/"
        assert "UNSUCCESSFUL_HTTP_RESPONSE_CODE: Something answered, but not with 200" in self.ask(administrator, page)
        server.api.webhook = ""
        assert "No address is entered in App Store Connect" in self.ask(administrator, page)
        server.api.webhook = None
        assert "had not sent it within half a minute" in self.ask(administrator, page)


def exported(client: Client, model: str, query: str = "") -> list[dict[str, str]]:
    response = client.get(f"/admin/subscriptions/{model}/export/csv/{query}")
    content = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(content.partition("\r\n\r\n")[2])))


class TestExports:
    def test_moments_and_amounts_are_for_people(self, shop: Shop, play: Play, login: Login) -> None:
        play(signed(steps_of("billed_twice"), shop))
        play(signed(steps_of("yen_and_won"), shop))

        (yen,) = exported(login("Viewer"), "purchase", "?currency=JPY")

        assert (yen["Bought (UTC)"], yen["Expires (UTC)"]) == ("2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z")
        assert (yen["List price"], yen["Currency"]) == ("300.000", "JPY")

    def test_logins_are_marks_for_those_who_may_not_see_them(self, shop: Shop, play: Play, login: Login) -> None:
        play(signed(steps_of("billed_twice"), shop))
        assert {row["Owner"] for row in exported(login("Analyst"), "subscription")} == {ANNA}
        (mark,) = {row["Owner"] for row in exported(login("Viewer"), "subscription")}
        assert mark.startswith("login #")

    def test_a_signed_payload_can_be_kept(self, shop: Shop, play: Play, login: Login) -> None:
        (payload,) = signed({"renew 1": steps_of("renew")["renew 1"]}, shop)
        play([payload])
        row = Notification.objects.get()
        address = page_of(row, "download")
        response = login("Analyst").get(address)
        assert response.content.decode() == payload
        assert response["Content-Disposition"] == f'attachment; filename="notification-{row.uuid}.jws"'
        assert address in text(login("Analyst"), page_of(row))
        assert login("Viewer").get(address).status_code == 403
        Notification.objects.update(signed_payload="")
        assert login("Analyst").get(address).status_code == 302
