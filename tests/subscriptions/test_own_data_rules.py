"""Rules that hold Apple's word against what only the publisher knows: each fires, and not at what looks like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from ascrecon.simulator.subscriptions.built import ANNA, BEN, CARA, FIRST, at, bought, step, upcoming
from ascrecon.simulator.subscriptions.steps import Shop, Step
from reports.models import Account
from subscriptions.detect.anomalies import Anomaly, anomalies
from subscriptions.detect.rules import all_rules
from subscriptions.services.own_data import withdraw
from tests.factories import AppFactory
from tests.subscriptions.conftest import Give
from tests.subscriptions.test_rules import MINE, day, find, steps, with_bought

__all__ = ["find"]
pytestmark = pytest.mark.django_db
Find = Callable[..., list[Anomaly]]
USERS = "app_account_token\n"
ACCESS = "app_account_token,original_transaction_id,product_id,access_from,access_until\n"
PRICES = "product_id,storefront,currency,price,valid_from,valid_until\n"
CHANGES = "original_transaction_id,app_account_token,changed_at\n"
LATER = 200


def iso(number: float) -> str:
    return day(number).isoformat()


def mine(name: str) -> list[Step]:
    """A sequence whose purchases are all Anna's."""
    return [with_bought(each, **MINE) for each in steps(name)]


class TestLogins:
    def test_a_subscription_of_a_login_that_nobody_has_is_told(self, find: Find, give: Give) -> None:
        give("users", f"{USERS}{BEN}\n", day(20))

        (found,) = find("A03", mine("renew"), 40)

        assert (found.member, found.at, found.severity) == ("100", day(0), "low")
        assert "belongs to login #" in found.message
        assert found.message.endswith("(App logins of 2026-01-21 00:00 UTC: users.csv)")

    @pytest.mark.parametrize(
        ("text", "taken", "told"),
        [
            pytest.param(f"{USERS}{ANNA.upper()}\n", 20, "renew", id="listed, in capitals"),
            pytest.param(f"{USERS}{BEN}\n", -1, "renew", id="a login that is newer than the list"),
            pytest.param(f"{USERS}{BEN}\n", 40, "expired", id="ended: the login may be deleted"),
        ],
    )
    def test_others_are_not(self, text: str, taken: float, told: str, find: Find, give: Give) -> None:
        give("users", text, day(taken))
        assert find("A03", mine(told), LATER) == []

    def test_without_a_token_there_is_no_login_to_look_for(self, find: Find, give: Give) -> None:
        give("users", f"{USERS}{BEN}\n", day(20))
        assert find("A03", steps("renew"), 40) == []


class TestServiceWithoutPayment:
    @pytest.mark.parametrize(
        ("told", "taken", "what"),
        [
            ("expired", 32, "it has expired"),
            ("billing_retry_lost", 40, "billing retry"),
            ("grace_lost", 50, "billing retry"),
            ("refund", 5, "Apple gave the money back"),
            ("refund", 50, "Apple gave the money back"),
        ],
    )
    def test_access_that_nobody_pays_for_is_told(
        self, told: str, taken: float, what: str, find: Find, give: Give
    ) -> None:
        sequence = [each for each in mine(told) if each.signed_ms <= at(taken)]
        give("entitlements", f"{ACCESS}{ANNA},,M,,\n", day(taken))

        (found,) = find("A11", sequence, LATER)

        assert (found.member, found.severity, found.money) == ("100", "high", {"USD": Decimal("9.990")})
        assert what in found.message
        assert (found.upload and found.upload.file_name, found.line) == ("entitlements.csv", 2)

    @pytest.mark.parametrize(
        ("row", "told", "taken"),
        [
            pytest.param(f"{ANNA},,M,,", "renew", 40, id="paid"),
            pytest.param(f"{ANNA},,M,,", "grace_recovered", 33, id="in the grace period"),
            pytest.param(f"{ANNA},,M,,", "expired", 30.5, id="expired hours ago"),
            pytest.param(f"{ANNA},,M,,{iso(31)}", "expired", 32, id="access had ended"),
            pytest.param(f"{ANNA},,M,{iso(33)},", "expired", 32, id="access had not begun"),
            pytest.param(f"{BEN},,M,,", "expired", 32, id="another login, which bought nothing here"),
            pytest.param(f"{ANNA},,M,,", "resubscribed", 50, id="bought again"),
            pytest.param(f"{ANNA},,M,,", "refund_reversed", 9, id="the refund was taken back"),
            pytest.param(",100,,,", "renew", 40, id="paid, by its subscription"),
        ],
    )
    def test_others_are_not(self, row: str, told: str, taken: float, find: Find, give: Give) -> None:
        sequence = [each for each in mine(told) if each.signed_ms <= at(taken)]
        give("entitlements", f"{ACCESS}{row}\n", day(taken))
        assert find("A11", sequence, LATER) == []

    def test_another_subscription_of_the_group_pays_for_it(self, find: Find, give: Give) -> None:
        other = bought(900, 900, 990, "Y", 25, 390, **MINE, appTransactionId="70900")
        yearly = step(25, "SUBSCRIBED/INITIAL_BUY", 1, other, upcoming(900, "Y", 390, appTransactionId="70900"))
        give("entitlements", f"{ACCESS},100,,,\n", day(40))
        assert find("A11", [*mine("expired"), yearly], LATER) == []

    def test_a_subscription_without_a_login_is_named_by_its_id(self, find: Find, give: Give) -> None:
        give("entitlements", f"{ACCESS},100,,,\n", day(32))
        (found,) = find("A11", steps("expired"), LATER)
        assert found.at == day(30)

    def test_the_refund_of_an_older_purchase_takes_nothing_away(self, find: Find, give: Give) -> None:
        gone = {**FIRST, **MINE, "revocationDate": at(34), "revocationType": "REFUND_FULL"}
        give("entitlements", f"{ACCESS}{ANNA},,M,,\n", day(40))
        assert find("A11", [*mine("renew"), step(35, "REFUND", 1, gone, upcoming(100, "M", 60))], LATER) == []


class TestRevoked:
    def test_shared_access_that_ended_and_is_still_used_is_told(self, find: Find, give: Give) -> None:
        give("entitlements", f"{ACCESS},500,,,\n", day(13))
        (found,) = find("A16", steps("family"), LATER)
        assert (found.member, found.at, found.severity, found.money) == ("500", day(12), "high", {})

    @pytest.mark.parametrize(
        ("row", "told", "taken"),
        [
            pytest.param(",500,,,", "family", 12.02, id="half an hour ago"),
            pytest.param(f",500,,,{iso(12)}", "family", 13, id="access had ended"),
            pytest.param(",100,,,", "family", 13, id="who shares it pays"),
            pytest.param(",100,,,", "refund", 5, id="a refund is told as service without payment"),
        ],
    )
    def test_others_are_not(self, row: str, told: str, taken: float, find: Find, give: Give) -> None:
        give("entitlements", f"{ACCESS}{row}\n", day(taken))
        assert find("A16", steps(told), LATER) == []


class TestRefundTakenBack:
    def test_access_that_was_not_given_back_is_told(self, find: Find, give: Give) -> None:
        give("entitlements", f"{ACCESS}{BEN},,M,,\n", day(10))
        (found,) = find("A13", mine("refund_reversed"), LATER)
        assert (found.member, found.at, found.money) == ("100", day(8), {"USD": Decimal("9.990")})

    @pytest.mark.parametrize(
        ("row", "told", "taken"),
        [
            pytest.param(f"{ANNA},,M,,", "refund_reversed", 10, id="given back"),
            pytest.param(f"{BEN},,M,,", "refund_reversed", 8.5, id="hours ago"),
            pytest.param(f"{BEN},,M,,", "refund_reversed", 31, id="its time is over"),
            pytest.param(f"{BEN},,M,,", "refund", 10, id="not taken back"),
        ],
    )
    def test_others_are_not(self, row: str, told: str, taken: float, find: Find, give: Give) -> None:
        give("entitlements", f"{ACCESS}{row}\n", day(taken))
        assert find("A13", mine(told), LATER) == []


class TestPrices:
    def test_a_price_that_is_not_listed_is_told_once_for_all_who_paid_it(self, find: Find, give: Give) -> None:
        give("prices", f"{PRICES}M,USA,USD,8.99,,\n", day(35))

        (found,) = find("A17", steps("renew"), 40)

        assert (found.member, found.severity, found.at) == ("M USA USD 9990", "low", day(0))
        assert found.money == {"USD": Decimal("2.000")}
        assert found.message.startswith(
            "M was sold 2 times in USA for 9.99 USD; the price list has another: 8.99 USD. (Price list of 2026-02-05"
        )

    @pytest.mark.parametrize(
        ("rows", "told"),
        [
            pytest.param("M,USA,USD,9.99,,\n", "renew", id="listed"),
            pytest.param("M,,USD,9.99,,\n", "renew", id="listed for the currency"),
            pytest.param("M,USA,USD,12.99,,\nM,USA,USD,9.99,,\n", "renew", id="preserved beside the new one"),
            pytest.param("M,USA,USD,9.99,,2026-01-30\nM,USA,USD,12.99,2026-01-31,\n", "price_increase_accepted",
                         id="changed that day"),
            pytest.param("M,USA,USD,9.99,,\n", "offer_redeemed", id="an offer has a price of its own"),
            pytest.param("M,USA,USD,9.99,,\n", "trial", id="a free trial"),
            pytest.param("M,JPN,JPY,300,,\nM,KOR,KRW,3300,,\n", "yen_and_won", id="yen and won"),
            pytest.param("Y,USA,USD,59.99,,\n", "renew", id="the product itself is not listed: another rule"),
        ],
    )  # fmt: skip
    def test_others_are_not(self, rows: str, told: str, find: Find, give: Give) -> None:
        give("prices", PRICES + rows, day(1))
        assert find("A17", steps(told), 40) == []

    def test_after_a_consent_it_is_only_information(self, find: Find, give: Give) -> None:
        give("prices", f"{PRICES}M,USA,USD,9.99,,\n", day(35))
        (found,) = find("A17", steps("price_increase_accepted"), 40)
        assert (found.severity, found.member) == ("info", "M USA USD 12990")

    @pytest.mark.parametrize("row", ["M,DEU,EUR,9.99,,", "M,USA,USD,9.99,,2025-12-01"])
    def test_a_storefront_or_time_without_a_price_is_only_information(self, row: str, find: Find, give: Give) -> None:
        give("prices", f"{PRICES}{row}\n", day(35))
        (found,) = find("A17", steps("renew"), 40)
        assert (found.severity, found.member, found.money) == ("info", "M USA USD", {})
        assert "there is no price on file" in found.message

    def test_another_currency_in_a_listed_storefront_is_told(self, find: Find, give: Give) -> None:
        give("prices", f"{PRICES}M,USA,EUR,9.99,,\n", day(35))
        (found,) = find("A17", steps("renew"), 40)
        assert (found.severity, found.money) == ("low", {})
        assert "9.99 EUR" in found.message

    def test_a_product_that_is_not_listed_is_told_once(self, find: Find, give: Give) -> None:
        give("prices", f"{PRICES}Y,USA,USD,59.99,,\n", day(35))
        (found,) = find("A39", steps("renew"), 40)
        assert (found.member, found.at, found.until_ms) == ("M", day(0), at(30))
        assert "M was bought 2 times" in found.message

    def test_a_product_that_is_listed_in_another_country_is_not(self, find: Find, give: Give) -> None:
        give("prices", f"{PRICES}M,DEU,EUR,9.99,,2025-01-01\n", day(35))
        assert find("A39", steps("renew"), 40) == []


class TestOwnTokenChanges:
    @pytest.mark.parametrize("hours", [-23, 0, 23])
    def test_a_move_that_was_ones_own_call_is_not_told(self, hours: float, find: Find, give: Give) -> None:
        give("token_changes", f"{CHANGES}100,{BEN},{iso(30 + hours / 24)}\n", day(35))
        assert find("A01", steps("token_moved"), 40) == []

    def test_one_that_was_long_before_is_only_information(self, find: Find, give: Give) -> None:
        give("token_changes", f"{CHANGES}100,{BEN},{iso(10)}\n", day(35))
        (found,) = find("A01", steps("token_moved"), 40)
        assert found.severity == "info"
        assert "your own log says that the token was set on 2026-01-11" in found.message

    @pytest.mark.parametrize(
        "row",
        [
            pytest.param(f"100,{CARA},{iso(30)}", id="another token"),
            pytest.param(f"999,{BEN},{iso(30)}", id="another subscription"),
            pytest.param(f"100,{BEN},{iso(32)}", id="days later"),
        ],
    )
    def test_other_calls_explain_nothing(self, row: str, find: Find, give: Give) -> None:
        give("token_changes", f"{CHANGES}{row}\n", day(35))
        (found,) = find("A01", steps("token_moved"), 40)
        assert found.severity == "high"


class TestWhichListCounts:
    def test_the_newest_as_a_whole_and_after_a_withdrawal_the_one_before(
        self, find: Find, give: Give, account: Account
    ) -> None:
        find("A03", mine("renew"), 1)
        newest = give("users", f"{USERS}{BEN}\n", day(30))
        give("users", f"{USERS}{ANNA}\n", day(20))
        assert len(anomalies(account, day(40), ["A03"])) == 1

        withdraw(newest, reason="the wrong table")
        assert anomalies(account, day(40), ["A03"]) == []

    def test_the_list_of_an_app_goes_before_that_of_all_apps(
        self, find: Find, give: Give, account: Account, shop: Shop
    ) -> None:
        find("A03", mine("renew"), 1)
        give("users", f"{USERS}{BEN}\n", day(30))
        give("users", f"{USERS}{ANNA}\n", day(20), app=account.apps.get(bundle_id=shop.bundle_id))
        give("users", f"{USERS}{CARA}\n", day(20), app=AppFactory.make(account=account, apple_id=2, sku="B"))
        assert anomalies(account, day(40), ["A03"]) == []

    @pytest.mark.parametrize("code", [code for code, rule in all_rules().items() if rule.needs])
    def test_without_data_nothing_is_found(self, code: str, find: Find) -> None:
        told = [*mine("expired"), *[replace(each, signed_ms=each.signed_ms + 1) for each in mine("refund_reversed")]]
        assert find(code, told, 40) == []

    def test_a_list_with_rejected_rows_does_not_count_before_it_is_accepted(
        self, find: Find, give: Give, account: Account
    ) -> None:
        find("A03", mine("renew"), 1)
        give("users", f"{USERS}{BEN}\nnobody\n", day(30))
        assert anomalies(account, day(40), ["A03"]) == []
