"""Apple's subscription reports beside what notifications tell: compared by day, product, country and class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ascrecon import clock
from ascrecon.jobs.service import run_now
from ascrecon.simulator.subscriptions.built import at, bought, renewed, step, steps_of, upcoming
from ascrecon.simulator.subscriptions.sales_reports import ReportedApp, ReportedProduct, report_lines
from ascrecon.simulator.subscriptions.steps import Shop, Step, payload
from reports.models import Access, Account, AnalyticsInstance, AnalyticsReport, App, Finding, ReportRequest
from subscriptions.detect.anomalies import Anomaly, anomalies
from subscriptions.detect.report_events import fold, mapping, parameters, storefronts
from subscriptions.detect.rules import all_rules
from subscriptions.jobs import enqueue_detection
from subscriptions.models import RuleSetting, Source
from subscriptions.moments import moment
from subscriptions.services.intake import take_in
from subscriptions.services.processing import process_received
from tests import factories as make
from tests.analytics.given import deliver
from tests.analytics.given import text as given_text
from tests.doors import told
from tests.make_files import sale, sales_report
from tests.subscription_files import event, event_report, subscriber, subscriber_report

pytestmark = pytest.mark.django_db
HOUR = 3_600_000
PRODUCTS = {
    "M": ReportedProduct(1500000101, "Pro Monthly", "1 Month"),
    "Y": ReportedProduct(1500000103, "Pro Yearly", "1 Year"),
    "B": ReportedProduct(1500000104, "Basic", "1 Month"),
    "M2": ReportedProduct(1500000102, "Pro Monthly 2", "1 Month"),
}
#: The sequences begin on 2025-12-31 in California; the first period ends on 2026-01-30 there.
FIRST, LAST = date(2025, 12, 31), date(2026, 2, 4)


def lives(number: int, start: float = 0.0, **renewal: Any) -> list[Step]:
    """So many subscriptions of M that are bought and renewed once, charged half a day before the period."""
    found = []
    for n in range(number):
        first = bought(1000 + n, 1000 + n, 5000 + n, "M", start, start + 30)
        second = renewed(2000 + n, 1000 + n, 6000 + n, "M", start + 30, start + 60, **renewal)
        found.append(step(start, "SUBSCRIBED/INITIAL_BUY", 1, first, upcoming(1000 + n, "M", start + 30)))
        found.append(step(start + 29.5, "DID_RENEW", 1, second, upcoming(1000 + n, "M", start + 60)))
    return found


@pytest.fixture
def hear(shop: Shop, account: Account) -> Callable[..., None]:
    """`hear(steps)`: the notifications come, each two seconds after it was signed."""

    def heard(steps: Iterable[Step], of: Shop = shop, first: int = 1) -> None:
        for number, each in enumerate(steps, start=first):
            with clock.standing_at((moment(each.signed_ms) or clock.now()) + timedelta(seconds=2)):
                text = of.authority.sign(payload(each, of, UUID(int=number)))
                take_in(text, account=account, environment=None, source=Source.WEBHOOK)
        process_received(account)

    return heard


@pytest.fixture
def report(account: Account, tmp_path: Path) -> Callable[..., None]:
    """`report(steps)`: the Event and Subscriber reports of every day, and a sales report that names the products."""
    make.VendorFactory.make(account=account)

    def reported(steps: Sequence[Step], without: Sequence[date] = (), products: str = "M Y B M2") -> None:
        app = ReportedApp("Acme Notes", 1500000001, PRODUCTS, steps)
        rows = [sale(1, product=name, apple_id=PRODUCTS[name].apple_id) for name in products.split()]
        paths = [sales_report(tmp_path, *rows)] if rows else []
        days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
        for day in days:
            if day not in without:
                paths += [written(tmp_path, kind, app, day) for kind in ("SUBSCRIPTION_EVENT", "SUBSCRIBER")]
        told("load_report", *paths)

    return reported


def written(folder: Path, kind: str, app: ReportedApp, day: date) -> Path:
    path = folder / f"{kind.title()}_80000001_{day:%Y%m%d}.txt"
    path.write_text("\n".join(report_lines(kind, [app], day)) + "\n", encoding="utf-8")
    return path


def found(account: Account, code: str = "A42", on: float = 40) -> list[Anomaly]:
    return anomalies(account, moment(at(on)) or clock.now(), [code])


def messages(account: Account, code: str = "A42") -> list[str]:
    return [each.message for each in found(account, code)]


def moved(each: Step, hours: int) -> Step:
    """The same step some hours later."""
    told = {**each.transaction, "purchaseDate": each.transaction["purchaseDate"] + hours * HOUR}
    return replace(each, transaction=told, signed_ms=each.signed_ms + hours * HOUR)


def test_renewals_that_never_came_are_told_with_their_list_price(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    steps = lives(5)
    hear([*steps[:4], *(each for each in steps[4:] if each.type == "SUBSCRIBED")])
    report(steps)

    (one,) = found(account)  # prices differ for the same reason: told once
    assert (one.member, one.severity) == ("M US renewal", "low")
    # three renewals at 9.99
    assert one.money == {"USD": Decimal("29.970")}
    assert "tells 5 renewals of M in US from 2026-01-30 to 2026-01-30" in one.message
    assert "our purchases and notifications 2: Apple has more, and 3 are no shift by a day" in one.message
    assert "a notification did not come" in one.message

    with clock.standing_at(moment(at(40)) or clock.now()):
        run_now(enqueue_detection(account))
    finding = Finding.objects.get(metric="A42")
    assert (finding.kind, finding.cause, finding.state) == ("transaction_mismatch", "notification_lost", "open")
    assert (finding.from_day, finding.to_day, finding.money_at_risk) == (
        date(2026, 1, 30), date(2026, 1, 30), {"USD": "29.97"},
    )  # fmt: skip


def test_one_by_itself_is_told_only_to_those_who_want_it(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    steps = lives(5)
    hear(steps[:-1])
    report(steps)
    assert messages(account) == []

    RuleSetting.objects.filter(code="A42").update(thresholds={"least_number": 1})
    assert [each.money for each in found(account)] == [{"USD": Decimal("9.990")}]


def test_what_apple_does_not_report_is_told_as_well(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    steps = lives(4)
    hear(steps)
    report([each for each in steps if each.type == "SUBSCRIBED"])

    (one,) = found(account)
    assert one.money == {"USD": Decimal("39.960")}
    assert "tells 0 renewals" in one.message
    assert "we have more" in one.message
    assert one.facts["why"] == "metric_definition"


def test_the_same_lives_on_both_sides_are_silent(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    names = ("upgrade", "trial", "expired", "refund", "billing_retry_lost", "downgrade")
    steps = [numbered(each, 100_000 * n) for n, name in enumerate(names, start=1) for each in steps_of(name).values()]
    late = [later(each, 3) for each in steps]
    # the first notification of all opens the comparison; the lives begin three days after it
    hear([*lives(1), *late])
    report([*lives(1), *late])
    assert messages(account) == []


def numbered(each: Step, by: int) -> Step:
    """The same step of another subscription."""
    names = ("transactionId", "originalTransactionId", "webOrderLineItemId")
    told = {**each.transaction, **{name: str(int(each.transaction[name]) + by) for name in names}}
    renewal = {**(each.renewal or {}), "originalTransactionId": told["originalTransactionId"]}
    return replace(each, transaction=told, renewal=renewal)


def later(each: Step, days: int) -> Step:
    names = ("purchaseDate", "originalPurchaseDate", "expiresDate", "revocationDate")
    told = {**each.transaction}
    told |= {name: told[name] + days * 24 * HOUR for name in names if name in told}
    return replace(each, transaction=told, signed_ms=each.signed_ms + days * 24 * HOUR)


@pytest.mark.parametrize(("hours", "number"), [(9, 0), (57, 4)])
def test_a_shift_at_midnight_is_no_difference_and_one_of_days_is(
    hours: int, number: int, account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    opening, steps = lives(1), [numbered(each, 50_000) for each in lives(5, start=2)]
    hear([*opening, *steps])
    # bought at 16:00 and renewed at 04:00 in California; nine hours later it is the next day there for the first ones
    report([*opening, *(moved(each, hours) for each in steps)])
    # after two days and more the new ones and the renewals stand on other days, each missing on one and too many on one
    assert len(messages(account)) == number


def test_a_renewal_that_was_charged_the_evening_before_is_no_difference(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    steps = lives(5)
    # told only when the period had begun, a day after Apple charged and counted it
    hear([moved(each, 24) if each.type == "DID_RENEW" else each for each in steps])
    report(steps)
    assert messages(account) == []


@pytest.mark.parametrize("name", ["refund", "family", "refund_reversed"])
def test_refunds_on_their_own_day_and_family_sharing_are_no_difference(
    name: str, account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    steps = [
        numbered(later(each, 3), 10_000 * n) for n in range(1, 4) for each in steps_of(name).values()
    ]  # fmt: skip
    hear([*lives(1), *steps])
    report([*lives(1), *steps])
    assert messages(account) == []


def test_sandbox_counts_on_neither_side(
    account: Account, sandbox: Shop, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    hear(lives(2))
    hear([numbered(each, 70_000) for each in lives(5)], of=sandbox, first=900)
    report(lives(2))
    assert messages(account) == []


def test_days_without_a_report_are_not_compared(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    # the renewals of 2026-01-30 are missing here; so is the report of the day after, which could hold them
    steps = lives(5)
    hear([each for each in steps if each.type == "SUBSCRIBED"])
    report(steps, without=[date(2026, 1, 31)])
    assert messages(account) == []


def test_nothing_is_compared_before_notifications_came(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    steps = lives(5)
    hear([numbered(each, 80_000) for each in lives(1, start=31)])
    report([*steps, *(numbered(each, 80_000) for each in lives(1, start=31))])
    assert messages(account) == []


def test_a_price_that_differs_is_told_where_the_counts_agree(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    hear(lives(3))
    report(lives(3, price=12990))

    (one,) = found(account)
    # 3 renewals at 12.99 in the report, at 9.99 in our copies
    assert (one.member, one.money) == ("M US list_price USD", {"USD": Decimal("9.000")})
    assert "tells 38.97 USD at list prices" in one.message
    assert "notifications 29.97 USD" in one.message


def test_a_price_that_apple_did_not_tell_is_not_taken_for_zero(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    steps = lives(3)
    unpriced = {name: value for name, value in steps[-1].transaction.items() if name != "price"}
    hear([*steps[:-1], replace(steps[-1], transaction=unpriced)])
    report(steps)
    assert messages(account) == []


def test_an_unknown_price_explains_no_more_than_the_dearest_price_that_is_known(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    steps = lives(3)
    unpriced = {name: value for name, value in steps[-1].transaction.items() if name != "price"}
    hear([*steps[:-1], replace(steps[-1], transaction=unpriced)])
    report(lives(3, price=12990))

    (one,) = found(account)
    # 3 renewals at 12.99 in the report; two at 9.99 in our copies, and at most 9.99 for the third
    assert (one.member, one.money) == ("M US list_price USD", {"USD": Decimal("9.000")})
    assert "notifications 19.98 to 29.97 USD" in one.message


def test_a_price_that_apple_told_in_two_ways_is_no_difference_between_report_and_copies(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    steps = lives(3)
    other = {**steps[-1].transaction, "transactionId": "2099", "price": 8990}
    again = replace(steps[-1], type="DID_CHANGE_RENEWAL_STATUS", subtype="AUTO_RENEW_DISABLED", transaction=other)
    hear([*steps, replace(again, signed_ms=again.signed_ms + 24 * HOUR)])
    report(steps)
    # that Apple contradicts itself is told by the rule for it, and not a second time here
    assert messages(account) == []
    assert len(messages(account, "A25")) == 1


def test_what_cannot_be_mapped_is_told_once_and_not_compared(
    account: Account, hear: Callable[..., None], report: Callable[..., None], tmp_path: Path
) -> None:
    hear([each for each in lives(5) if each.type == "SUBSCRIBED"])
    report(lives(5), products="", without=[date(2026, 1, 20)])
    strange = event("Gift from Aunt", 7, date(2026, 1, 20))
    told("load_report", event_report(tmp_path, strange, day=date(2026, 1, 20)))

    assert messages(account) == []
    assert {each.member: each.severity for each in found(account, "A42I")} == {
        "event gift from aunt": "info", "subscription 1500000101": "info",
    }  # fmt: skip
    # a sales report names the product: from then on it is compared
    told("load_report", sales_report(tmp_path, sale(1, product="M", apple_id=1500000101)))
    assert [each.member for each in found(account, "A42I")] == ["event gift from aunt"]


def test_without_reports_or_without_notifications_nothing_is_told(
    account: Account, hear: Callable[..., None], report: Callable[..., None]
) -> None:
    codes = [code for code in all_rules() if code.startswith("A42")]
    hear(lives(3))
    assert [messages(account, code) for code in codes] == [[]] * 6


def test_apps_without_notifications_are_not_compared(account: Account, app: Any, report: Callable[..., None]) -> None:
    report(lives(5))
    assert messages(account) + messages(account, "A42I") == []


def test_proceeds_are_held_against_apples_rates(account: Account, app: Any, tmp_path: Path) -> None:
    make.VendorFactory.make(account=account)
    rows = (
        subscriber(Customer_Price="9.99", Developer_Proceeds="6.99"),
        # 85 % of 9.99 is 8.4915: rounded up to a cent it is still right
        subscriber(Customer_Price="9.99", Developer_Proceeds="8.50", Proceeds_Reason="Rate After One Year"),
        subscriber(Customer_Price="-9.99", Developer_Proceeds="6.99", Refund="Yes"),
        subscriber(Customer_Price="300", Developer_Proceeds="255", Customer_Currency="JPY", Proceeds_Currency="JPY"),
        # 20 % tax is in the price: 9.99 / 1.2 x 0.70 = 5.83
        subscriber(Customer_Price="9.99", Developer_Proceeds="5.83", Country="DE"),
        # the developer is paid in another currency
        subscriber(Customer_Price="9.99", Developer_Proceeds="1100", Proceeds_Currency="JPY"),
    )
    told("load_report", subscriber_report(tmp_path, *rows))
    assert messages(account, "A42R") + messages(account, "A42L") == []

    more = subscriber(Customer_Price="9.99", Developer_Proceeds="9.00", Country="FR")
    less = subscriber(Customer_Price="9.99", Developer_Proceeds="4.00", Country="FR")
    told("load_report", subscriber_report(tmp_path, *rows, more, less))
    (high,) = found(account, "A42R")
    assert (high.member, high.severity) == ("1500000101 FR USD", "low")
    assert "more than 85 % of the price: up to 9.00 USD of 9.99 USD" in high.message
    (low,) = found(account, "A42L")
    assert "less than 70 % of the price, even less 27 % tax" in low.message
    # switched off as delivered: nothing of Apple's says which taxes it takes off
    assert not RuleSetting.objects.get(code="A42L").enabled
    assert "A42L" not in {each.rule.code for each in anomalies(account, clock.now())}


def test_renewals_and_proceeds_of_subscription_reports_are_held_against_sales_rows(
    account: Account, app: Any, tmp_path: Path
) -> None:
    make.VendorFactory.make(account=account)
    days = [date(2026, 1, 19) + timedelta(days=n) for n in range(3)]
    sold = {"product": "M", "apple_id": 1500000101, "price": "9.99", "proceeds": "6.99", "Subscription": "Renewal"}
    for day in days:
        told(
            "load_report",
            sales_report(tmp_path, sale(4, **sold), day=day),  # type: ignore[arg-type]
            event_report(tmp_path, event("Renew", 4 if day != days[1] else 7, day), day=day),
            subscriber_report(
                tmp_path, subscriber(4 if day != days[1] else 7, day, Developer_Proceeds="6.99"), day=day
            ),
        )  # fmt: skip

    found_here = found(account, "A42S")
    assert {each.member: each.money for each in found_here} == {
        "M US SUBSCRIPTION_EVENT": {},
        # 3 x 6.99 more than in the sales report
        "M US SUBSCRIBER USD": {"USD": Decimal("20.970")},
    }
    assert "tells 7 renewals of M in US, its sales report 4" in " ".join(each.message for each in found_here)
    assert not all_rules()["A42S"].enabled


ANALYTICS = "App Store Subscription Event Report Standard"
ANALYTICS_HEADER = (
    "Event Date\tApp Name\tApp Apple Identifier\tEvent Sub Type\tEvent Grouping\tSubscription Name\t"
    "Subscription Identifier\tSubscription Duration\tBilling Frequency\tBilling Period\tSubscription Group\t"
    "Subscription Group Identifier\tOffer Type\tOffer Name\tOffer ID\tVanity Code\tOffer Pricing\tOffer Duration\t"
    "Plan Change Type\tPrevious Subscription Name\tPrevious Subscription Identifier\tFamily Sharing\t"
    "Cancellation Reason\tPaid Service Days Recovered\tApp Download Source Type\tPage Type\tPre-Order\t"
    "Original Purchase Device\tTerritory\tCounts"
)


def counted(day: str, name: str, counts: int, product: str = "1500000101", sharing: str = "Individual") -> str:
    """A row of the analytics report, in the United States."""
    known = {
        "Event Date": day, "App Name": "Acme Notes", "App Apple Identifier": "1500000001", "Event Sub Type": name,
        "Subscription Identifier": product, "Family Sharing": sharing, "Territory": "US", "Counts": str(counts),
    }  # fmt: skip
    return "\t".join(known.get(column, "") for column in ANALYTICS_HEADER.split("\t"))


@pytest.fixture
def analytics(account: Account, app: App, tmp_path: Path) -> Callable[..., None]:
    """`analytics(row, ...)`: one instance of the analytics report; something else happened the day before and after."""
    make.VendorFactory.make(account=account)

    def delivered(*rows: str) -> None:
        told("load_report", sales_report(tmp_path, sale(1, product="M", apple_id=1500000101)))
        ongoing = ReportRequest.objects.create(
            account=account, app=app, access=Access.ONGOING, apple_id="1", asked_at=make.MORNING,
            expected_by=make.MORNING,
        )  # fmt: skip
        listed = AnalyticsReport.objects.create(request=ongoing, apple_id="2", name=ANALYTICS)
        one = AnalyticsInstance.objects.create(
            report=listed, apple_id="3", granularity="DAILY", processing_date=date(2026, 2, 3), seen_at=make.MORNING
        )
        around = [counted(day, "Voluntary Churn from Full Price", 9) for day in ("2026-01-29", "2026-01-31")]
        deliver(tmp_path, one, given_text(*around, *rows, header=ANALYTICS_HEADER))

    return delivered


def test_renewals_of_the_analytics_report_that_never_came_are_told(
    account: Account, hear: Callable[..., None], analytics: Callable[..., None]
) -> None:
    steps = lives(7)
    hear([*(each for each in steps if each.type == "SUBSCRIBED"), steps[-1]])
    # charged on 2026-01-30 at noon UTC; two renewed by offers, which Apple tells apart
    analytics(
        counted("2026-01-30", "Full Price Renewals", 5), counted("2026-01-30", "Full Price from Paid Offer", 2),
        counted("2026-01-30", "Full Price Renewals", 4, sharing="Shared with family"),
    )  # fmt: skip

    (one,) = found(account, "A42A")
    assert (one.member, one.severity) == ("M US renewal", "info")
    # six renewals at 9.99
    assert one.money == {"USD": Decimal("59.940")}
    assert "analytics Subscription Event report tells 7 renewals of M in US from 2026-01-30" in one.message
    assert "our purchases and notifications 1: Apple has more" in one.message
    # off as delivered: the reading of its events is this program's
    assert not RuleSetting.objects.get(code="A42A").enabled
    assert messages(account) == []


@pytest.mark.parametrize(
    "rows",
    [
        [("Full Price Renewals", 7, "1500000101")],
        [("Full Price Renewals", 7, "M")],  # named by the product ID
        [("Full Price Renewals", 4, "M"), ("Plan Changes", 3, "M")],  # a change may be a renewal, and need not be
        [("Full Price Renewals", 7, "M"), ("Plan Changes", 30, "M"), ("Refunds from Full Price", 30, "M")],
        [("Full Price Renewals", 3, "M")],  # four are fewer than what may be hidden
    ],
)
def test_an_analytics_report_that_can_be_right_is_silent(
    rows: list[tuple[str, int, str]], account: Account, hear: Callable[..., None], analytics: Callable[..., None]
) -> None:
    hear(lives(7))
    analytics(*(counted("2026-01-30", *row) for row in rows))
    assert messages(account, "A42A") == []


def test_what_the_analytics_report_does_not_tell_is_told_as_well(
    account: Account, hear: Callable[..., None], analytics: Callable[..., None]
) -> None:
    hear(lives(7))
    analytics(counted("2026-01-30", "Full Price Renewals", 1))
    (message,) = messages(account, "A42A")
    assert "tells 1 renewals of M in US" in message
    assert "we have more, and 6 are no shift by a day" in message


@pytest.mark.parametrize("report", ["events", "analytics_events"])
def test_every_name_of_the_mapping_is_of_a_known_class(report: str) -> None:
    told_mapping = mapping()
    classes = set(told_mapping["classes"])
    for group in told_mapping[report]:
        assert set(group["classes"]) <= classes
        assert group["certainty"] in ("documented", "seen", "unsure")
    names = [fold(name) for group in told_mapping[report] for name in group["names"]]
    assert len(names) == len(set(names))


def test_old_spellings_and_reasons_are_known() -> None:
    told_mapping = mapping()
    classes = set(told_mapping["classes"])
    for reason in told_mapping["reasons"]:
        assert set(reason.get("classes", [])) <= classes | {"list_price"}
        assert reason["source"]
    known = parameters()["event_classes"]
    for spelling in ("cancelled from billing retry", "start free trial", "start introductory price"):
        assert f'"{spelling}"' in known
    # Apple's three letters, also where CLDR has none
    assert [storefronts()[code] for code in ("USA", "DEU", "JPN", "XKS")] == ["US", "DE", "JP", "XK"]
