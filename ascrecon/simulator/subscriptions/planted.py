"""What a reader must find about subscriptions, who gets the notifications and reads Apple's history."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid5

from ascrecon.simulator.expectation import Expectation
from ascrecon.simulator.subscriptions.planned import Life, Plans
from ascrecon.simulator.subscriptions.schedule import HOUR, utc_day
from ascrecon.simulator.subscriptions.steps import NAMES
from ascrecon.simulator.subscriptions.stories import Finds
from ascrecon.simulator.zones import PACIFIC

REPORT = "App Store Server"
NUMBER = re.compile(r"[0-9]+")


def noon(day: date) -> int:
    """The simulator's moment on a day, noon Pacific Time, in milliseconds."""
    return int(datetime.combine(day, time(12), PACIFIC).astimezone(UTC).timestamp()) * 1000


def of_subscriptions(plans: Plans, today: date) -> Iterator[Expectation]:
    """What follows from each life, then from the road, then from Apple's reports."""
    now = noon(today)
    for life in plans.lives:
        for finds in life.story.finds if life.story else ():
            if life.cast.at(finds.shows) <= now < life.cast.at(finds.gone):
                yield _expectation(life, finds, now)
    if plans.is_production:
        yield from _of_road(plans, now)
        yield from _of_reports(plans, today)


def _expectation(life: Life, finds: Finds, now: int) -> Expectation:
    assert life.fault is not None
    told = [each.step for each in life.steps if each.step.signed_ms <= now]
    risk = finds.risk(told, life.cast) if finds.risk else {}
    start = utc_day(life.cast.at(finds.at))
    return Expectation(
        life.fault.kind,
        finds.kind,
        finds.cause,
        REPORT,
        start,
        start if finds.until is None else utc_day(life.cast.at(finds.until)),
        apple_id=life.fault.apple_id,
        metric=finds.rule,
        member=_member(life, finds.member),
        at_risk={currency: Decimal(milliunits) / 1000 for currency, milliunits in risk.items()},
    )


def _member(life: Life, text: str) -> str:
    """The ids of the story as they are here; `uuid 2` is the UUID of its second notification."""
    if text.startswith("uuid "):
        return str(uuid5(NAMES, life.steps[int(text[5:]) - 1].name))
    return NUMBER.sub(lambda found: life.cast.id_of(found[0]), text)


def _of_road(plans: Plans, now: int) -> Iterator[Expectation]:
    """Notifications that came late (more than an hour), and those that only the history tells, by day of signing."""
    signed = [each.step.signed_ms for each in plans.steps if each.step.signed_ms <= now and not each.sandbox]
    came = {ms: at for ms in signed if (at := plans.road.arrives(ms)) is not None and at <= now}
    days: dict[tuple[str, date], list[int]] = defaultdict(list)
    for ms in signed:
        if ms in came and came[ms] - ms > HOUR:
            days["A29", utc_day(ms)].append(ms)
        elif ms not in came and ms > min(came, default=now):
            days["A30", utc_day(ms)].append(ms)
    for (rule, day), found in sorted(days.items()):
        fault = plans.road.blocker(found[0], found[0])
        assert fault is not None
        yield Expectation(
            fault.kind, "notification_gap", "webhook_unreachable", REPORT, day, day, apple_id=fault.apple_id,
            metric=rule, member=day.isoformat(),
        )  # fmt: skip


def _of_reports(plans: Plans, today: date) -> Iterator[Expectation]:
    """Renewals that only the reports count, once the report of the day after them is there as well."""
    for fault, storefront, plan in plans.only_reported:
        if today >= fault.day + timedelta(days=2):
            yield Expectation(
                fault.kind, "transaction_mismatch", "notification_lost", REPORT, fault.day, fault.day,
                apple_id=fault.apple_id, metric="A42", member=f"{plan.product_id} {storefront.country} renewal",
                at_risk={storefront.currency: plan.prices[storefront.currency] * fault.number},
            )  # fmt: skip
