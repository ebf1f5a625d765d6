"""Views, taps, sessions, crashes, pre-orders and the like: counts of visitors, no sale among them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from ascrecon.simulator.analytics.happening import Day, Fact, visitor
from ascrecon.simulator.analytics.palette import Profile
from ascrecon.simulator.events import poisson

IMPRESSION, PAGE_VIEW, TAP = "Impression", "Page view", "Tap"
# Event, Engagement Type and how often for each unit sold.
ENGAGEMENT = ((IMPRESSION, "", 24.0), (PAGE_VIEW, "", 4.0), (TAP, "Get", 0.5), (TAP, "Open", 0.8), (TAP, "Update", 0.2))
DEVICES_PER_UNIT = 6.0
SESSIONS_PER_DEVICE = 2.3
SESSION_SECONDS = 95
NEW_PEOPLE_SHARE = 0.15
CRASH_RATE = 0.08
WEB_RATE = 0.6
BROWSERS = (("Safari", "26.0"), ("Chrome", "141.0"), ("Firefox", "143.0"))
PRE_ORDER_RATE = 0.5
CANCELED_SHARE = 0.1
RUNTIME_STATES = (("Foreground", 210), ("Background", 35))


def engagement_facts(day: Day) -> Iterator[Fact]:
    """Impressions (page views are not among them), page views and taps, with the people behind them."""
    rng = day.rng("engagement")
    for profile in day.profiles():
        for event, kind, rate in ENGAGEMENT:
            count = poisson(rng, day.mean * rate * profile.weight)
            if count:
                cells = {**visitor(profile), "Event": event, "Engagement Type": kind}
                yield Fact(cells, (count, max(1, round(count * 0.78))))


def session_facts(day: Day) -> Iterator[Fact]:
    """Sessions, their seconds and devices; of people who came today the download date is told."""
    rng = day.rng("sessions")
    for profile in day.profiles():
        for share, downloaded in ((1 - NEW_PEOPLE_SHARE, ""), (NEW_PEOPLE_SHARE, day.day.isoformat())):
            devices = poisson(rng, day.mean * DEVICES_PER_UNIT * profile.weight * share)
            if devices:
                sessions = devices + poisson(rng, devices * (SESSIONS_PER_DEVICE - 1))
                seconds = sessions * SESSION_SECONDS + poisson(rng, sessions * 5.0)
                cells = {**visitor(profile), "App Version": day.version(rng), "App Download Date": downloaded}
                yield Fact(cells, (sessions, seconds, devices))


def crash_facts(day: Day) -> Iterator[Fact]:
    """Crashes and the devices on which they happened."""
    rng = day.rng("crashes")
    for profile in day.profiles():
        crashes = poisson(rng, day.mean * CRASH_RATE * DEVICES_PER_UNIT * profile.weight)
        if crashes:
            cells = {"App Version": day.version(rng), "Device": profile.device, "Platform Version": profile.platform}
            yield Fact(cells, (crashes, max(1, round(crashes * 0.7))))


def web_preview_facts(day: Day) -> Iterator[Fact]:
    """Views and taps of the product page on the web."""
    rng = day.rng("web")
    for profile in day.profiles():
        for event, kind, share in ((PAGE_VIEW, "", 1.0), (TAP, "Get", 0.2)):
            count = poisson(rng, day.mean * WEB_RATE * share * profile.weight)
            if count:
                yield Fact({**_in_browser(rng, profile), "Event": event, "Engagement Type": kind}, (count,))


def _in_browser(rng: Random, profile: Profile) -> dict[str, str]:
    browser, version = rng.choice(BROWSERS)
    return {**visitor(profile), "Browser": browser, "Browser Version": version, "Page Type": "Product page"}


def pre_order_facts(day: Day) -> Iterator[Fact]:
    """Orders before the first day of sale, some of them canceled; both count on their own day."""
    start, end = day.app.analytics.pre_orders_from, day.app.first_sale_day
    if start is None or not max(start, day.truth.scenario.first_day) <= day.day < end:
        return
    rng = day.rng("pre_orders")
    for profile in day.palette.profiles:
        placed = poisson(rng, day.app.daily_units * PRE_ORDER_RATE * profile.weight)
        canceled = poisson(rng, placed * CANCELED_SHARE)
        if placed:
            yield Fact({**visitor(profile), **_offered(start, end)}, (placed, canceled))


def _offered(start: date, end: date) -> dict[str, str]:
    last = end - timedelta(days=1)
    return {"Pre-Order Start Date": start.isoformat(), "Pre-Order End Date": last.isoformat()}


def runtime_facts(day: Day) -> Iterator[Fact]:
    """A framework report of which nobody needs the numbers: it is kept as it comes."""
    rng = day.rng("runtime")
    for profile in day.profiles():
        for state, seconds in RUNTIME_STATES:
            people = poisson(rng, day.mean * profile.weight * DEVICES_PER_UNIT)
            if people:
                cells = {"Device": profile.device, "Platform Version": profile.platform, "Runtime State": state}
                yield Fact(cells, (people * seconds, people))
