"""Four runs of one sandbox subscription as Apple really sent them (14 notifications, decoded; ids shortened).

Two products of one group, P1 above P3; Australia, AUD; no app account token. A copy of real times and fields: the
purchase of a renewal lies after its signing, a refund tells of an old purchase while the subscription goes on.
"""

from __future__ import annotations

from typing import Any

from ascrecon.simulator.subscriptions.steps import Step

ORIGINAL = "2000001024993299"
MINUTES = {"P1": 180_000, "P3": 540_000}  # how long a period is in sandbox, in milliseconds
PRICES = {"P1": 1990, "P3": 5990}
APPLE_ACCOUNT = "704000000000000001"


def _bought(number: str, product: str, reason: str, at: int, line: str, **more: Any) -> dict[str, Any]:
    return {
        "transactionId": f"200000102{number}",
        "originalTransactionId": ORIGINAL,
        "webOrderLineItemId": f"200000011{line}",
        "productId": product,
        "subscriptionGroupIdentifier": "21752814",
        "purchaseDate": at,
        "originalPurchaseDate": 1759301833000,
        "expiresDate": at + MINUTES[product],
        "quantity": 1,
        "type": "Auto-Renewable Subscription",
        "inAppOwnershipType": "PURCHASED",
        "transactionReason": reason,
        "storefront": "AUS",
        "storefrontId": "143460",
        "price": PRICES[product],
        "currency": "AUD",
        "appTransactionId": APPLE_ACCOUNT,
        **more,
    }


def _next(product: str, upcoming: str, auto_renew: int, renewal: int, start: int, **more: Any) -> dict[str, Any]:
    """Where the subscription does not renew, price and currency are absent."""
    priced = {"renewalPrice": PRICES[upcoming], "currency": "AUD"} if auto_renew else {}
    return {
        "originalTransactionId": ORIGINAL,
        "productId": product,
        "autoRenewProductId": upcoming,
        "autoRenewStatus": auto_renew,
        "renewalDate": renewal,
        "recentSubscriptionStartDate": start,
        "appTransactionId": APPLE_ACCOUNT,
        **priced,
        **more,
    }


A1 = _bought("4998954", "P1", "RENEWAL", 1759302552000, "3755461")
B1 = _bought("5686313", "P1", "PURCHASE", 1759388767000, "3844706")
C1 = _bought("7701898", "P3", "PURCHASE", 1759727778000, "3864605")
C2 = _bought("7701928", "P1", "PURCHASE", 1759727790000, "4202140")
D1 = _bought("5288486", "P3", "PURCHASE", 1760591774000, "4930708")
OLD = _bought("2604840", "P1", "PURCHASE", 1760335129000, "4930653")
B_END, C_END, D_END = 1759388947000, 1759727970000, 1760592314000
B, C, D = 1759388767000, 1759727778000, 1760591774000
ENDED = {"expirationIntent": 1, "isInBillingRetryPeriod": False}
STATUS, PREF = "DID_CHANGE_RENEWAL_STATUS", "DID_CHANGE_RENEWAL_PREF"
OFF = "AUTO_RENEW_DISABLED"

STEPS: dict[str, Step] = {
    "a1": Step("DID_RENEW", "", 1759302518835, 1, A1, _next("P1", "P1", 1, 1759302732000, 1759301832000)),
    "b1": Step("SUBSCRIBED", "RESUBSCRIBE", 1759388776941, 1, B1, _next("P1", "P1", 1, B_END, B)),
    "b2": Step(STATUS, OFF, 1759388855473, 1, B1, _next("P1", "P1", 0, B_END, B)),
    "b3": Step("EXPIRED", "VOLUNTARY", 1759389041604, 2, B1, _next("P1", "P1", 0, B_END, B, **ENDED)),
    "c1": Step("SUBSCRIBED", "RESUBSCRIBE", 1759727785445, 1, C1, _next("P3", "P3", 1, 1759728318000, C)),
    "c2": Step(PREF, "UPGRADE", 1759727799810, 1, C2, _next("P1", "P1", 1, C_END, C)),
    "c3": Step(STATUS, OFF, 1759727821952, 1, C2, _next("P1", "P1", 0, C_END, C)),
    "c4": Step(PREF, "DOWNGRADE", 1759727838450, 1, C2, _next("P1", "P3", 1, C_END, C)),
    "c5": Step(PREF, "", 1759727866231, 1, C2, _next("P1", "P1", 1, C_END, C)),
    "c6": Step(STATUS, OFF, 1759727876877, 1, C2, _next("P1", "P1", 0, C_END, C)),
    "c7": Step("EXPIRED", "VOLUNTARY", 1759727985799, 2, C2, _next("P1", "P1", 0, C_END, C, **ENDED)),
    "d1": Step("SUBSCRIBED", "RESUBSCRIBE", 1760591792087, 1, D1, _next("P3", "P3", 1, D_END, D)),
    "d2": Step(
        "CONSUMPTION_REQUEST", "", 1760591941117, 1, OLD, _next("P3", "P3", 1, D_END, D),
        {"consumptionRequestReason": "UNINTENDED_PURCHASE"},
    ),
    "d3": Step(
        "REFUND", "", 1760592122788, 1, {**OLD, "revocationDate": 1760591999000, "revocationReason": 0},
        _next("P3", "P3", 1, D_END, D),
    ),
}  # fmt: skip
