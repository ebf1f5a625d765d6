"""All subscriptions of a customer in one group on one axis of time, so that two that are paid at once meet the eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import combinations, groupby

from django.db.models import QuerySet

from subscriptions.models import Customer, Purchase, Subscription
from subscriptions.moments import moment
from subscriptions.selectors.amounts import money

WIDTH, LANE, LEFT = 900, 34, 10
#: Shorter ones come from a renewal that is charged up to a day before its period. Source: Apple, purchaseDate.
LEAST_OVERLAP = 24 * 3_600_000


@dataclass(frozen=True)
class Bar:
    """One purchase. `start` and `end` are pixels; `look` is how it is drawn."""

    start: float
    end: float
    top: int
    look: str
    purchase: Purchase

    @property
    def width(self) -> float:
        return max(2.0, self.end - self.start)

    @property
    def price(self) -> Decimal | None:
        return money(self.purchase.price)

    @property
    def from_moment(self) -> datetime | None:
        return moment(self.purchase.purchase_ms)

    @property
    def to_moment(self) -> datetime | None:
        return moment(_end(self.purchase))


@dataclass(frozen=True)
class Overlap:
    """Two subscriptions that were paid for the same time."""

    first: Purchase
    second: Purchase
    from_ms: int
    to_ms: int
    start: float
    end: float

    @property
    def width(self) -> float:
        return max(2.0, self.end - self.start)

    @property
    def from_moment(self) -> datetime | None:
        return moment(self.from_ms)

    @property
    def to_moment(self) -> datetime | None:
        return moment(self.to_ms)


@dataclass(frozen=True)
class Axis:
    group_id: str
    lanes: list[tuple[Subscription, int, list[Bar]]]
    overlaps: list[Overlap]
    from_moment: datetime | None
    to_moment: datetime | None

    @property
    def height(self) -> int:
        return LANE * len(self.lanes) + 8


def axes(customer: Customer) -> list[Axis]:
    """One for each subscription group."""
    mine = sorted(customer.subscriptions.all(), key=lambda each: (each.group_id, each.started_ms or 0, each.pk))
    return [_axis(group, list(rows)) for group, rows in groupby(mine, key=lambda each: each.group_id)]


def _axis(group: str, subscriptions: list[Subscription]) -> Axis:
    bought = [purchase for each in subscriptions for purchase in _purchases(each)]
    times = [ms for each in bought for ms in (each.purchase_ms, _end(each)) if ms is not None]
    first, last = min(times, default=0), max(times, default=1)
    place = _Scale(first, max(last, first + 1))
    lanes = [
        (each, n * LANE, [place.bar(p, n * LANE) for p in bought if p.original_id == each.original_id])
        for n, each in enumerate(subscriptions)
    ]
    return Axis(group, lanes, _overlaps(bought, place), moment(first), moment(last))


def _purchases(subscription: Subscription) -> QuerySet[Purchase]:
    rows = Purchase.objects.filter(
        app=subscription.app_id, environment=subscription.environment, original_id=subscription.original_id
    )
    return rows.exclude(purchase_ms=None).exclude(expires_ms=None).order_by("purchase_ms")


def _end(purchase: Purchase) -> int | None:
    """When what was bought ended: by its time, an upgrade or a refund."""
    ends = [ms for ms in (purchase.expires_ms, purchase.superseded_ms, purchase.revoked_ms) if ms is not None]
    return max(min(ends), purchase.purchase_ms or 0) if ends else None


@dataclass(frozen=True)
class _Scale:
    first: int
    last: int

    def x(self, ms: int) -> float:
        return round(LEFT + (ms - self.first) / (self.last - self.first) * (WIDTH - 2 * LEFT), 1)

    def bar(self, purchase: Purchase, top: int) -> Bar:
        look = "family" if not purchase.counts else "refunded" if purchase.revoked_ms else "paid"
        if purchase.superseded_ms:
            look = "upgraded"
        return Bar(self.x(purchase.purchase_ms or 0), self.x(_end(purchase) or 0), top + 6, look, purchase)


def _overlaps(bought: Sequence[Purchase], place: _Scale) -> list[Overlap]:
    paid = [each for each in bought if each.counts and each.price != 0]
    found = []
    for one, other in combinations(paid, 2):
        start = max(one.purchase_ms or 0, other.purchase_ms or 0)
        end = min(_end(one) or 0, _end(other) or 0)
        if one.original_id != other.original_id and end - start > LEAST_OVERLAP:
            found.append(Overlap(one, other, start, end, place.x(start), place.x(end)))
    return found
