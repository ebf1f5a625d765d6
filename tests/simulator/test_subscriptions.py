"""The App Store Server of a scenario: who is told what and when, and how often it tries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509

from ascrecon.simulator import ScenarioError, Simulator, running
from tests.simulator.asking import SALES, ask, sales, text_of
from tests.simulator.scenarios import NOTES, scenario
from tests.simulator.test_process import lines_until_ready, started

TODAY = date(2026, 11, 20)
PLANS = [
    {"product_id": "pro", "prices": {"USD": "4.99", "JPY": "700", "EUR": "4.99"}},
    {"product_id": "basic", "prices": {"USD": "1.99", "JPY": "300", "EUR": "2.29"}},
]


def with_subscribers(*faults: dict[str, object], **changes: object) -> dict[str, object]:
    return scenario(*faults, subscriptions=[{"apple_id": 1, "subscribers": 0, "plans": PLANS, **changes}])


class Webhook(HTTPServer):
    """Answers with `status`, and keeps what came: moment, and the payload of the notification."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keeper)
        self.status = 200
        self.came: list[tuple[str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/production/"


class _Keeper(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told = jwt.decode(body["signedPayload"], options={"verify_signature": False})
        self.server.came.append((self.headers["X-Simulated-Now"], told))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def listening() -> Iterator[Webhook]:
    webhook = Webhook()
    Thread(target=webhook.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield webhook
    finally:
        webhook.shutdown()
        webhook.server_close()


def bought(told: dict[str, Any]) -> dict[str, Any]:
    signed = told["data"]["signedTransactionInfo"]
    payload: dict[str, Any] = jwt.decode(signed, options={"verify_signature": False})
    return payload


def test_notifications_are_sent_as_the_day_is_moved_each_at_its_moment() -> None:
    played = with_subscribers({"kind": "token_moved", "apple_id": 1, "date": "2026-10-01"})
    played["subscriptions"][0]["plans"] = [*PLANS, {**PLANS[0], "product_id": "year", "period": "1 Year"}]  # type: ignore[index]
    with listening() as webhook, running(played) as apple:
        door = f"{apple.url}/_sim"
        requests.post(f"{door}/webhook", json={"production": webhook.url}, timeout=10).raise_for_status()
        first = requests.post(f"{door}/today", json={"today": "2026-10-25"}, timeout=10).json()
        then = requests.post(f"{door}/today", json={"today": "2026-11-20"}, timeout=10).json()

    assert (first["notification_attempts"], then["notification_attempts"]) == (2, 1)
    kinds = [(told["notificationType"], told.get("subtype", "")) for _, told in webhook.came]
    assert kinds == [("SUBSCRIBED", "INITIAL_BUY"), ("DID_CHANGE_RENEWAL_PREF", "DOWNGRADE"), ("DID_RENEW", "")]
    for moment, told in webhook.came:
        assert datetime.fromisoformat(moment).timestamp() * 1000 == told["signedDate"]
    rows = [bought(told) for _, told in webhook.came]
    assert [(row["productId"], row["price"], row["currency"], row["storefront"]) for row in rows] == [
        ("pro", 4990, "USD", "USA"), ("pro", 4990, "USD", "USA"), ("year", 4990, "USD", "USA"),
    ]  # fmt: skip
    assert rows[0]["appAccountToken"] != rows[2]["appAccountToken"]
    assert len({row["originalTransactionId"] for row in rows}) == 1


def test_a_webhook_that_is_down_is_tried_again_on_apples_schedule() -> None:
    with listening() as webhook, running(with_subscribers(
        {"kind": "renewal_missing", "apple_id": 1, "date": "2026-10-01", "country": "JP"}
    )) as apple:  # fmt: skip
        webhook.status = 503
        apple.shops.send_to(webhook.url)
        assert apple.move_to(date(2026, 10, 2)) == 3
        webhook.status = 200
        assert apple.move_to(TODAY) == 1

    at = [datetime.fromisoformat(moment) for moment, _ in webhook.came]
    assert [(later - at[0]).total_seconds() / 3600 for later in at] == [0, 1, 13, 37]
    assert bought(webhook.came[0][1])["price"] == 700_000
    assert len({told["notificationUUID"] for _, told in webhook.came}) == 1


def test_the_same_seed_gives_the_same_lives_and_other_apps_do_not_change_them() -> None:
    def lives(played: dict[str, object]) -> list[object]:
        with running(played) as apple:
            return [(each.name, each.step) for each in apple.shops.groups[0].plans.steps]

    alone = with_subscribers(subscribers=6)
    assert lives(alone) == lives(alone)
    assert lives({**alone, "apps": [NOTES]}) == lives(alone)
    assert len(lives(alone)) > 12


def test_nothing_is_expected_of_a_reader_who_hears_nothing() -> None:
    with running(with_subscribers({"kind": "renewal_missing", "apple_id": 1, "date": "2026-10-01"})) as apple:
        assert apple.planted() == []
        apple.shops.send_to("http://127.0.0.1:9/")
        (found,) = apple.planted()
    assert (found["metric"], found["from"], found["money_at_risk"]) == ("A08", "2026-10-31", {"USD": "4.99"})


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"kind": "token_moved", "apple_id": 1}, "app 1 lacks a yearly plan; add it to its plans"),
        ({"kind": "renewal_missing", "apple_id": 2}, "app 2 has no subscriptions; add it to subscriptions"),
        ({"kind": "renewal_missing", "apple_id": 1, "country": "FR"}, "country 'FR'; give one of US, JP, DE, AR"),
        ({"kind": "harmless_subscription", "apple_id": 1, "story": "eclipse"}, "story is 'eclipse'"),
        (
            {"kind": "renewals_only_in_reports", "apple_id": 1, "country": "FR"},
            "country 'FR'; give one of US, JP, DE, AR",
        ),
    ],
)
def test_what_cannot_be_played_is_refused(fault: dict[str, object], message: str) -> None:
    with (
        pytest.raises(ScenarioError, match=message.replace("(", r"\(")),
        running(with_subscribers({"date": "2026-10-01", **fault})),
    ):
        pass


def test_a_scenario_without_subscriptions_has_no_such_door() -> None:
    with running(scenario()) as apple:
        refused = requests.post(f"{apple.url}/_sim/webhook", json={"production": "http://127.0.0.1:9/"}, timeout=10)
    assert (refused.status_code, "has no subscriptions" in refused.json()["error"]) == (400, True)


def test_the_process_writes_the_root_and_names_the_key_of_the_server_api(tmp_path: Path) -> None:
    options = ("--write-key", str(tmp_path / "keys"), "--write-roots", str(tmp_path / "roots"))
    with started(*options) as process:
        account, ready = lines_until_ready(process)

    (root,) = (tmp_path / "roots").iterdir()
    assert "Root CA" in x509.load_der_x509_certificate(root.read_bytes()).subject.rfc4514_string()
    url = ready.removeprefix("ready ")
    assert f"--iap-key {tmp_path}/keys/SubscriptionKey_SIMULATED2.p8 --server-api-url {url}" in account


def reported(apple: Simulator, kind: str, day: str) -> list[dict[str, str]]:
    part = "DETAILED" if kind == "SUBSCRIBER" else "SUMMARY"
    query = {"filter[reportType]": kind, "filter[reportSubType]": part, "filter[version]": "1_3"}
    period = {"filter[frequency]": "DAILY", "filter[reportDate]": day}
    header, *lines = text_of(ask(apple, "/v1/salesReports", {**SALES, **query, **period})).splitlines()
    return [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]


def test_apples_reports_tell_what_happens_also_where_no_notification_comes() -> None:
    plans = [{**PLANS[0], "product_id": "monthly"}, PLANS[1]]
    lost = {"kind": "notifications_lost", "apple_id": 1, "from": "2026-10-01", "to": "2026-11-19"}
    unpriced = {"kind": "price_missing", "apple_id": 1, "date": "2026-10-01", "country": "JP"}
    with running(with_subscribers(lost, unpriced, plans=plans)) as apple:
        (bought,) = reported(apple, "SUBSCRIPTION_EVENT", "2026-10-01")
        (paid,) = reported(apple, "SUBSCRIBER", "2026-10-01")
        (stands,) = reported(apple, "SUBSCRIPTION", "2026-10-29")

    assert (bought["Event"], bought["Country"], bought["Quantity"]) == ("Subscribe", "JP", "1")
    # the app's own product keeps its number, by which a sales report names its product ID
    assert bought["Subscription Apple ID"] == "11"
    # the notification has no price; the report has the list price, and 70 % of it
    assert (paid["Customer Price"], paid["Developer Proceeds"], paid["Customer Currency"]) == ("700", "490", "JPY")
    assert stands["Active Standard Price Subscriptions"] == "1"


def test_renewals_that_only_the_reports_tell_are_expected_once_the_next_day_is_there() -> None:
    fault = {"kind": "renewals_only_in_reports", "apple_id": 1, "date": "2026-11-10", "number": 4, "country": "DE"}
    with running(with_subscribers(fault)) as apple:
        apple.shops.send_to("http://127.0.0.1:9/")
        apple.move_to(date(2026, 11, 11))
        assert apple.planted() == []
        assert apple.shops.groups[0].plans.steps == []
        apple.move_to(date(2026, 11, 12))
        (found,) = apple.planted()
        (renewed,) = reported(apple, "SUBSCRIPTION_EVENT", "2026-11-10")

    assert (found["metric"], found["member"], found["from"]) == ("A42", "pro DE renewal", "2026-11-10")
    # four at 4.99
    assert found["money_at_risk"] == {"EUR": "19.96"}
    assert (renewed["Event"], renewed["Quantity"]) == ("Renew", "4")


def test_a_fault_of_a_sales_day_leaves_the_subscription_reports_of_that_day_alone() -> None:
    refused = {"kind": "http", "date": "2026-10-01", "status": 500, "always": True}
    late = {"kind": "day_late", "date": "2026-10-01", "days": 90}
    bought = {"kind": "renewal_missing", "apple_id": 1, "date": "2026-10-01"}
    for fault in (refused, late):
        with running(with_subscribers(fault, bought)) as apple:
            assert sales(apple, "2026-10-01").status_code in (404, 500)
            assert len(reported(apple, "SUBSCRIPTION_EVENT", "2026-10-01")) == 1
