"""The subscription reports of Sales and Trends, made from the steps of sequences: what Apple would tell of a day.

A day is Pacific. A purchase counts when it was made, a renewal when it was charged (up to a day before its period
begins), a refund on its own day, a cancellation when the period ends. Family sharing and sandbox are in no report.
Columns are those of version 1_3, in Apple's order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ascrecon.simulator.regions import ZERO_DECIMALS
from ascrecon.simulator.subscriptions.steps import Step
from ascrecon.simulator.subscriptions.storefronts import country_of

PACIFIC = ZoneInfo("America/Los_Angeles")
RATE = Decimal("0.70")
WHOLE = 100_000  # revocationPercentage of a whole refund, in thousandths of a percent
BUYS = (
    ("SUBSCRIBED", "INITIAL_BUY"),
    ("SUBSCRIBED", "RESUBSCRIBE"),
    ("DID_RENEW", ""),
    ("DID_RENEW", "BILLING_RECOVERY"),
    ("DID_CHANGE_RENEWAL_PREF", "UPGRADE"),
)
STARTS = {1: "Start Introductory Offer", 2: "Start Promotional Offer", 3: "Start Offer Code", 4: "Start Win-Back Offer"}
OFFERS = {1: "Introductory Offer", 2: "Promotional Offer", 3: "Offer Code", 4: "Win-Back Offer"}
DISCOUNTS = {"FREE_TRIAL": "Free Trial", "PAY_AS_YOU_GO": "Pay As You Go", "PAY_UP_FRONT": "Pay Up Front"}
CANCEL = ("Cancel", "Canceled")
#: What ends or threatens a subscription: event and reason, by type and subtype.
ENDS = {
    "DID_FAIL_TO_RENEW": {
        "": ("Billing Retry from Paid Subscription", "Billing issue"),
        "GRACE_PERIOD": ("Grace Period from Paid Subscription", "Billing issue"),
    },
    "EXPIRED": {
        "": CANCEL,
        "VOLUNTARY": CANCEL,
        "BILLING_RETRY": ("Canceled from Billing Retry", "Billing issue"),
        "PRICE_INCREASE": ("Cancel", "Price increase"),
        "PRODUCT_NOT_FOR_SALE": ("Cancel", "Removed from Sale"),
    },
}

STATE_HEADER = (
    "App Name\tApp Apple ID\tSubscription Name\tSubscription Apple ID\tSubscription Group ID\t"
    "Standard Subscription Duration\tSubscription Offer Name\tPromotional Offer ID\tCustomer Price\tCustomer Currency\t"
    "Developer Proceeds\tProceeds Currency\tPreserved Pricing\tProceeds Reason\tClient\tDevice\tState\tCountry\t"
    "Active Standard Price Subscriptions\tActive Free Trial Introductory Offer Subscriptions\t"
    "Active Pay Up Front Introductory Offer Subscriptions\tActive Pay As You Go Introductory Offer Subscriptions\t"
    "Free Trial Promotional Offer Subscriptions\tPay Up Front Promotional Offer Subscriptions\t"
    "Pay As You Go Promotional Offer Subscriptions\tFree Trial Offer Code Subscriptions\t"
    "Pay Up Front Offer Code Subscriptions\tPay As You Go Offer Code Subscriptions\tMarketing Opt-Ins\tBilling Retry\t"
    "Grace Period\tSubscribers\tFree Trial Win-back Offers\tPay Up Front Win-back Offers\tPay As You Go Win-back Offers"
)
EVENT_HEADER = (
    "Event Date\tEvent\tApp Name\tApp Apple ID\tSubscription Name\tSubscription Apple ID\tSubscription Group ID\t"
    "Standard Subscription Duration\tSubscription Offer Name\tPromotional Offer ID\tSubscription Offer Type\t"
    "Subscription Offer Duration\tMarketing Opt-In\tMarketing Opt-In Duration\tPreserved Pricing\tProceeds Reason\t"
    "Consecutive Paid Periods\tOriginal Start Date\tClient\tDevice\tState\tCountry\tPrevious Subscription Name\t"
    "Previous Subscription Apple ID\tDays Before Canceling\tCancellation Reason\tDays Canceled\tQuantity\t"
    "Paid Service Days Recovered"
)
SUBSCRIBER_HEADER = (
    "Event Date\tApp Name\tApp Apple ID\tSubscription Name\tSubscription Apple ID\tSubscription Group ID\t"
    "Standard Subscription Duration\tSubscription Offer Name\tPromotional Offer ID\tSubscription Offer Type\t"
    "Subscription Offer Duration\tMarketing Opt-In Duration\tCustomer Price\tCustomer Currency\tDeveloper Proceeds\t"
    "Proceeds Currency\tPreserved Pricing\tProceeds Reason\tClient\tDevice\tCountry\tSubscriber ID\t"
    "Subscriber ID Reset\tRefund\tPurchase Date\tUnits"
)


@dataclass(frozen=True)
class ReportedProduct:
    """A subscription as the reports name it; its group is a number there."""

    apple_id: int
    name: str
    duration: str
    group: int = 20000001


@dataclass(frozen=True)
class ReportedApp:
    """An app whose steps Apple reports; products by their product id."""

    name: str
    apple_id: int
    products: Mapping[str, ReportedProduct]
    steps: Sequence[Step] = field(repr=False)


@dataclass(frozen=True)
class Happened:
    """One event of the Event report."""

    day: date
    event: str
    transaction: Mapping[str, Any]
    before: Mapping[str, Any]
    reason: str = ""


def report_lines(kind: str, apps: Iterable[ReportedApp], day: date) -> list[str]:
    """Header and rows of a day's report; only the header where nothing is to tell.

    `kind`: SUBSCRIPTION, SUBSCRIPTION_EVENT or SUBSCRIBER. Raises KeyError for a product or storefront without a name.
    """
    header, rows = {
        "SUBSCRIPTION": (STATE_HEADER, _state_rows),
        "SUBSCRIPTION_EVENT": (EVENT_HEADER, _event_rows),
        "SUBSCRIBER": (SUBSCRIBER_HEADER, _subscriber_rows),
    }[kind]
    return [header, *(row for app in apps for row in rows(app, day))]


def pacific_day(ms: int) -> date:
    """The day in California of a moment in milliseconds."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(PACIFIC).date()


def happened(app: ReportedApp) -> Iterator[Happened]:
    """What Apple counts of the steps, in the order of their signing."""
    last: dict[str, Mapping[str, Any]] = {}
    for step in sorted(app.steps, key=lambda each: each.signed_ms):
        told = step.transaction
        if told.get("inAppOwnershipType") != "PURCHASED":
            continue
        before = last.get(str(told["originalTransactionId"]), {})
        event = _event(step, before)
        if event is not None:
            yield event
        if (step.type, step.subtype) in BUYS:
            last[str(told["originalTransactionId"])] = told


def _event(step: Step, before: Mapping[str, Any]) -> Happened | None:
    told = step.transaction
    if step.type in ("SUBSCRIBED", "DID_RENEW") or step.subtype == "UPGRADE":
        return _sale(step, before)
    if step.type == "REFUND":
        return Happened(pacific_day(told["revocationDate"]), "Refund", told, before)
    event, reason = ENDS.get(step.type, {}).get(step.subtype, ("", ""))
    return Happened(pacific_day(step.signed_ms), event, told, before, reason) if event else None


def _sale(step: Step, before: Mapping[str, Any]) -> Happened:
    told = step.transaction
    bought = _bought_on(told)
    if step.type == "DID_RENEW":
        return Happened(min(pacific_day(step.signed_ms), bought), _renewal(told, before, step.subtype), told, before)
    if step.subtype == "INITIAL_BUY":
        return Happened(bought, STARTS.get(told.get("offerType", 0), "Subscribe"), told, {})
    return Happened(bought, "Upgrade" if step.subtype == "UPGRADE" else "Reactivate", told, before)


def _bought_on(told: Mapping[str, Any]) -> date:
    return pacific_day(told["purchaseDate"])


def _renewal(told: Mapping[str, Any], before: Mapping[str, Any], subtype: str) -> str:
    offer, earlier = told.get("offerType", 0), before.get("offerType", 0)
    if subtype == "BILLING_RECOVERY":
        return "Renewal from Billing Retry"
    if before and before["productId"] != told["productId"]:
        return "Downgrade"
    if offer and not earlier:
        return f"{OFFERS[offer]} from Paid Subscription"
    return f"Paid Subscription from {OFFERS[earlier]}" if earlier and not offer else "Renew"


def _which(app: ReportedApp, told: Mapping[str, Any]) -> list[str]:
    product = app.products[told["productId"]]
    ids = [app.name, app.apple_id, product.name, product.apple_id, product.group, product.duration, " ", " "]
    return [str(each) for each in ids]


def _event_rows(app: ReportedApp, day: date) -> list[str]:
    """One row for each combination of what the row tells, with its quantity."""
    rows: Counter[tuple[str, ...]] = Counter()
    for each in happened(app):
        if each.day == day:
            rows[_event_cells(app, each)] += 1
    return ["\t".join([*cells, str(count), ""]) for cells, count in sorted(rows.items())]


def _event_cells(app: ReportedApp, each: Happened) -> tuple[str, ...]:
    told, before = each.transaction, each.before
    previous = app.products[before["productId"]] if before else None
    changed = previous if previous and before["productId"] != told["productId"] else None
    return (
        each.day.isoformat(),
        each.event,
        *_which(app, told),
        DISCOUNTS.get(told.get("offerDiscountType", ""), ""),
        *("", "", " ", " ", " "),
        "1",
        pacific_day(told["originalPurchaseDate"]).isoformat(),
        *("", "iPhone", " "),
        country_of(told["storefront"]),
        *((changed.name, str(changed.apple_id)) if changed else (" ", " ")),
        " ",
        each.reason or " ",
        " ",
    )


def _subscriber_rows(app: ReportedApp, day: date) -> list[str]:
    return [
        "\t".join(_subscriber_cells(app, each))
        for each in happened(app)
        if each.day == day and (each.event == "Refund" or _is_sale(each))
    ]


def _is_sale(each: Happened) -> bool:
    return not each.reason


def _subscriber_cells(app: ReportedApp, each: Happened) -> list[str]:
    told = each.transaction
    refund = each.event == "Refund"
    price, proceeds = prices(told)
    return [
        each.day.isoformat(),
        *_which(app, told),
        DISCOUNTS.get(told.get("offerDiscountType", ""), ""),
        *("", ""),
        f"{-price if refund else price}",
        told["currency"],
        f"{proceeds}",
        told["currency"],
        *(" ", " ", "", "iPhone"),
        country_of(told["storefront"]),
        f"9{told['originalTransactionId']}",
        "",
        "Yes" if refund else "",
        _bought_on(told).isoformat() if refund else "",
        "1",
    ]


def prices(told: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    """Customer price, and 70 % of it, in units of the currency; both per unit. Of a refund in part, the part."""
    step = Decimal(1) if told["currency"] in ZERO_DECIMALS else Decimal("0.01")
    share = Decimal(told.get("revocationPercentage", WHOLE)) / WHOLE
    price = (Decimal(told["price"]) / 1000 * share).quantize(step, ROUND_HALF_UP)
    return price, (price * RATE).quantize(step, ROUND_HALF_UP)


def _state_rows(app: ReportedApp, day: date) -> list[str]:
    """Subscriptions that run at the end of the day; counted by how they were bought."""
    rows: Counter[tuple[tuple[str, ...], str]] = Counter()
    for told in _running(app, day):
        price, proceeds = prices(told)
        paid = (f"{price}", told["currency"], f"{proceeds}", told["currency"])
        cells = (*_which(app, told), *paid, "", "", "", "iPhone", " ", country_of(told["storefront"]))
        rows[cells, "trial" if told.get("offerDiscountType") == "FREE_TRIAL" else "standard"] += 1
    return ["\t".join([*cells, *_counts(how, count)]) for (cells, how), count in sorted(rows.items())]


def _counts(how: str, count: int) -> list[str]:
    standard, trial = (count, 0) if how == "standard" else (0, count)
    # Apple tells how many people there are only from four on.
    people = str(count) if count > 3 else ""  # noqa: PLR2004
    return [str(standard), str(trial), *["0"] * 11, people, "0", "0", "0"]


def _running(app: ReportedApp, day: date) -> list[Mapping[str, Any]]:
    newest: dict[str, Mapping[str, Any]] = {}
    for step in sorted(app.steps, key=lambda each: each.signed_ms):
        told = step.transaction
        is_buy = (step.type, step.subtype) in BUYS or step.type == "REFUND"
        if told.get("inAppOwnershipType") == "PURCHASED" and is_buy and _bought_on(told) <= day:
            newest[str(told["originalTransactionId"])] = told
    return [
        told
        for told in newest.values()
        if pacific_day(told["expiresDate"]) > day and not _is_over(told.get("revocationDate"), day)
    ]


def _is_over(revoked_ms: int | None, day: date) -> bool:
    return revoked_ms is not None and pacific_day(revoked_ms) <= day
