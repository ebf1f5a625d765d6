"""Single events (a sale, a refund, a download) from the seed; both sides' files follow from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple, TypeVar

from ascrecon.simulator.regions import money
from ascrecon.simulator.scenario import App, Product
from ascrecon.simulator.zones import pacific_bounds

T = TypeVar("T")
FREE = Decimal(0)
STANDARD_RATE = Decimal("0.70")
LONG_RATE = Decimal("0.85")
REFUND_RATE = 0.015
RENEWAL_SHARE = 0.7
LONG_SHARE = 0.3
OLD_VERSION_SHARE = 0.2
POISSON_LIMIT = 30
REDOWNLOAD_RATE = 0.15
UPDATE_RATE = 0.30
# A few moments a day carry the units of a group: enough that UTC and Pacific days differ.
MOMENTS = 8
HOUR_WEIGHTS = (3, 2, 1, 1, 1, 1, 2, 3, 4, 5, 5, 6, 6, 6, 6, 6, 6, 7, 9, 10, 11, 10, 8, 5)
DEVICES = (("iPhone", 8), ("iPad", 2))
DOWNLOAD_SHARE = 0.4
FIRST_TYPES = {"1F": ("3F", "7F"), "1": ("3", "7"), "1T": ("3", "7T"), "F1": ("F3", "F7")}


class Event(NamedTuple):
    """`units` of one thing at one moment (UTC); a refund has negative units, both prices stay per unit."""

    moment: datetime
    app_id: int
    content_id: int
    sku: str
    type: str
    country: str
    currency: str
    device: str
    version: str
    subscription: str
    long_rate: bool
    refund: bool
    units: int
    price: Decimal
    proceeds: Decimal
    settles: date


@dataclass(frozen=True)
class Offer:
    """What can be taken in one storefront, with its mean units a day before the weekday's factor."""

    content_id: int
    sku: str
    type: str
    country: str
    currency: str
    price: Decimal
    mean: float
    renews: bool


def day_events(seed: int, app: App, day: date, must_refund: bool = False) -> list[Event]:
    """All events of an app on a Pacific day; they depend on seed, app and day alone."""
    if day < app.first_sale_day or (app.withdrawn_from and day >= app.withdrawn_from):
        return []
    rng = Random(f"{seed}:{app.apple_id}:{day}")  # noqa: S311  (reproducible figures, not secrets)
    factor = float(app.weekday_factors[day.weekday()])
    offers = list(_offers(app, day))
    found = [event for offer in offers for event in _sales(rng, app, offer, day, factor)]
    found += [event for offer in offers for event in _refunds(rng, app, offer, day, factor)]
    paid = [offer for offer in offers if offer.price]
    if must_refund and paid and not any(event.refund for event in found):
        found.append(_event(rng, app, paid[0], day, -1))
    return found


def best_offer(app: App, day: date) -> Offer | None:
    """The paid offer that sells most on a day: re-issued days change it."""
    paid = [offer for offer in _offers(app, day) if offer.price]
    return max(paid, key=lambda offer: offer.mean, default=None)


def correction(app: App, offer: Offer, day: date, units: int) -> Event:
    """Units that a re-issued day counts more (or less) than before, at noon of the day."""
    fixed = Random(0)  # noqa: S311  (reproducible figures, not secrets)
    event = _event(fixed, app, offer, day, units)
    return event._replace(refund=False, moment=pacific_bounds(day)[0] + timedelta(hours=12), settles=day)


def _offers(app: App, day: date) -> Iterator[Offer]:
    shares = territory_shares(app)
    sold = [product for product in app.products if not (product.withdrawn_from and day >= product.withdrawn_from)]
    total = float(sum(product.weight for product in app.products)) or 1.0
    downloads = app.daily_units * (DOWNLOAD_SHARE if app.products else 1.0)
    again, update = FIRST_TYPES[app.type]
    for country, currency in app.territories.items():
        mean = downloads * shares[country]
        price = app.prices.get(currency, FREE)
        yield Offer(app.apple_id, app.sku, app.type, country, currency, price, mean, False)
        yield Offer(app.apple_id, app.sku, again, country, currency, FREE, mean * REDOWNLOAD_RATE, False)
        yield Offer(app.apple_id, app.sku, update, country, currency, FREE, mean * UPDATE_RATE, False)
        for product in sold:
            part = (app.daily_units - downloads) * shares[country] * float(product.weight) / total
            yield _product_offer(product, country, currency, part)


def _product_offer(product: Product, country: str, currency: str, mean: float) -> Offer:
    renews = product.type.startswith("IAY")
    price = product.prices[currency]
    return Offer(product.apple_id, product.sku, product.type, country, currency, price, mean, renews)


def territory_shares(app: App) -> dict[str, float]:
    """Each storefront's share of an app's sales; they sum to 1."""
    weights = {
        country: float(app.weights.get(country, Decimal(3) / (index + 2)))
        for index, country in enumerate(app.territories)
    }
    total = sum(weights.values()) or 1.0
    return {country: weight / total for country, weight in weights.items()}


def _sales(rng: Random, app: App, offer: Offer, day: date, factor: float) -> Iterator[Event]:
    units = poisson(rng, offer.mean * factor)
    for part in parts(units, min(units, MOMENTS)):
        yield _event(rng, app, offer, day, part)


def parts(units: int, number: int) -> list[int]:
    """Units in a number of parts that differ by one at most."""
    return [units // number + (1 if index < units % number else 0) for index in range(number)]


def _refunds(rng: Random, app: App, offer: Offer, day: date, factor: float) -> Iterator[Event]:
    if not offer.price:
        return
    for _ in range(poisson(rng, offer.mean * factor * REFUND_RATE)):
        yield _event(rng, app, offer, day, -1)


def _event(rng: Random, app: App, offer: Offer, day: date, units: int) -> Event:
    renewal = offer.renews and rng.random() < RENEWAL_SHARE
    long_rate = renewal and rng.random() < LONG_SHARE
    in_app = offer.content_id != app.apple_id
    return Event(
        moment=_moment(rng, day),
        app_id=app.apple_id,
        content_id=offer.content_id,
        sku=offer.sku,
        type=offer.type,
        country=offer.country,
        currency=offer.currency,
        device=_pick(rng, DEVICES),
        version="" if in_app else version_of(rng, day),
        subscription=("Renewal" if renewal else "New") if offer.renews else "",
        long_rate=long_rate,
        refund=units < 0,
        units=units,
        price=offer.price,
        proceeds=money(offer.price * (LONG_RATE if long_rate else STANDARD_RATE), offer.currency),
        settles=day + timedelta(days=_pick(rng, ((0, 8), (1, 10), (2, 2), (3, 1), (4, 1)))),
    )


def _pick(rng: Random, weighted: tuple[tuple[T, int], ...]) -> T:
    values, weights = zip(*weighted, strict=True)
    chosen: T = rng.choices(values, weights)[0]
    return chosen


def _moment(rng: Random, day: date) -> datetime:
    start, length = pacific_bounds(day)
    hour = rng.choices(range(24), HOUR_WEIGHTS)[0]
    return start + timedelta(seconds=min(hour * 3600 + rng.randrange(3600), length - 1))


def version_of(rng: Random, day: date) -> str:
    """An app version: a new one a month; some people are one behind."""
    number = day.toordinal() // 30 - (1 if rng.random() < OLD_VERSION_SHARE else 0)
    return f"{number // 10 % 10}.{number % 10}.0"


def poisson(rng: Random, mean: float) -> int:
    """A Poisson count; for large means by the normal law that it comes close to."""
    if mean > POISSON_LIMIT:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count
