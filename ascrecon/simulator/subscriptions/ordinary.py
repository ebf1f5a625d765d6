"""Ordinary subscribers: they try, buy, renew, cancel, fail to pay and ask for their money back. From the seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from ascrecon.simulator.subscriptions.built import (
    FAILED,
    FAILING,
    RENEWED,
    STATUS,
    TRIAL,
    at,
    bought,
    renewed,
    step,
    upcoming,
)
from ascrecon.simulator.subscriptions.steps import Step

TRIAL_DAYS = 7
#: Share of the subscribers who were signed in to the app when they bought.
SIGNED_IN = 0.8
GRACE_DAYS = 16
#: How the lives of a hundred subscribers go.
SHARES = {"stays": 52, "tries": 12, "leaves": 20, "fails": 9, "refunded": 7}


def ordinary_life(rng: Random, days: int, horizon: float) -> list[Step]:
    """One subscriber's notifications up to `horizon` days after the purchase; `days` is the length of a period.

    Told in days and with the letter M, whichever plan it is.
    """
    kind = rng.choices(list(SHARES), list(SHARES.values()))[0]
    token = {"appAccountToken": "login"} if rng.random() < SIGNED_IN else {}
    return [each for each in _LIVES[kind](rng, days, horizon, token) if each.signed_ms <= at(horizon)]


Own = dict[str, Any]
Life = Callable[[Random, int, float, Own], Iterator[Step]]


def _bought(nth: int, start: float, end: float, own: Own) -> dict[str, Any]:
    make = renewed if nth else bought
    return make(100 + nth, 100, 100 + nth, "M", start, end, **own)


def _buys(days: int, own: Own) -> Step:
    return step(0, "SUBSCRIBED/INITIAL_BUY", 1, _bought(0, 0, days, own), upcoming(100, "M", days, **own))


def _renews(rng: Random, nth: int, start: float, days: int, own: Own) -> Step:
    """Charged and signed up to a day before the period begins."""
    early = rng.uniform(0.05, 0.95)
    told = _bought(nth, start, start + days, own)
    return step(start - early, RENEWED, 1, told, upcoming(100, "M", start + days, **own))


def _renewing(rng: Random, days: int, horizon: float, own: Own, nth: int, start: float) -> Iterator[Step]:
    while start - 1 < horizon:
        yield _renews(rng, nth, start, days, own)
        nth, start = nth + 1, start + days


def _stays(rng: Random, days: int, horizon: float, own: Own) -> Iterator[Step]:
    yield _buys(days, own)
    yield from _renewing(rng, days, horizon, own, 1, days)


def _tries(rng: Random, days: int, horizon: float, own: Own) -> Iterator[Step]:
    free = bought(100, 100, 100, "M", 0, TRIAL_DAYS, 0, **own, **TRIAL)
    yield step(0, "SUBSCRIBED/INITIAL_BUY", 1, free, upcoming(100, "M", TRIAL_DAYS, **own))
    yield from _renewing(rng, days, horizon, own, 1, TRIAL_DAYS)


def _leaves(rng: Random, days: int, horizon: float, own: Own) -> Iterator[Step]:
    yield _buys(days, own)
    periods = rng.randint(1, 4)
    for nth in range(1, periods):
        yield _renews(rng, nth, nth * days, days, own)
    end = periods * days
    last = _bought(periods - 1, end - days, end, own)
    told = upcoming(100, "M", end, on=0, **own)
    yield step(end - rng.uniform(0.1, 0.8) * days, f"{STATUS}/AUTO_RENEW_DISABLED", 1, last, told)
    yield step(end, "EXPIRED/VOLUNTARY", 2, last, {**told, "expirationIntent": 1, "isInBillingRetryPeriod": False})


def _fails(rng: Random, days: int, horizon: float, own: Own) -> Iterator[Step]:
    yield _buys(days, own)
    first = _bought(0, 0, days, own)
    failing = upcoming(100, "M", days, gracePeriodExpiresDate=at(days + GRACE_DAYS), **FAILING, **own)
    yield step(days, f"{FAILED}/GRACE_PERIOD", 4, first, failing)
    paid = _bought(1, days, 2 * days, own)
    told = upcoming(100, "M", 2 * days, **own)
    yield step(days + rng.uniform(1, 10), f"{RENEWED}/BILLING_RECOVERY", 1, paid, told)
    yield from _renewing(rng, days, horizon, own, 2, 2 * days)


def _refunded(rng: Random, days: int, horizon: float, own: Own) -> Iterator[Step]:
    yield _buys(days, own)
    when = rng.uniform(1, 6)
    full = {"revocationReason": 0, "revocationType": "REFUND_FULL", "revocationPercentage": 100000}
    gone = {**_bought(0, 0, days, own), "revocationDate": at(when - 0.05), **full}
    yield step(when, "REFUND", 5, gone, upcoming(100, "M", days, on=0, **own))


_LIVES: dict[str, Life] = {
    "stays": _stays, "tries": _tries, "leaves": _leaves, "fails": _fails, "refunded": _refunded,
}  # fmt: skip
