"""Subscriptions: how many are in which state on a day (a snapshot, never to be summed), and what happened to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from ascrecon.simulator.analytics.happening import Day, Fact
from ascrecon.simulator.analytics.palette import Profile
from ascrecon.simulator.events import Event, poisson, territory_shares
from ascrecon.simulator.scenario import App, Product

# State Metric, State Metric Grouping, Cancellation Reason, share of the subscriptions.
STATES = (
    ("Free trials", "Subscription offers", "", 0.06),
    ("Paid offers", "Subscription offers", "", 0.04),
    ("Full price", "Paid plans", "", 1.0),
    ("Preserved price", "Paid plans", "", 0.15),
    ("Grace period", "Billing issue", "", 0.01),
    ("Billing retry", "Billing issue", "", 0.03),
    ("Voluntarily churned", "Churned", "Turned off auto-renew", 0.7),
    ("Involuntarily churned", "Churned", "Billing issue", 0.2),
)
SUBSCRIBERS_PER_UNIT = 12
GROWTH = 0.0008
GROWS_FROM = date(2025, 1, 1)
CHURN_SHARE = 0.04


def subscription_state_facts(day: Day) -> Iterator[Fact]:
    """The state of the subscriptions at the end of the day."""
    rng = day.rng("subscription_state")
    age = (day.day - GROWS_FROM).days
    shares = territory_shares(day.app)
    for product in _offered(day):
        for territory, share in shares.items():
            mean = day.app.daily_units * SUBSCRIBERS_PER_UNIT * share * float(product.weight) * (1 + GROWTH * age)
            for metric, grouping, reason, part in STATES:
                count = poisson(rng, mean * part)
                if count:
                    cells = {"State Metric": metric, "State Metric Grouping": grouping, "Cancellation Reason": reason}
                    yield Fact({**_subscription(rng, day, product, territory, "iPhone"), **cells}, (count,))


def subscription_event_facts(day: Day) -> Iterator[Fact]:
    """Starts, renewals and refunds are the sales events of the day; some people leave."""
    rng = day.rng("subscription_event")
    products = {product.apple_id: product for product in day.app.products}
    for event in day.events():
        if event.subscription:
            product = products[event.content_id]
            cells = _subscription(rng, day, product, event.country, event.device)
            name, grouping = _what(event)
            yield Fact({**cells, "Event Sub Type": name, "Event Grouping": grouping}, (abs(event.units),))
            left = poisson(rng, abs(event.units) * CHURN_SHARE)
            if left:
                yield Fact({**cells, **_LEFT}, (left,))


_LEFT = {
    "Event Sub Type": "Voluntary Churn from Full Price",
    "Event Grouping": "Voluntary Churn",
    "Cancellation Reason": "Turned off auto-renew",
}


def _what(event: Event) -> tuple[str, str]:
    if event.refund:
        # Apple's page does not say in which grouping refunds stand.
        return "Refunds from Full Price", "Refunds"
    if event.subscription == "Renewal":
        return "Full Price Renewals", "Renewals"
    return "Full Price Subscription Starts", "Paid Subscription Starts"


def _offered(day: Day) -> list[Product]:
    if not day.mean:
        return []
    sold = [product for product in day.app.products if product.period]
    return [product for product in sold if not (product.withdrawn_from and day.day >= product.withdrawn_from)]


def _subscription(rng: Random, day: Day, product: Product, territory: str, device: str) -> dict[str, str]:
    return {
        "Subscription Name": product.name,
        "Subscription Identifier": product.sku,
        "Subscription Duration": product.period,
        "Billing Frequency": product.period,
        "Subscription Group": f"{day.app.name} Pro",
        "Subscription Group Identifier": str(_group(day.app)),
        "Family Sharing": "Individual",
        "Original Purchase Device": device,
        "Territory": territory,
        **_source(day.palette.pick(rng, territory, device)),
    }


def _group(app: App) -> int:
    return app.apple_id + 500


def _source(profile: Profile) -> dict[str, str]:
    return {
        "App Download Source Type": profile.source,
        "App Download Source Info": profile.source_info,
        "Campaign": profile.campaign,
        "Page Type": profile.page,
        "Page Title": profile.page_title,
    }
