"""What the rules find is worked on like every other finding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.simulator.subscriptions.built import ANNA, BEN, SEQUENCES, at, steps_of
from ascrecon.simulator.subscriptions.steps import Shop, signed
from reports.models import Account, Finding
from subscriptions.jobs import enqueue_detection
from subscriptions.models import RuleSetting, Subscription
from subscriptions.moments import EPOCH
from tests.admin.conftest import login
from tests.doors import told
from tests.subscriptions.conftest import Post
from tests.subscriptions.test_admin import text

__all__ = ["login"]
pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]
Play = Callable[..., None]
GRAVE = ("high", "critical")


@pytest.fixture
def check(account: Account, clock: Clock) -> Callable[[float], list[Finding]]:
    """`check(40)`: the findings of rules about content on that day. (Tests send everything at once, which is late.)"""

    def checked(day: float) -> list[Finding]:
        clock(EPOCH + timedelta(milliseconds=at(day)))
        run_now(enqueue_detection(account))
        return list(Finding.objects.exclude(metric__in=("A28", "A29", "A30")).order_by("metric"))

    return checked


def test_a_token_that_moved_is_a_finding_with_the_money_since(
    shop: Shop, play: Play, check: Callable[[float], list[Finding]]
) -> None:
    play(signed(steps_of("token_moved"), shop))

    (found,) = check(40)

    assert (found.kind, found.cause, found.severity) == ("account_token_moved", "login_changed", "high")
    assert (found.from_day.isoformat(), found.member, found.money_at_risk) == ("2026-01-31", "100", {"USD": "59.99"})
    assert ANNA not in f"{found.message} {found.details}"
    assert BEN not in f"{found.message} {found.details}"


def test_double_billing_names_both_and_closes_by_the_data(
    shop: Shop, play: Play, check: Callable[[float], list[Finding]]
) -> None:
    play(signed(steps_of("billed_twice"), shop))
    found = next(each for each in check(40) if each.metric == "A04")
    assert (found.kind, found.cause, found.severity) == ("double_billing", "not_ended", "critical")
    assert (found.member, found.money_at_risk) == ("300 + 400", {"USD": "9.99"})
    RuleSetting.objects.update_or_create(code="A04", defaults={"enabled": False})

    check(41)

    found.refresh_from_db()
    assert found.state == "closed"


def test_it_is_looked_for_as_soon_as_something_was_worked_in(shop: Shop, post: Post, account: Account) -> None:
    for payload in signed(steps_of("token_moved"), shop):
        post(payload)
    run_now(Job.objects.get(kind="notifications.process"))
    run_now(Job.objects.get(kind="subscriptions.check"))
    assert Finding.objects.filter(kind="account_token_moved").exists()


def test_a_second_look_finds_the_same_ones(shop: Shop, play: Play, check: Callable[[float], list[Finding]]) -> None:
    play(signed(steps_of("billed_twice"), shop))
    first = {each.public_id for each in check(40)}
    assert {each.public_id for each in check(41)} == first


@pytest.mark.parametrize(
    "name",
    [name for name in SEQUENCES if name not in ("token_moved", "billed_twice", "billed_by_two_apple_accounts",
                                                "billed_twice_after_retry")],
)  # fmt: skip
def test_ordinary_lives_give_no_grave_finding(
    name: str, shop: Shop, play: Play, check: Callable[[float], list[Finding]]
) -> None:
    steps = steps_of(name)
    play(signed(steps, shop))
    last = max(step.signed_ms for step in steps.values())
    found = check((last - at(0)) / 86_400_000 + 0.5)
    assert [each.message for each in found if each.severity in GRAVE] == []


def test_the_pages_of_finding_and_subscription_lead_to_each_other(
    shop: Shop, play: Play, check: Callable[[float], list[Finding]], login: Callable[[str], Client]
) -> None:
    play(signed(steps_of("billed_twice"), shop))
    found = next(each for each in check(40) if each.metric == "A04")
    analyst = login("Analyst")

    page = text(analyst, f"/admin/reports/finding/{found.pk}/change/")
    assert "/admin/subscriptions/subscription/?q=300" in page
    assert "9.99" in page
    subscription = Subscription.objects.get(original_id="400")
    assert f"/admin/reports/finding/{found.pk}/change/" in text(
        analyst, f"/admin/subscriptions/subscription/{subscription.pk}/change/"
    )


def test_the_findings_command_knows_the_kinds(shop: Shop, play: Play, check: Callable[[float], list[Finding]]) -> None:
    play(signed(steps_of("token_moved"), shop))
    check(40)
    (found,) = told("findings", "--kind", "account_token_moved")["findings"]
    assert found["money_at_risk"] == {"USD": "59.99"}


def test_an_administrator_changes_a_threshold(db: None, login: Callable[[str], Client]) -> None:
    rule, _ = RuleSetting.objects.get_or_create(code="A04")
    url = f"/admin/subscriptions/rulesetting/{rule.pk}/change/"
    administrator = login("Administrator")

    refused = administrator.post(url, {"enabled": "on", "severity": "", "thresholds": '{"hours": 1}'})
    assert "This rule has no threshold" in refused.content.decode()
    refused = administrator.post(url, {"enabled": "on", "severity": "", "thresholds": '{"overlap_hours": "x"}'})
    assert "whole number" in refused.content.decode()
    administrator.post(url, {"enabled": "on", "severity": "low", "thresholds": '{"overlap_hours": 48}'})

    rule.refresh_from_db()
    assert (rule.severity, rule.thresholds) == ("low", {"overlap_hours": 48})
    assert login("Viewer").post(url, {}).status_code == 403
