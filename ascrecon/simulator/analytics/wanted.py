"""What a scenario says of an app's analytics: requests that exist at its start, and how much there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ascrecon.simulator.reading import Fields, fields_of

#: Standard rows of a report and day, roughly.
ROWS = 80
CAMPAIGNS = 6


@dataclass(frozen=True)
class AppAnalytics:
    """`ongoing_since`, `snapshot_on`: the day a request was made, None where there is none at the start."""

    ongoing_since: date | None
    snapshot_on: date | None
    rows: int = ROWS
    campaigns: int = CAMPAIGNS
    pre_orders_from: date | None = None


def read_analytics(fields: Fields, first_day: date) -> AppAnalytics:
    """An app's `analytics`: without it a request has been there all along, with null there is none."""
    if not fields.has("analytics"):
        return AppAnalytics(first_day, None)
    if fields.null("analytics"):
        return AppAnalytics(None, None)
    part = fields_of(f"{fields.place} analytics", fields.mapping("analytics"))
    found = AppAnalytics(
        ongoing_since=None if part.null("ongoing_since") else part.day("ongoing_since", first_day),
        snapshot_on=_day_or_none(part, "snapshot_on"),
        rows=part.whole("rows", ROWS, low=8, high=5000),
        campaigns=part.whole("campaigns", CAMPAIGNS, high=1000),
        pre_orders_from=_day_or_none(part, "pre_orders_from"),
    )
    part.finish()
    return found


def _day_or_none(fields: Fields, name: str) -> date | None:
    return fields.day(name) if fields.has(name) and not fields.null(name) else None
