"""App Analytics metrics of an app by day, in UTC days or (as a person may ask for) Pacific days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, timedelta

from ascrecon.simulator.scenario import App
from ascrecon.simulator.truth import Truth
from ascrecon.simulator.zones import PACIFIC, days_between

FIRST_DOWNLOADS = ("1", "1F", "1T", "F1")


def app_units(truth: Truth, app: App, first: date, last: date, timezone: str) -> dict[date, int]:
    """First-time downloads (product types 1*, F1) for every day, zeros too. `timezone` is `UTC` or `PT`."""
    zone = UTC if timezone == "UTC" else PACIFIC
    found: Counter[date] = Counter()
    for day in days_between(first - timedelta(days=1), last):
        for event in truth.settled(app, day):
            if event.type in FIRST_DOWNLOADS:
                found[event.moment.astimezone(zone).date()] += event.units
    return {day: found[day] for day in days_between(first, last)}
