"""Gives the sequences of built.py a place in a scenario: their day 0, products, prices, storefront and ids.

A sequence is told in days and in the letters of built.py (M, B, Y, ...), at their prices in dollars. A price that is a
part of its product's list price there is the same part of the list price here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any
from uuid import uuid5

from ascrecon.simulator.regions import ZERO_DECIMALS
from ascrecon.simulator.subscriptions.built import PRICES, START
from ascrecon.simulator.subscriptions.steps import NAMES, Step
from ascrecon.simulator.subscriptions.storefronts import Storefront
from ascrecon.simulator.subscriptions.wanted import Plan

MOMENTS = (
    "purchaseDate", "expiresDate", "revocationDate", "renewalDate", "recentSubscriptionStartDate",
    "gracePeriodExpiresDate",
)  # fmt: skip
IDS = ("transactionId", "originalTransactionId", "webOrderLineItemId", "appTransactionId")
PRODUCTS = ("productId", "autoRenewProductId")


@dataclass(frozen=True)
class Cast:
    """Whose life it is. `number` begins each of its ids, `day_0` is a moment in milliseconds, `roles` by letter."""

    number: str
    day_0: int
    group: str
    storefront: Storefront
    roles: Mapping[str, Plan]

    def at(self, days: float) -> int:
        """Milliseconds of a moment in days after day 0."""
        return self.day_0 + round(days * 86_400_000)

    def id_of(self, number: str) -> str:
        """An id of the sequence as it is here."""
        return f"{self.number}{int(number):06d}"

    def token_of(self, token: str) -> str:
        return str(uuid5(NAMES, f"{self.number} {token}"))

    def price_of(self, letter: str, price: int) -> int:
        """A price of the sequence in milliunits of the storefront's currency, rounded to what people can pay."""
        share = Fraction(price, PRICES[letter])
        least = 1000 if self.storefront.currency in ZERO_DECIMALS else 10
        return round(self.roles[letter].milliunits(self.storefront.currency) * share / least) * least


def cast_steps(steps: Iterable[Step], cast: Cast) -> list[Step]:
    """The steps as they happen in the scenario, in the order of signing."""
    told = [_step(each, cast) for each in steps]
    began: dict[str, int] = {}
    for each in sorted(told, key=lambda step: step.signed_ms):
        began.setdefault(each.transaction["originalTransactionId"], each.transaction["purchaseDate"])
    found = [_since(each, began) for each in told]
    return sorted(found, key=lambda step: step.signed_ms)


def _step(step: Step, cast: Cast) -> Step:
    renewal = None if step.renewal is None else _payload(step.renewal, cast, "autoRenewProductId")
    return replace(
        step,
        signed_ms=step.signed_ms + cast.day_0 - START,
        transaction=_payload(step.transaction, cast, "productId"),
        renewal=renewal,
    )


def _payload(told: Mapping[str, Any], cast: Cast, priced_by: str) -> dict[str, Any]:
    found = {name: value for name, value in told.items() if value is not None}
    letter = found.get(priced_by, "")
    found |= {name: found[name] + cast.day_0 - START for name in MOMENTS if name in found}
    found |= {name: cast.id_of(found[name]) for name in IDS if name in found}
    found |= {name: cast.roles[found[name]].product_id for name in PRODUCTS if name in found}
    found |= {name: cast.price_of(letter, found[name]) for name in ("price", "renewalPrice") if name in found}
    if "appAccountToken" in found:
        found["appAccountToken"] = cast.token_of(found["appAccountToken"])
    return found | _place(found, cast)


def _place(found: Mapping[str, Any], cast: Cast) -> dict[str, Any]:
    """Group, storefront and currency, but where the sequence itself names another storefront than its usual one."""
    here = {"subscriptionGroupIdentifier": cast.group}
    if found.get("storefront", "USA") == "USA":
        here |= {"storefront": cast.storefront.code, "storefrontId": cast.storefront.number}
        here |= {"currency": cast.storefront.currency}
    return {name: value for name, value in here.items() if name in found}


def _since(step: Step, began: Mapping[str, int]) -> Step:
    start = began[step.transaction["originalTransactionId"]]
    return replace(step, transaction={**step.transaction, "originalPurchaseDate": start})
