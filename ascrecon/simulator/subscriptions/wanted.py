"""What a scenario says of an app's subscriptions: the plans of its group and the number of ordinary subscribers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ascrecon.simulator.reading import Fields, ScenarioError
from ascrecon.simulator.subscriptions.storefronts import Storefront, storefront_of

#: How long a period of each duration is here, in days: a month always has 30.
PERIODS = {"7 Days": 7, "1 Month": 30, "2 Months": 60, "3 Months": 90, "6 Months": 180, "1 Year": 365}
ENVIRONMENTS = ("Production", "Sandbox")


@dataclass(frozen=True)
class Plan:
    """An auto-renewable product of the group; `prices` by currency, `weight` its share of the subscribers."""

    product_id: str
    days: int
    prices: Mapping[str, Decimal]
    weight: Decimal

    def milliunits(self, currency: str) -> int:
        """The list price as Apple signs it: thousandths of the currency's unit, also of yen and won."""
        return int(self.prices[currency] * 1000)


@dataclass(frozen=True)
class Subscriptions:
    """The subscription group of an app in one environment."""

    apple_id: int
    bundle_id: str
    group: str
    environment: str
    subscribers: int
    plans: tuple[Plan, ...]
    storefronts: tuple[Storefront, ...]
    weights: Mapping[str, Decimal]

    def storefront(self, country: str) -> Storefront:
        """By its two letters, which must be among the app's."""
        return next(each for each in self.storefronts if each.country == country)


@dataclass(frozen=True)
class Shelf:
    """What the app itself says, which its subscriptions go by: territories, weights, and its products as plans."""

    bundle_id: str
    territories: Mapping[str, str]
    weights: Mapping[str, Decimal]
    plans: tuple[Plan, ...]


def read_subscriptions(fields: Fields, shelves: Mapping[int, Shelf]) -> Subscriptions:
    """One entry of `subscriptions`. Without `plans` they are the app's own auto-renewable products."""
    apple_id = fields.whole("apple_id", low=1)
    if apple_id not in shelves:
        raise ScenarioError(fields.place, f"no app has apple_id {apple_id}", "correct it")
    shelf = shelves[apple_id]
    storefronts = tuple(filter(None, (storefront_of(*each) for each in shelf.territories.items())))
    found = Subscriptions(
        apple_id=apple_id,
        bundle_id=shelf.bundle_id,
        group=fields.text("group", "21500001"),
        environment=fields.choice("environment", ENVIRONMENTS, "Production"),
        subscribers=fields.whole("subscribers", 20, high=5000),
        plans=tuple(map(_plan, fields.objects("plans"))) if fields.has("plans") else shelf.plans,
        storefronts=storefronts,
        weights=shelf.weights,
    )
    fields.finish()
    _check(found, fields.place)
    return found


def _plan(fields: Fields) -> Plan:
    plan = Plan(
        product_id=fields.text("product_id"),
        days=PERIODS[fields.choice("period", tuple(PERIODS), "1 Month")],
        prices=fields.amounts("prices"),
        weight=fields.amount("weight", "1"),
    )
    fields.finish()
    return plan


def _check(found: Subscriptions, place: str) -> None:
    if not found.plans:
        raise ScenarioError(place, "no plans", "give plans, or the app a product of type IAY")
    if not found.storefronts:
        raise ScenarioError(place, "no storefront that is known here", "give the app a territory such as US")
    for plan in found.plans:
        for storefront in found.storefronts:
            if storefront.currency not in plan.prices:
                raise ScenarioError(
                    place, f"{plan.product_id} has no {storefront.currency}", f"add a price for {storefront.country}"
                )
