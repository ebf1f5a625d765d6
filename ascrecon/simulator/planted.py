"""What a reader must find: one expectation for each finding that the faults of a scenario lead to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ascrecon.simulator.analytics.faults import ANALYTICS_FAULTS
from ascrecon.simulator.analytics.planted import World, analytics
from ascrecon.simulator.analytics.requests import RequestBook
from ascrecon.simulator.expectation import Expectation
from ascrecon.simulator.faults import (
    DayLate,
    DayReissued,
    EarnedDiffers,
    Fault,
    MetricDiffers,
    RegionMissing,
    SalesDiffers,
    Transport,
    WrongTimezone,
)
from ascrecon.simulator.planted_console import console, region
from ascrecon.simulator.planted_deliveries import incident, late, reissued
from ascrecon.simulator.planted_rows import missing_rows
from ascrecon.simulator.subscriptions.planned import Plans
from ascrecon.simulator.subscriptions.planted import of_subscriptions
from ascrecon.simulator.truth import Truth


def planted(
    truth: Truth, today: date, book: RequestBook | None = None, *, notified: bool = True
) -> list[dict[str, object]]:
    """The expectations as of a day: missing rows by app, the other faults in the scenario's order, subscriptions.

    `book`: the analytics requests made by now; without it those of the scenario. `notified`: whether the reader gets
    notifications or asks the App Store Server API; to others nothing about subscriptions can be known.
    """
    world = World(truth, book or RequestBook(truth.scenario))
    found = list(missing_rows(truth, today))
    for fault in truth.scenario.faults:
        found += _of(world, fault, today)
    for wanted in truth.scenario.subscriptions if notified else ():
        found += of_subscriptions(Plans(truth.scenario, wanted), today)
    return [expectation.as_json() for expectation in found]


def _of(world: World, fault: Fault, today: date) -> Iterable[Expectation]:
    truth = world.truth
    if isinstance(fault, DayLate):
        return late(fault, today)
    if isinstance(fault, DayReissued):
        return reissued(truth, fault, today)
    if isinstance(fault, (SalesDiffers, EarnedDiffers, MetricDiffers, WrongTimezone)):
        return console(truth, fault)
    if isinstance(fault, RegionMissing):
        return region(truth, fault, today)
    if isinstance(fault, ANALYTICS_FAULTS):
        return analytics(world, fault, today)
    return incident(fault, today) if isinstance(fault, Transport) else ()
