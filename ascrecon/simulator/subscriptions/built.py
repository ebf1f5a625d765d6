"""Sequences of notifications for what happens in the life of a subscription, one a name, as Apple's tables tell them.

Common to all: group g1, United States, USD, a monthly (M, 9.99), another monthly (M2), a yearly (Y, 59.99) and a basic
one (B, 4.99). Moments are days after the first purchase. Where Apple does not say what a field holds at that point the
choice is ours; docs/subscriptions.md names these.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ascrecon.simulator.subscriptions.steps import DAY, Step

START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1000
PRICES = {"M": 9990, "M2": 9990, "Y": 59990, "B": 4990}
ANNA = "aaaaaaaa-0000-4000-8000-000000000001"
BEN = "bbbbbbbb-0000-4000-8000-000000000002"
CARA = "cccccccc-0000-4000-8000-000000000003"
STATUS, PREF = "DID_CHANGE_RENEWAL_STATUS", "DID_CHANGE_RENEWAL_PREF"
FAILED, RENEWED = "DID_FAIL_TO_RENEW", "DID_RENEW"
REASON = "transactionReason"


def at(days: float) -> int:
    """Milliseconds of a moment, in days after the first purchase."""
    return START + round(days * DAY)


def bought(
    number: int, original: int, line: int, product: str, start: float, end: float, price: int | None = None, **more: Any
) -> dict[str, Any]:
    """A transaction; PURCHASED and, unless `transactionReason` says otherwise, a purchase."""
    return {
        "transactionId": str(number),
        "originalTransactionId": str(original),
        "webOrderLineItemId": str(line),
        "productId": product,
        "subscriptionGroupIdentifier": "g1",
        "purchaseDate": at(start),
        "originalPurchaseDate": START,
        "expiresDate": at(end),
        "quantity": 1,
        "type": "Auto-Renewable Subscription",
        "inAppOwnershipType": "PURCHASED",
        REASON: "PURCHASE",
        "storefront": "USA",
        "storefrontId": "143441",
        "price": PRICES[product] if price is None else price,
        "currency": "USD",
        "appTransactionId": f"70{original}",
        **more,
    }


def renewed(*args: Any, **more: Any) -> dict[str, Any]:
    return bought(*args, **{REASON: "RENEWAL", **more})


def upcoming(original: int, product: str, renewal: float, *, nxt: str = "", on: int = 1, **more: Any) -> dict[str, Any]:
    """What happens next: `nxt` is the product of the next period, `on` whether it renews."""
    following = nxt or product
    priced = {"renewalPrice": PRICES[following], "currency": "USD"} if on else {}
    return {
        "originalTransactionId": str(original),
        "productId": product,
        "autoRenewProductId": following,
        "autoRenewStatus": on,
        "renewalDate": at(renewal),
        "recentSubscriptionStartDate": START,
        "appTransactionId": f"70{original}",
        **priced,
        **more,
    }


def step(days: float, kind: str, status: int | None, bought: dict[str, Any], nxt: dict[str, Any]) -> Step:
    """`kind` is `TYPE` or `TYPE/SUBTYPE`."""
    name, _, subtype = kind.partition("/")
    return Step(name, subtype, at(days), status, bought, nxt)


FIRST = bought(100, 100, 900, "M", 0, 30)
TRIAL: dict[str, Any] = {"offerType": 1, "offerDiscountType": "FREE_TRIAL"}
FAILING: dict[str, Any] = {"isInBillingRetryPeriod": True}


def _buy() -> Step:
    return step(0, "SUBSCRIBED/INITIAL_BUY", 1, FIRST, upcoming(100, "M", 30))


def renew() -> list[Step]:
    second = renewed(101, 100, 901, "M", 30, 60)
    return [_buy(), step(29.5, RENEWED, 1, second, upcoming(100, "M", 60))]


def upgrade() -> list[Step]:
    basic = bought(200, 200, 910, "B", 0, 30)
    monthly = bought(201, 200, 911, "M", 10, 40)
    return [
        step(0, "SUBSCRIBED/INITIAL_BUY", 1, basic, upcoming(200, "B", 30)),
        step(10, f"{PREF}/UPGRADE", 1, monthly, upcoming(200, "M", 40)),
    ]


def downgrade() -> list[Step]:
    basic = renewed(102, 100, 903, "B", 30, 60)
    return [
        _buy(),
        step(5, f"{PREF}/DOWNGRADE", 1, FIRST, upcoming(100, "M", 30, nxt="B")),
        step(30, RENEWED, 1, basic, upcoming(100, "B", 60)),
    ]


def crossgrade_same_duration() -> list[Step]:
    other = bought(201, 100, 911, "M2", 10, 40)
    return [_buy(), step(10, f"{PREF}/UPGRADE", 1, other, upcoming(100, "M2", 40))]


def crossgrade_other_duration() -> list[Step]:
    yearly = renewed(102, 100, 903, "Y", 30, 395)
    return [
        _buy(),
        step(5, f"{PREF}/DOWNGRADE", 1, FIRST, upcoming(100, "M", 30, nxt="Y")),
        step(30, RENEWED, 1, yearly, upcoming(100, "Y", 395)),
    ]


def refund(**revoked: Any) -> list[Step]:
    full = {"revocationReason": 1, "revocationType": "REFUND_FULL", "revocationPercentage": 100000}
    gone = {**FIRST, "revocationDate": at(3) - 3_600_000, **full, **revoked}
    return [_buy(), step(3, "REFUND", 5, gone, upcoming(100, "M", 30, on=0))]


def refund_in_part() -> list[Step]:
    return refund(revocationType="REFUND_PRORATED", revocationPercentage=50000)


def refund_declined() -> list[Step]:
    return [_buy(), step(3, "REFUND_DECLINED", 1, FIRST, upcoming(100, "M", 30))]


def refund_reversed() -> list[Step]:
    return [*refund(), step(8, "REFUND_REVERSED", 1, FIRST, upcoming(100, "M", 30))]


def _grace() -> list[Step]:
    failing = upcoming(100, "M", 30, gracePeriodExpiresDate=at(46), **FAILING)
    return [_buy(), step(30, f"{FAILED}/GRACE_PERIOD", 4, FIRST, failing)]


def grace_recovered() -> list[Step]:
    paid = renewed(103, 100, 904, "M", 30, 60)
    return [*_grace(), step(35, f"{RENEWED}/BILLING_RECOVERY", 1, paid, upcoming(100, "M", 60))]


def grace_lost() -> list[Step]:
    paid = renewed(104, 100, 905, "M", 70, 100)
    return [
        *_grace(),
        step(46, "GRACE_PERIOD_EXPIRED", 3, FIRST, upcoming(100, "M", 30, **FAILING)),
        step(70, f"{RENEWED}/BILLING_RECOVERY", 1, paid, upcoming(100, "M", 100)),
    ]


def billing_retry_lost() -> list[Step]:
    failing = upcoming(100, "M", 30, **FAILING)
    ended = upcoming(100, "M", 30, on=0, expirationIntent=2, isInBillingRetryPeriod=False)
    return [_buy(), step(30, FAILED, 3, FIRST, failing), step(90, "EXPIRED/BILLING_RETRY", 2, FIRST, ended)]


def expired() -> list[Step]:
    ended = upcoming(100, "M", 30, on=0, expirationIntent=1, isInBillingRetryPeriod=False)
    return [
        _buy(),
        step(10, f"{STATUS}/AUTO_RENEW_DISABLED", 1, FIRST, upcoming(100, "M", 30, on=0)),
        step(30, "EXPIRED/VOLUNTARY", 2, FIRST, ended),
    ]


def resubscribed() -> list[Step]:
    again = bought(105, 100, 906, "Y", 45, 410)
    return [*expired(), step(45, "SUBSCRIBED/RESUBSCRIBE", 1, again, upcoming(100, "Y", 410))]


def token_moved() -> list[Step]:
    """A subscription bought as Anna is changed in the app while Ben is signed in there; the renewal names Ben."""
    hers = {**FIRST, "appAccountToken": ANNA}
    yearly = renewed(106, 100, 907, "Y", 30, 395, appAccountToken=BEN)
    return [
        step(0, "SUBSCRIBED/INITIAL_BUY", 1, hers, upcoming(100, "M", 30, appAccountToken=ANNA)),
        step(20, f"{PREF}/DOWNGRADE", 1, hers, upcoming(100, "M", 30, nxt="Y", appAccountToken=BEN)),
        step(30, RENEWED, 1, yearly, upcoming(100, "Y", 395, appAccountToken=BEN)),
    ]


def billed_twice(apple_account: str = "70300") -> list[Step]:
    """After a change within the group a new subscription came; the old one goes on being billed."""
    mine: dict[str, Any] = {"appAccountToken": ANNA}
    old = bought(300, 300, 920, "M", 0, 30, **mine)
    new = bought(400, 400, 921, "Y", 15, 380, **mine, appTransactionId=apple_account)
    again = renewed(301, 300, 922, "M", 30, 60, **mine)
    return [
        step(0, "SUBSCRIBED/INITIAL_BUY", 1, old, upcoming(300, "M", 30, **mine)),
        step(15, "SUBSCRIBED/INITIAL_BUY", 1, new, upcoming(400, "Y", 380, **mine, appTransactionId=apple_account)),
        step(30, RENEWED, 1, again, upcoming(300, "M", 60, **mine)),
    ]


def billed_by_two_apple_accounts() -> list[Step]:
    return billed_twice("70400")


def billed_twice_after_retry() -> list[Step]:
    """The old one failed, a new one was bought, then the old one was paid after all."""
    mine: dict[str, Any] = {"appAccountToken": ANNA}
    old = bought(300, 300, 920, "M", 0, 14, **mine)
    new = bought(400, 400, 921, "Y", 15, 380, **mine, appTransactionId="70300")
    paid = renewed(301, 300, 922, "M", 30, 60, **mine)
    failing = upcoming(300, "M", 14, **mine, **FAILING)
    return [
        step(0, "SUBSCRIBED/INITIAL_BUY", 1, old, upcoming(300, "M", 14, **mine)),
        step(14, FAILED, 3, old, failing),
        step(15, "SUBSCRIBED/INITIAL_BUY", 1, new, upcoming(400, "Y", 380, **mine, appTransactionId="70300")),
        step(30, f"{RENEWED}/BILLING_RECOVERY", 1, paid, upcoming(300, "M", 60, **mine)),
    ]


def family() -> list[Step]:
    shared = bought(
        500, 500, 930, "M", 1, 31, inAppOwnershipType="FAMILY_SHARED", appTransactionId="70555",
    )  # fmt: skip
    gone = {**shared, "revocationDate": at(12), "revocationReason": 0, "revocationType": "FAMILY_REVOKE"}
    return [
        _buy(),
        step(1, "SUBSCRIBED/INITIAL_BUY", 1, shared, upcoming(500, "M", 31)),
        step(12, "REVOKE", 5, gone, upcoming(500, "M", 31, on=0)),
    ]


def offer_redeemed() -> list[Step]:
    promo: dict[str, Any] = {"offerType": 2, "offerIdentifier": "promo1", "offerDiscountType": "PAY_AS_YOU_GO"}
    cheaper = renewed(101, 100, 901, "M", 30, 60, 4990, **promo)
    return [
        _buy(),
        step(12, "OFFER_REDEEMED", 1, FIRST, upcoming(100, "M", 30, **promo, renewalPrice=4990)),
        step(30, RENEWED, 1, cheaper, upcoming(100, "M", 60, **promo, renewalPrice=4990)),
    ]


def offer_code() -> list[Step]:
    code: dict[str, Any] = {"offerType": 3, "offerIdentifier": "SPRING", "offerDiscountType": "FREE_TRIAL"}
    free = bought(100, 100, 900, "M", 0, 30, 0, **code)
    return [step(0, "SUBSCRIBED/INITIAL_BUY", 1, free, upcoming(100, "M", 30))]


def price_increase_accepted() -> list[Step]:
    dearer = renewed(101, 100, 901, "M", 30, 60, 12990)
    return [
        _buy(),
        step(20, "PRICE_INCREASE/PENDING", 1, FIRST, upcoming(100, "M", 30, priceIncreaseStatus=0, renewalPrice=12990)),
        step(
            24, "PRICE_INCREASE/ACCEPTED", 1, FIRST, upcoming(100, "M", 30, priceIncreaseStatus=1, renewalPrice=12990)
        ),
        step(30, RENEWED, 1, dearer, upcoming(100, "M", 60, renewalPrice=12990)),
    ]


def price_increase_lapsed() -> list[Step]:
    ended = upcoming(100, "M", 30, on=0, expirationIntent=3)
    return [
        _buy(),
        step(20, "PRICE_INCREASE/PENDING", 1, FIRST, upcoming(100, "M", 30, priceIncreaseStatus=0, renewalPrice=12990)),
        step(30, "EXPIRED/PRICE_INCREASE", 2, FIRST, ended),
    ]


def restored() -> list[Step]:
    """A device restored the purchase: another transaction of the same line item."""
    first, second = renew()
    copy = {**second.transaction, "transactionId": "107"}
    return [first, second, step(33, f"{STATUS}/AUTO_RENEW_DISABLED", 1, copy, upcoming(100, "M", 60, on=0))]


def switched_off_and_on() -> list[Step]:
    return [
        _buy(),
        step(10, f"{STATUS}/AUTO_RENEW_DISABLED", 1, FIRST, upcoming(100, "M", 30, on=0)),
        step(11, f"{STATUS}/AUTO_RENEW_ENABLED", 1, FIRST, upcoming(100, "M", 30)),
    ]


def trial() -> list[Step]:
    free = bought(100, 100, 900, "M", 0, 7, 0, **TRIAL)
    paid = renewed(101, 100, 901, "M", 7, 37)
    return [
        step(0, "SUBSCRIBED/INITIAL_BUY", 1, free, upcoming(100, "M", 7)),
        step(7, RENEWED, 1, paid, upcoming(100, "M", 37)),
    ]


def yen_and_won() -> list[Step]:
    yen = bought(600, 600, 940, "M", 0, 30, 300_000, currency="JPY", storefront="JPN")
    won = bought(700, 700, 950, "M", 0, 30, 3_300_000, currency="KRW", storefront="KOR")
    return [
        step(0, "SUBSCRIBED/INITIAL_BUY", 1, yen, upcoming(600, "M", 30)),
        step(0, "SUBSCRIBED/INITIAL_BUY", 1, won, upcoming(700, "M", 30)),
    ]


def linked_later() -> list[Step]:
    """Bought outside the app, so without a token; the app sets one later, and the renewal carries it."""
    hers = renewed(101, 100, 901, "M", 30, 60, appAccountToken=CARA)
    return [
        _buy(),
        step(30, RENEWED, 1, hers, upcoming(100, "M", 60, appAccountToken=CARA)),
    ]


SEQUENCES: dict[str, Callable[[], list[Step]]] = {
    builder.__name__: builder
    for builder in (
        renew, upgrade, downgrade, crossgrade_same_duration, crossgrade_other_duration, refund, refund_in_part,
        refund_declined, refund_reversed, grace_recovered, grace_lost, billing_retry_lost, expired, resubscribed,
        token_moved, billed_twice, billed_by_two_apple_accounts, billed_twice_after_retry, family, offer_redeemed,
        offer_code, price_increase_accepted, price_increase_lapsed, restored, switched_off_and_on, trial, yen_and_won,
        linked_later,
    )
}  # fmt: skip


def steps_of(name: str) -> dict[str, Step]:
    """The notifications of a sequence, each under a name of its own."""
    return {f"{name} {number}": each for number, each in enumerate(SEQUENCES[name](), start=1)}
