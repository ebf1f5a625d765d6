"""Downloads, updates, restores, installations and deletions. Downloads are the sales events of the UTC day."""

from __future__ import annotations

from collections.abc import Iterator

from ascrecon.simulator.analytics.happening import Day, Fact, visitor
from ascrecon.simulator.events import parts, poisson

FIRST = "First-time Download"
REDOWNLOAD = "Redownload"
AUTOMATIC = "Auto-update"
MANUAL = "Manual update"
RESTORE = "Restore"
# Product types of the sales events: first-time downloads, redownloads; all other types of the app are updates.
FIRST_TYPES = ("1", "1F", "1T", "F1")
AGAIN_TYPES = ("3", "3F", "F3")
MANUAL_SHARE = 0.25
RESTORE_RATE = 0.05
UNITS_PER_PLACE = 5
MOST_PLACES = 200
OPT_IN_SHARE = 0.35
DELETION_RATE = 0.12
INSTALLED = (FIRST, REDOWNLOAD, MANUAL, RESTORE)


def download_facts(day: Day) -> Iterator[Fact]:
    """Every unit of the app itself is one download, refunded or not; restores are no sale and come on top."""
    rng = day.rng("downloads")
    for event in day.events():
        if event.content_id == day.app.apple_id and event.units > 0:
            kind = _kind(event.type, rng.random())
            # An event of an app that sells a lot is many people at once: they come from many places.
            for units in parts(event.units, min(MOST_PLACES, max(1, event.units // UNITS_PER_PLACE))):
                profile = day.palette.pick(rng, event.country, event.device)
                cells = {**visitor(profile), "Download Type": kind, "App Version": event.version}
                yield Fact(cells, (units,))
    for profile in day.profiles():
        units = poisson(rng, day.mean * RESTORE_RATE * profile.weight)
        if units:
            cells = {**visitor(profile), "Download Type": RESTORE, "App Version": day.version(rng)}
            yield Fact(cells, (units,))


def install_facts(day: Day) -> Iterator[Fact]:
    """Of those who share with developers: what they downloaded by hand, and what they deleted."""
    rng = day.rng("installs")
    for fact in download_facts(day):
        units = poisson(rng, int(fact.measures[0]) * OPT_IN_SHARE)
        if units and fact.cells["Download Type"] in INSTALLED:
            cells = {**fact.cells, "Event": "Install", "App Download Date": day.day.isoformat()}
            yield Fact(cells, (units, max(1, round(units * 0.95))))
    for profile in day.profiles():
        units = poisson(rng, day.mean * DELETION_RATE * profile.weight)
        if units:
            cells = {**visitor(profile), "Event": "Delete", "Download Type": FIRST, "App Version": day.version(rng)}
            yield Fact(cells, (units, units))


def _kind(product_type: str, chance: float) -> str:
    if product_type in FIRST_TYPES:
        return FIRST
    if product_type in AGAIN_TYPES:
        return REDOWNLOAD
    return MANUAL if chance < MANUAL_SHARE else AUTOMATIC
