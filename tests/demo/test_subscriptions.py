"""Subscriptions of a scenario, from the simulator by HTTP through the real webhook, worked on by jobs, and judged."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from ascrecon import clock
from ascrecon.demo.steps import open_findings
from ascrecon.demo.verdict import Verdict, judge, table
from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.simulator import Simulator, running
from ascrecon.simulator.subscriptions.stories import HARMLESS, STORIES
from reports.models import Account, App
from subscriptions.jobs import enqueue_back_fill, enqueue_detection, enqueue_upgrades
from subscriptions.models import Notification, Subscription
from subscriptions.moments import moment

TODAY = date(2026, 11, 20)
NOTES: dict[str, Any] = {
    "apple_id": 1500000001, "name": "Acme Notes", "bundle_id": "com.acme.notes", "sku": "NOTES", "daily_units": 0,
    "territories": {"US": "USD", "JP": "JPY", "DE": "EUR"},
}  # fmt: skip
PLANS: list[dict[str, Any]] = [
    {"product_id": "pro.monthly", "weight": "3", "prices": {"USD": "4.99", "JPY": "700", "EUR": "4.99"}},
    {"product_id": "basic.monthly", "prices": {"USD": "1.99", "JPY": "300", "EUR": "2.29"}},
    {"product_id": "pro.yearly", "period": "1 Year", "prices": {"USD": "39.99", "JPY": "5800", "EUR": "39.99"}},
]


def scenario(*faults: dict[str, Any], subscribers: int = 0) -> dict[str, Any]:
    mine = {"apple_id": 1500000001, "subscribers": subscribers, "plans": PLANS}
    placed = [{"apple_id": 1500000001, **fault} for fault in faults]
    return {
        "seed": 5, "today": TODAY.isoformat(), "days": 120, "apps": [NOTES], "exports": [], "faults": placed,
        "subscriptions": [mine],
    }  # fmt: skip


def subscribe(apple: Simulator, folder: Path, settings: Settings) -> Account:
    """An account with an In-App Purchase key, its app, and the root certificate."""
    for name, text in (("key.p8", apple.private_key), ("iap.p8", apple.server_private_key)):
        (folder / name).write_text(text)
    options = {
        "name": "Acme", "issuer-id": apple.issuer_id, "key-id": apple.key_id, "private-key": folder / "key.p8",
        "vendor-number": apple.vendor_number, "base-url": apple.url, "iap-key-id": apple.server_key_id,
        "iap-key": folder / "iap.p8", "server-api-url": apple.url,
    }  # fmt: skip
    call_command(
        "account",
        "add",
        "--no-analytics",
        *(str(word) for name, value in options.items() for word in (f"--{name}", value)),
    )
    account = Account.objects.get()
    app = apple.scenario.apps[0]
    App.objects.create(account=account, apple_id=app.apple_id, bundle_id=app.bundle_id, name=app.name, sku=app.sku)
    settings.ASCRECON_APPLE_ROOTS = str(folder / "roots")
    apple.shops.authority.write_root(folder / "roots")
    return account


def play(apple: Simulator, account: Account, address: str) -> None:
    """All days up to today: Apple sends, each attempt at its moment; then the jobs that a day brings."""
    apple.shops.send_to(f"{address}/notifications/Acme/production/", f"{address}/notifications/Acme/sandbox/")
    apple.move_to(TODAY, lambda ms: clock.set_override(moment(ms)))
    work(account)


def work(account: Account) -> None:
    clock.set_override(datetime.combine(TODAY, time(20), UTC))
    run_all(Job.objects.filter(kind="notifications.process"))
    run_now(enqueue_back_fill(App.objects.get(), "production"))
    run_all(Job.objects.filter(kind="notifications.process"))
    for job in enqueue_upgrades(account):
        run_now(job)
    run_now(enqueue_detection(account))


def run_all(jobs: Any) -> None:
    for job in jobs.filter(state="queued"):
        assert run_now(job).state == "done", job.message


def verdict_of(apple: Simulator) -> Verdict:
    return judge(apple.planted(), open_findings())


def test_every_kind_of_fault_is_found_and_nothing_else(
    transactional_db: None, live_server: LiveServer, tmp_path: Path, settings: Settings
) -> None:
    first = date(2026, 7, 25).toordinal()
    stories = [
        {"kind": kind, "date": date.fromordinal(first + number).isoformat(), "country": ("US", "JP", "DE")[number % 3]}
        for number, kind in enumerate(STORIES)
    ]
    harmless = [
        {"kind": "harmless_subscription", "story": story, "date": date.fromordinal(first + number).isoformat()}
        for number, story in enumerate(HARMLESS)
    ]
    road = [
        {"kind": "webhook_unreachable", "from": "2026-09-07", "to": "2026-09-08"},
        {"kind": "notifications_lost", "from": "2026-10-01", "to": "2026-10-04"},
    ]
    with running(scenario(*stories, *harmless, *road, subscribers=12)) as apple:
        account = subscribe(apple, tmp_path, settings)
        play(apple, account, live_server.url)
        verdict = verdict_of(apple)

    assert verdict.good, "\n".join([verdict.summary, *table(verdict, {})])
    assert {item["fault"] for item, _ in verdict.pairs} == {*STORIES, "webhook_unreachable", "notifications_lost"}


@pytest.mark.django_db
def test_ordinary_subscribers_give_no_finding_and_are_all_in_the_history(tmp_path: Path, settings: Settings) -> None:
    harmless = [
        {"kind": "harmless_subscription", "story": story, "date": f"2026-08-{number + 1:02}"}
        for number, story in enumerate(HARMLESS)
    ]
    with running(scenario(*harmless, subscribers=25)) as apple:
        account = subscribe(apple, tmp_path, settings)
        work(account)
        verdict = verdict_of(apple)

    assert verdict.summary == "planted 0, found 0, unexpected 0", "\n".join(table(verdict, {}))
    assert Notification.objects.filter(source="history", state="processed").count() > 100
    assert Subscription.objects.count() == 25 + len(HARMLESS) + 1  # one shares it with the family
