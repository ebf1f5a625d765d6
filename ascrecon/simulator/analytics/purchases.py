"""Purchases in US dollars: the paid sales events of the UTC day, refunds, and now and then a partial refund."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from ascrecon.simulator.analytics.happening import Day, Fact, visitor
from ascrecon.simulator.events import Event
from ascrecon.simulator.regions import REGIONS, region_of

# Invented: Apple names the column, not its values.
PAYMENT_METHODS = ("Credit card", "Carrier billing", "Store credit")
CENT = Decimal("0.01")
PARTIAL_REFUND_CHANCE = 0.2
PARTIAL_SHARE = Decimal("0.5")
PAYING_SHARE = 0.9


def purchase_facts(day: Day) -> Iterator[Fact]:
    """Purchases, proceeds, sales (both US dollars), paying users. A refund is negative and of no paying user."""
    rng = day.rng("purchases")
    paid = [event for event in day.events() if event.price]
    for event in paid:
        cells = _cells(rng, day, event)
        people = max(1, round(event.units * PAYING_SHARE)) if event.units > 0 else 0
        yield Fact(cells, (event.units, *_money(event, Decimal(event.units)), people))
    sold = [event for event in paid if event.units > 0]
    if sold and rng.random() < PARTIAL_REFUND_CHANCE:
        event = rng.choice(sold)
        # Money back without a purchase less: Apple counts it as no purchase.
        yield Fact(_cells(rng, day, event), (0, *_money(event, -PARTIAL_SHARE), 0))


def _cells(rng: Random, day: Day, event: Event) -> dict[str, str]:
    own = event.content_id == event.app_id
    return {
        **visitor(day.palette.pick(rng, event.country, event.device)),
        "Purchase Type": "App purchase" if own else "In-app purchases",
        "Content Name": day.app.name if own else event.sku,
        "Content Apple Identifier": str(event.content_id),
        "Payment Method": rng.choice(PAYMENT_METHODS),
        "App Download Date": day.day.isoformat() if own and event.units > 0 else "",
    }


def _money(event: Event, units: Decimal) -> tuple[Decimal, Decimal]:
    """Proceeds and sales in US dollars, each rounded to cents as Apple's estimate is."""
    return _dollars(event, units * event.proceeds), _dollars(event, units * event.price)


def _dollars(event: Event, amount: Decimal) -> Decimal:
    region = region_of(event.country, event.currency)
    rate = REGIONS["US"].rate if event.currency == "USD" or region is None else region.rate
    return (amount * rate / REGIONS["US"].rate).quantize(CENT)
