"""Each rule fires where something is wrong, and not at the ordinary thing that looks like it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from ascrecon import clock
from ascrecon.simulator.subscriptions.built import ANNA, BEN, FIRST, at, bought, renewed, step, steps_of, upcoming
from ascrecon.simulator.subscriptions.steps import Shop, Step, payload, signed
from reports.models import Account
from subscriptions.detect.anomalies import Anomaly, anomalies
from subscriptions.detect.rules import all_rules
from subscriptions.models import Notification, RuleSetting, Source, Subscription
from subscriptions.moments import moment
from subscriptions.services.intake import take_in
from subscriptions.services.processing import process_received
from tests.factories import AccountFactory
from tests.subscriptions.conftest import Post

pytestmark = pytest.mark.django_db
Steps = Iterable[Step]
MINE = {"appAccountToken": ANNA}


def day(number: float) -> datetime:
    return moment(at(number)) or datetime.now(UTC)


def steps(name: str) -> list[Step]:
    return list(steps_of(name).values())


def with_bought(each: Step, **changes: Any) -> Step:
    return replace(each, transaction={**each.transaction, **changes})


def at_once(each: Step) -> datetime:
    return (moment(each.signed_ms) or datetime.now(UTC)) + timedelta(seconds=2)


@pytest.fixture
def find(shop: Shop, account: Account) -> Callable[..., list[Anomaly]]:
    """`find("A01", steps, on=40)`: what the rule finds on that day. Each step comes two seconds after it was signed."""

    def found(code: str, told: Steps, on: float, late: timedelta = timedelta(0)) -> list[Anomaly]:
        for number, each in enumerate(told):
            with clock.standing_at(at_once(each) + late):
                text = shop.authority.sign(payload(each, shop, UUID(int=number + 1)))
                take_in(text, account=account, environment=None, source=Source.WEBHOOK)
        process_received(account)
        return anomalies(account, day(on), [code])

    return found


def resubscribed(**more: Any) -> list[Step]:
    first = [with_bought(each, **MINE) for each in steps("resubscribed")]
    return [*first[:-1], with_bought(first[-1], **more)]


def retry_beside_new_one() -> list[Step]:
    return steps("billed_twice_after_retry")


def dearer(*between: Step) -> list[Step]:
    first = steps("renew")[0]
    return [
        first,
        *between,
        step(29.5, "DID_RENEW", 1, renewed(101, 100, 901, "M", 30, 60, 12990), upcoming(100, "M", 60)),
    ]


def second_period(start: float, *between: Step) -> list[Step]:
    later = renewed(101, 100, 901, "M", start, start + 30)
    return [steps("renew")[0], *between, step(start, "DID_RENEW", 1, later, upcoming(100, "M", start + 30))]


OFF = step(10, "DID_CHANGE_RENEWAL_STATUS/AUTO_RENEW_DISABLED", 1, FIRST, upcoming(100, "M", 30, on=0))
LATE_OFF = step(29.4, "DID_CHANGE_RENEWAL_STATUS/AUTO_RENEW_DISABLED", 1, FIRST, upcoming(100, "M", 30, on=0))
ON = step(11, "DID_CHANGE_RENEWAL_STATUS/AUTO_RENEW_ENABLED", 1, FIRST, upcoming(100, "M", 30))
WANTED = step(5, "DID_CHANGE_RENEWAL_PREF/DOWNGRADE", 1, FIRST, upcoming(100, "M", 30, nxt="B"))
WANTED_NO_MORE = step(6, "DID_CHANGE_RENEWAL_PREF", 1, FIRST, upcoming(100, "M", 30))
NO_PRICE = bought(100, 100, 900, "M", 0, 30, 0)
ELSEWHERE = renewed(101, 100, 901, "M", 30, 60, currency="EUR", storefront="DEU")
AT_HOME = renewed(101, 100, 901, "M", 30, 60, currency="EUR")
PART = {"revocationDate": at(3), "revocationType": "REFUND_PRORATED"}

GONE = {"revocationDate": at(34), "revocationReason": 0, "revocationType": "REFUND_FULL"}
OLD_ONE_REFUNDED = step(35, "REFUND", 1, {**FIRST, **GONE}, upcoming(100, "M", 60))
SHARED = {"inAppOwnershipType": "FAMILY_SHARED"}


def paid_after_another_had_ended(*more: Step) -> list[Step]:
    """The old one fails, another runs for ten days, then the old one is paid: never both at a time."""
    first, failed, _, recovered = retry_beside_new_one()
    other = bought(400, 400, 921, "M2", 15, 25, appAccountToken=ANNA, appTransactionId="70300")
    between = step(15, "SUBSCRIBED/INITIAL_BUY", 1, other, upcoming(400, "M2", 25, on=0, appTransactionId="70300"))
    return [first, failed, between, *more, recovered]


BOUGHT_AGAIN = step(
    27, "SUBSCRIBED/RESUBSCRIBE", 1, bought(302, 300, 923, "M", 27, 30, appAccountToken=ANNA), upcoming(300, "M", 30)
)

#: Code: what fires, on which day, and what looks like it and does not. Steps by name are sequences of the simulator.
CASES: dict[str, tuple[Steps, float, list[tuple[Steps, float]]]] = {
    "A01": (steps("token_moved"), 40, [(resubscribed(**MINE), 50), (steps("linked_later"), 40)]),
    "A02": (resubscribed(appAccountToken=None), 50, [
        (resubscribed(appAccountToken=None, offerType=3), 50), (steps("renew"), 40)]),
    "A04": (steps("billed_twice"), 40, [
        (steps("upgrade"), 20), (steps("family"), 20), (steps("restored"), 40), (steps("resubscribed"), 50)]),
    "A05": (paid_after_another_had_ended(), 70, [
        (steps("billed_twice"), 40), (paid_after_another_had_ended()[:3], 40),
        (paid_after_another_had_ended(BOUGHT_AGAIN), 70), (steps("renew"), 40)]),
    "A06": (steps("billed_twice"), 40, [(steps("resubscribed"), 50), (steps("billed_by_two_apple_accounts"), 40)]),
    "A07": ([steps("renew")[0], with_bought(replace(steps("renew")[0], signed_ms=at(1)), originalTransactionId="999")],
            5, [(steps("restored"), 40)]),
    "A08": (steps("renew")[:1], 32, [
        (steps("renew"), 32), (steps("billing_retry_lost")[:2], 32), (steps("expired"), 32), (steps("renew")[:1], 30.5),
        ([steps("renew")[0], OFF], 32)]),
    "A09": (steps("grace_lost")[:2], 48, [(steps("grace_lost")[:3], 48), (steps("grace_lost")[:2], 46.5)]),
    "A10": (steps("billing_retry_lost")[:2], 98, [
        (steps("billing_retry_lost"), 98), (steps("billing_retry_lost")[:2], 96)]),
    "A12": ([*steps("renew"), OLD_ONE_REFUNDED], 40, [(steps("refund"), 10), (steps("family"), 20)]),
    "A15": ([*steps("renew"), with_bought(replace(steps("restored")[2], signed_ms=at(29.4)), **SHARED)], 40, [
        (steps("family"), 20), (steps("restored"), 40)]),
    "A18": (dearer(), 40, [(steps("price_increase_accepted"), 40), (steps("offer_redeemed"), 40),
                           (steps("downgrade"), 40)]),
    "A19": ([step(0, "SUBSCRIBED/INITIAL_BUY", 1, NO_PRICE, upcoming(100, "M", 30))], 5, [
        (steps("trial"), 10), (steps("offer_code"), 5)]),
    "A20": ([steps("renew")[0], step(30, "DID_RENEW", 1, ELSEWHERE, upcoming(100, "M", 60))], 40, [
        (steps("renew"), 40)]),
    "A22": (steps("upgrade"), 13, [
        (steps("upgrade"), 11), ([with_bought(steps("upgrade")[0], isUpgraded=True), steps("upgrade")[1]], 13)]),
    "A23": ([steps("renew")[0], WANTED, steps("renew")[1]], 40, [
        (steps("downgrade"), 40), ([steps("renew")[0], WANTED, WANTED_NO_MORE, steps("renew")[1]], 40)]),
    "A24": (steps("restored"), 40, [(steps("renew"), 40)]),
    "A25": ([*steps("restored")[:2], with_bought(steps("restored")[2], price=8990)], 40, [(steps("restored"), 40)]),
    "A26": (second_period(20), 40, [(steps("renew"), 40), (steps("upgrade"), 20), (second_period(29.5), 40)]),
    "A27": (second_period(33), 40, [(steps("grace_lost"), 80), (steps("resubscribed"), 50), (steps("renew"), 40)]),
    "A34": ([replace(steps("renew")[0], status=2)], 5, [(steps("grace_lost"), 80), (steps("expired"), 40)]),
    "A37": ([steps("refund")[0], with_bought(steps("refund")[1], **PART, revocationPercentage=None)], 10, [
        (steps("refund_in_part"), 10), (steps("refund"), 10), (steps("family"), 20)]),
    "A38": ([replace(steps("renew")[0], type="BRAND_NEW")], 5, [(steps("renew"), 40)]),
    "A40": (second_period(30, OFF), 40, [(second_period(30, OFF, ON), 40), (second_period(30, LATE_OFF), 40),
                                        (steps("resubscribed"), 50)]),
}  # fmt: skip
#: These have tests of their own: below, and in test_reports_against_events.py.
OTHERS = {"A14", "A28", "A29", "A30", "A31", "A32", "A33", "A42", "A42A", "A42I", "A42L", "A42R", "A42S"}
#: Those that read own data have theirs in test_own_data_rules.py.
BY_OWN_DATA = {code for code, rule in all_rules().items() if rule.needs}


def test_every_rule_has_a_case() -> None:
    assert set(all_rules()) == set(CASES) | OTHERS | BY_OWN_DATA


@pytest.mark.parametrize("code", CASES)
def test_it_fires(code: str, find: Callable[..., list[Anomaly]]) -> None:
    told, on, _ = CASES[code]

    found = find(code, told, on)

    assert len(found) == 1
    assert "{" not in found[0].message
    assert ANNA not in found[0].message
    assert found[0].app is not None
    assert found[0].app.bundle_id == "com.acme.notes"


@pytest.mark.parametrize(
    ("code", "number"), [(code, number) for code, case in CASES.items() for number in range(len(case[2]))]
)
def test_it_does_not_fire_at_what_looks_like_it(code: str, number: int, find: Callable[..., list[Anomaly]]) -> None:
    told, on = CASES[code][2][number]
    assert [each.message for each in find(code, told, on)] == []


class TestTokenMoved:
    def test_it_tells_both_logins_the_cause_and_the_money_since(self, find: Callable[..., list[Anomaly]]) -> None:
        (found,) = find("A01", steps("token_moved"), 40)

        assert (found.member, found.at, found.severity) == ("100", day(30), "high")
        # The yearly renewal that now names Ben.
        assert found.money == {"USD": Decimal("59.990")}
        assert "the plan was changed in the app while another login was signed in" in found.message
        assert found.message.count("login #") == 2

    def test_it_is_one_finding_however_many_renewals_follow(self, find: Callable[..., list[Anomaly]]) -> None:
        again = renewed(108, 100, 908, "Y", 395, 760, appAccountToken=BEN)
        later = step(395, "DID_RENEW", 1, again, upcoming(100, "Y", 760))

        (found,) = find("A01", [*steps("token_moved"), later], 400)

        assert found.money == {"USD": Decimal("119.980")}

    def test_somebody_else_who_bought_again_is_told_apart(self, find: Callable[..., list[Anomaly]]) -> None:
        (found,) = find("A01", resubscribed(appAccountToken=BEN), 50)
        assert "had expired and was bought again" in found.message

    def test_a_token_that_was_set_is_only_told(self, find: Callable[..., list[Anomaly]]) -> None:
        first = with_bought(steps("renew")[0], **MINE)
        was_set = replace(with_bought(first, appAccountToken=BEN), signed_ms=at(3), type="DID_CHANGE_RENEWAL_STATUS")
        (found,) = find("A01", [first, was_set], 5)
        assert found.severity == "info"


class TestDoubleBilling:
    def test_it_names_both_ids_and_what_was_billed_too_much(self, find: Callable[..., list[Anomaly]]) -> None:
        (found,) = find("A04", steps("billed_twice"), 40)

        assert (found.member, found.at, found.until_ms, found.severity) == ("300 + 400", day(15), None, "critical")
        assert found.money == {"USD": Decimal("9.990")}
        assert "300 (9.99 USD) and 400 (59.99 USD)" in found.message
        assert "was renewed once" in found.message

    def test_it_is_told_before_the_next_renewal_too(self, find: Callable[..., list[Anomaly]]) -> None:
        (found,) = find("A04", steps("billed_twice")[:2], 20)
        assert (found.money, found.at) == ({}, day(15))

    def test_two_apple_accounts_are_billed_each_for_itself(self, find: Callable[..., list[Anomaly]]) -> None:
        (found,) = find("A04", steps("billed_by_two_apple_accounts"), 40)
        assert found.severity == "low"
        assert "two Apple Accounts" in found.message

    def test_a_recovery_from_billing_retry_is_the_cause(self, find: Callable[..., list[Anomaly]]) -> None:
        (found,) = find("A04", retry_beside_new_one(), 40)
        assert "was paid after all" in found.message
        assert (found.at, found.money) == (day(30), {"USD": Decimal("9.990")})

    def test_an_introductory_offer_may_run_beside(self, find: Callable[..., list[Anomaly]]) -> None:
        first, *others = steps("billed_twice")
        (found,) = find("A04", [with_bought(first, offerType=1, price=990), *others], 40)
        assert found.severity == "info"

    def test_it_ends_with_the_overlap(self, find: Callable[..., list[Anomaly]]) -> None:
        (found,) = find("A04", steps("billed_twice"), 100)
        assert found.until_ms == at(60)

    def test_a_higher_threshold_silences_it(self, find: Callable[..., list[Anomaly]]) -> None:
        RuleSetting.objects.update_or_create(code="A04", defaults={"thresholds": {"overlap_hours": 24 * 16}})
        assert find("A04", steps("billed_twice")[:2], 20) == []


def test_a_refund_of_what_a_family_shares_is_told(find: Callable[..., list[Anomaly]]) -> None:
    first, given_back = steps("refund")
    shared = with_bought(replace(given_back, signed_ms=at(4)), **SHARED)
    (found,) = find("A15", [first, given_back, shared], 10)
    assert "a refund of it counts" in found.message
    assert found.money == {}


class TestDelivery:
    def test_late_ones_are_told_by_day(self, find: Callable[..., list[Anomaly]]) -> None:
        (found,) = find("A29", steps("renew")[:1], 10, late=timedelta(hours=13))
        assert (found.severity, found.member) == ("info", "2026-01-01")
        assert "up to 13 hours" in found.message

    def test_the_last_but_one_attempt_is_serious(self, find: Callable[..., list[Anomaly]]) -> None:
        (found,) = find("A29", steps("renew")[:1], 10, late=timedelta(hours=157))
        assert found.severity == "low"

    def test_those_in_time_are_not(self, find: Callable[..., list[Anomaly]]) -> None:
        assert find("A29", steps("renew"), 40) == []

    def test_what_only_the_history_brought_is_told(
        self, find: Callable[..., list[Anomaly]], shop: Shop, account: Account
    ) -> None:
        find("A30", steps("renew")[:1], 10)
        assert anomalies(account, day(10), ["A30"]) == []
        (missed,) = signed({"missed": steps("renew")[1]}, shop)
        take_in(missed, account=account, environment=None, source=Source.HISTORY)
        process_received(account)

        (found,) = anomalies(account, day(40), ["A30"])
        assert (found.member, found.severity) == ("2026-01-30", "high")

    def test_a_silence_longer_than_usual_is_told(self, find: Callable[..., list[Anomaly]], account: Account) -> None:
        hourly = [replace(steps("renew")[0], signed_ms=at(number / 24)) for number in range(25)]
        assert find("A28", hourly, 1.2) == []

        (found,) = anomalies(account, day(1.3), ["A28"])
        assert "for 7 hours; usually one comes every 1.0 hours" in found.message

    def test_few_notifications_are_no_measure(self, find: Callable[..., list[Anomaly]]) -> None:
        assert find("A28", steps("renew")[:1], 12) == []

    @pytest.mark.parametrize(("behind", "count"), [(1.0, 1), (240 / 86400, 0)], ids=["a day", "four minutes"])
    def test_those_that_come_after_newer_ones_are_counted_by_day_and_change_nothing(
        self, behind: float, count: int, find: Callable[..., list[Anomaly]], shop: Shop, account: Account
    ) -> None:
        first, off, on = steps("switched_off_and_on")
        assert find("A33", [first, on], 12) == []
        with clock.standing_at(day(16.5)):
            text = shop.authority.sign(payload(replace(off, signed_ms=at(11 - behind)), shop, UUID(int=9)))
            take_in(text, account=account, environment=None, source=Source.WEBHOOK)
        process_received(account)

        found = anomalies(account, day(20), ["A33"])

        assert [(each.severity, each.member) for each in found] == [("info", "2026-01-11")] * count
        for each in found:
            assert "1 notifications of 1 subscriptions came after newer ones, up to 24.0 hours behind" in each.message
        assert Subscription.objects.get().auto_renew == 1

    def test_many_refused_payloads_in_an_hour_are_told_by_day(
        self, post: Post, account: Account, clock: Callable[[datetime], None]
    ) -> None:
        for minute, number in ((1, 10), (61, 12), (121, 11)):
            clock(day(3) + timedelta(minutes=minute))
            for _ in range(number):
                assert post("not.signed.byapple") == 400
        (found,) = anomalies(account, day(4), ["A31"])

        assert (found.member, found.severity, found.app) == ("2026-01-04", "high", None)
        # Ten in an hour are no attack, so the first hour is left out.
        assert found.message.startswith("23 payloads were refused in 2 hours of this day, up to 12 in one hour")
        assert anomalies(AccountFactory.make(name="Other"), day(4), ["A31"]) == []

    def test_sandbox_at_the_address_of_production_is_told(self, sandbox: Shop, post: Post, account: Account) -> None:
        (text,) = signed({"one": steps("renew")[0]}, sandbox)
        post(text, "sandbox")
        assert anomalies(account, day(1), ["A14"]) == []
        Notification.objects.all().delete()

        post(text)
        (found,) = anomalies(account, day(1), ["A14"])
        assert "sandbox notification" in found.message

    def test_another_payload_under_a_uuid_is_told_and_a_repeat_is_not(
        self, shop: Shop, post: Post, account: Account
    ) -> None:
        content = payload(steps("renew")[0], shop, UUID(int=1))
        for _ in range(2):
            post(shop.authority.sign(content))
        process_received(account)
        assert anomalies(account, day(1), ["A32"]) == []

        post(shop.authority.sign({**content, "version": "2.1"}))
        assert len(anomalies(account, day(1), ["A32"])) == 1


@pytest.mark.parametrize("code", all_rules())
def test_it_finds_nothing_in_sandbox(code: str, sandbox: Shop, account: Account) -> None:
    for number, each in enumerate([*steps("billed_twice"), *steps("token_moved"), *steps("restored")]):
        text = sandbox.authority.sign(payload(each, sandbox, UUID(int=number + 1)))
        take_in(text, account=account, environment=None, source=Source.WEBHOOK)
    process_received(account)
    assert anomalies(account, day(400), [code]) == []


def test_a_rule_that_is_switched_off_is_not_run(find: Callable[..., list[Anomaly]], account: Account) -> None:
    find("A01", steps("token_moved"), 40)
    assert "A01" in {each.rule.code for each in anomalies(account, day(40))}

    RuleSetting.objects.update_or_create(code="A01", defaults={"enabled": False})
    assert "A01" not in {each.rule.code for each in anomalies(account, day(40))}


def test_another_accounts_subscriptions_are_left_alone(find: Callable[..., list[Anomaly]]) -> None:

    find("A01", steps("token_moved"), 40)
    assert anomalies(AccountFactory.make(name="Other"), day(40)) == []
