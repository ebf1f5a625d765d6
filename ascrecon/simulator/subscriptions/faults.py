"""Faults of subscriptions and of the delivery of notifications, as a scenario names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from ascrecon.simulator.reading import Fields
from ascrecon.simulator.shared_fields import range_of
from ascrecon.simulator.subscriptions.stories import HARMLESS, STORIES


@dataclass(frozen=True)
class StoryFault:
    """One subscriber's life of a kind; `day` (UTC) is that of the first purchase, `country` the storefront or ''."""

    kind: str
    apple_id: int
    day: date
    country: str
    story: str


@dataclass(frozen=True)
class Unreachable:
    """From `start` to `end` (UTC days) no attempt to send a notification of the app succeeds."""

    kind: str
    apple_id: int
    start: date
    end: date


@dataclass(frozen=True)
class NeverSent:
    """No attempt to send what is signed on these days (UTC) ever succeeds: only the history tells it."""

    kind: str
    apple_id: int
    start: date
    end: date


@dataclass(frozen=True)
class OnlyReported:
    """Apple's reports of `day` (Pacific) count so many renewals of the dearest monthly plan, told nowhere else."""

    kind: str
    apple_id: int
    day: date
    country: str
    number: int


SubscriptionFault: TypeAlias = StoryFault | Unreachable | NeverSent | OnlyReported
SUBSCRIPTION_FAULTS = (StoryFault, Unreachable, NeverSent, OnlyReported)


def _story(kind: str, fields: Fields) -> SubscriptionFault:
    return StoryFault(kind, *_place(fields), kind)


def _harmless(kind: str, fields: Fields) -> SubscriptionFault:
    return StoryFault(kind, *_place(fields), fields.choice("story", HARMLESS))


def _only_reported(kind: str, fields: Fields) -> SubscriptionFault:
    return OnlyReported(kind, *_place(fields), fields.whole("number", 3, low=1, high=1000))


def _place(fields: Fields) -> tuple[int, date, str]:
    country = fields.text("country") if fields.has("country") else ""
    return fields.whole("apple_id"), fields.day("date"), country


def _unreachable(kind: str, fields: Fields) -> SubscriptionFault:
    return Unreachable(kind, fields.whole("apple_id"), *range_of(fields))


def _never_sent(kind: str, fields: Fields) -> SubscriptionFault:
    return NeverSent(kind, fields.whole("apple_id"), *range_of(fields))


SUBSCRIPTION_READERS: dict[str, Callable[[str, Fields], SubscriptionFault]] = {
    **dict.fromkeys(STORIES, _story),
    "harmless_subscription": _harmless,
    "webhook_unreachable": _unreachable,
    "notifications_lost": _never_sent,
    "renewals_only_in_reports": _only_reported,
}
