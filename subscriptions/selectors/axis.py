"""All subscriptions of a customer in one group on one axis of time, so that two that are paid at once meet the eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import combinations, groupby

from django.db.models import QuerySet

from subscriptions.models import Customer, Purchase, Subscription
from subscriptions.moments import milliseconds, moment
from subscriptions.selectors.amounts import money

#: Pixels. Each lane has a line of words above its bars; below all of them stands the axis with its months.
WIDTH, LANE, LEFT, BAR, WORDS, FOOT = 900, 52, 10, 24, 20, 24
#: So many months or fewer are all named, else every third, else every year.
ALL_MONTHS, THIRD_MONTHS = 9, 30
LOOKS = {
    "paid": "paid",
    "free": "free",
    "upgraded": "replaced by an upgrade",
    "refunded": "refunded",
    "family": "family sharing, counts nothing",
}
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
        """A little less than the time, so that one period and the next are told apart."""
        return max(2.0, self.end - self.start - 1.5)

    @property
    def is_what(self) -> str:
        return LOOKS[self.look]

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
class Tick:
    """The beginning of a month on the axis."""

    x: float
    text: str


@dataclass(frozen=True)
class Overlap:
    """Two subscriptions that were paid for the same time; `first` was bought first."""

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

    @property
    def first_price(self) -> Decimal | None:
        return money(self.first.price)

    @property
    def second_price(self) -> Decimal | None:
        return money(self.second.price)


@dataclass(frozen=True)
class Axis:
    group_id: str
    lanes: list[tuple[Subscription, int, list[Bar]]]
    overlaps: list[Overlap]
    ticks: list[Tick]
    now: float | None
    from_moment: datetime | None
    to_moment: datetime | None

    @property
    def foot(self) -> int:
        """Where the axis is drawn."""
        return LANE * len(self.lanes) + 4

    @property
    def height(self) -> int:
        return self.foot + FOOT


def axes(customer: Customer, at: datetime) -> list[Axis]:
    """One for each subscription group; `at` is marked where it lies on the axis."""
    mine = sorted(customer.subscriptions.all(), key=lambda each: (each.group_id, each.started_ms or 0, each.pk))
    return [_axis(group, list(rows), milliseconds(at)) for group, rows in groupby(mine, key=lambda each: each.group_id)]


def _axis(group: str, subscriptions: list[Subscription], now_ms: int) -> Axis:
    bought = [purchase for each in subscriptions for purchase in _purchases(each)]
    times = [ms for each in bought for ms in (each.purchase_ms, _end(each)) if ms is not None]
    first, last = min(times, default=0), max(times, default=1)
    place = _Scale(first, max(last, first + 1))
    lanes = [
        (each, n * LANE, [place.bar(p, n * LANE) for p in bought if p.original_id == each.original_id])
        for n, each in enumerate(subscriptions)
    ]
    now = place.x(now_ms) if first <= now_ms <= last else None
    return Axis(group, lanes, _overlaps(bought, place), _ticks(place), now, moment(first), moment(last))


def _ticks(place: _Scale) -> list[Tick]:
    """The months that begin on the axis, in UTC; of a long time only every third, or the years."""
    first, last = moment(place.first), moment(place.last)
    if first is None or last is None:
        return []
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    step = 1 if len(months) <= ALL_MONTHS else 3 if len(months) <= THIRD_MONTHS else 12
    starts = [datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in months if month % step == 0]
    return [Tick(place.x(milliseconds(start)), f"{start:%b %Y}") for start in starts]


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
        start, end = self.x(purchase.purchase_ms or 0), self.x(_end(purchase) or 0)
        return Bar(start, end, top + WORDS, _look(purchase), purchase)


def _look(purchase: Purchase) -> str:
    if purchase.superseded_ms:
        return "upgraded"
    if not purchase.counts:
        return "family"
    if purchase.revoked_ms:
        return "refunded"
    return "free" if purchase.price == 0 else "paid"


def _overlaps(bought: Sequence[Purchase], place: _Scale) -> list[Overlap]:
    paid = [each for each in bought if each.counts and each.price != 0]
    found = []
    for one, other in combinations(paid, 2):
        start = max(one.purchase_ms or 0, other.purchase_ms or 0)
        end = min(_end(one) or 0, _end(other) or 0)
        if one.original_id != other.original_id and end - start > LEAST_OVERLAP:
            found.append(Overlap(one, other, start, end, place.x(start), place.x(end)))
    return sorted(found, key=lambda each: each.from_ms)
