"""A notification leads to a look at its own customer alone, and that says what a look at everybody would say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from ascrecon import clock as product_clock
from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.simulator.subscriptions.built import SEQUENCES, at, steps_of
from ascrecon.simulator.subscriptions.crowd import crowd, of_customer
from ascrecon.simulator.subscriptions.steps import Shop, Step, signed
from reports.models import Account, Finding
from subscriptions.derive.state import Key
from subscriptions.detect.findings import detect_subscriptions, detect_touched
from subscriptions.detect.rules import all_rules
from subscriptions.models import Notification
from subscriptions.moments import EPOCH
from subscriptions.services.processing import process_received
from tests.subscriptions.conftest import Post
from tests.subscriptions.test_rules import CASES

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]
ACCOUNT_WIDE = [code for code, rule in all_rules().items() if rule.account_wide]
TOLD = ("metric", "member", "cause", "severity", "from_day", "to_day", "money_at_risk", "message", "details", "state")


def findings() -> list[tuple[Any, ...]]:
    return sorted(Finding.objects.exclude(metric__in=ACCOUNT_WIDE).exclude(state="closed").values_list(*TOLD), key=repr)


def run_all() -> list[str]:
    """The kinds of the jobs that were done, in their order, until none is queued."""
    done = []
    while job := Job.objects.filter(state="queued").order_by("id").first():
        done.append(run_now(job).kind)
    return done


@pytest.fixture
def play_and_compare(shop: Shop, account: Account, post: Post) -> Callable[[Mapping[str, Step], int], set[str]]:
    """Sends the steps in turn; every so many of them the findings must be those of a look at everybody.

    Returns the codes of the rules of which a finding was open then.
    """

    def played(steps: Mapping[str, Step], every: int) -> set[str]:
        seen = set()
        for number, payload in enumerate(signed(steps, shop), start=1):
            assert post(payload) == 200
            touched: set[Key] = set()
            process_received(account, touched.update)
            detect_touched(account, touched, product_clock.now())
            if number % every == 0 or number == len(steps):
                narrow = findings()
                full = detect_subscriptions(account, product_clock.now())
                assert findings() == narrow
                changed = (*full.new, *full.closed, *full.reopened)
                assert not [each for each in changed if each.metric not in ACCOUNT_WIDE]
                seen |= {row[0] for row in narrow}
        return seen

    return played


def test_after_each_step_it_says_what_the_full_one_says(
    play_and_compare: Callable[[Mapping[str, Step], int], set[str]], clock: Clock
) -> None:
    """All built sequences, each of another customer, as they happened; by day 140 some things have not come."""
    clock(EPOCH + timedelta(milliseconds=at(140)))
    lives = crowd(sum(len(build()) for build in SEQUENCES.values()))

    seen = play_and_compare(dict(sorted(lives.items(), key=lambda item: item[1].signed_ms)), 1)

    assert seen >= {"A01", "A04", "A06", "A08", "A10", "A22"}


def test_it_does_so_for_every_rule_in_any_order(
    play_and_compare: Callable[[Mapping[str, Step], int], set[str]], clock: Clock
) -> None:
    """What makes each rule fire, each time of another customer, shuffled."""
    clock(EPOCH + timedelta(milliseconds=at(140)))
    lives = [
        (f"{code} {number}", of_customer(step, customer))
        for customer, (code, (steps, *_)) in enumerate(CASES.items(), start=1)
        for number, step in enumerate(steps)
    ]
    Random(8).shuffle(lives)  # noqa: S311

    seen = play_and_compare(dict(lives), 5)

    assert seen == set(CASES) - set(ACCOUNT_WIDE)


def test_a_notification_leads_to_a_look_at_its_own_customer(
    shop: Shop, account: Account, post: Post, clock: Clock
) -> None:
    clock(EPOCH + timedelta(milliseconds=at(40)))
    for text in signed(steps_of("billed_twice"), shop):
        assert post(text) == 200
    assert run_all() == ["notifications.process", "subscriptions.check"]
    of_others = list(Finding.objects.values_list("metric", "member", "last_seen"))
    assert ("A04", "300 + 400") in {row[:2] for row in of_others}

    clock(EPOCH + timedelta(milliseconds=at(41)))
    for text in signed(steps_of("token_moved"), shop):
        assert post(text) == 200
    assert run_all() == ["notifications.process", "subscriptions.check"]

    assert set(Job.objects.filter(kind="subscriptions.check").values_list("subject", flat=True)) == {
        f"Check 2 subscriptions of {account}", f"Check 1 subscription of {account}",
    }  # fmt: skip
    assert list(Finding.objects.exclude(member="100").values_list("metric", "member", "last_seen")) == of_others
    assert Finding.objects.get(member="100", metric="A01").message.startswith("Subscription 100 moved")


def test_what_is_settled_is_closed_by_the_next_notification(
    shop: Shop, account: Account, post: Post, clock: Clock
) -> None:
    """The renewal came late: the finding that it is missing closes with it, and not an hour later."""
    clock(EPOCH + timedelta(milliseconds=at(45)))
    bought, renewed = signed(steps_of("renew"), shop)
    post(bought)
    run_all()
    assert Finding.objects.get(metric="A08").state == "open"

    post(renewed)
    run_all()

    assert Finding.objects.get(metric="A08").state == "closed"
    assert Notification.objects.filter(state="processed").count() == 2
