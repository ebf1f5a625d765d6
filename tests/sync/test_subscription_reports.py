"""Subscription reports are pulled for vendors that sell subscriptions and have such reports; else it is no error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ascrecon.simulator.running import Simulator
from ascrecon.simulator.subscriptions.built import steps_of
from ascrecon.simulator.subscriptions.sales_reports import ReportedApp, ReportedProduct
from ascrecon.simulator.subscriptions.steps import DAY, Step
from reports.models import (
    Account,
    ApiProblem,
    CellState,
    CoverageCell,
    Delivery,
    Finding,
    SubscriptionChangeRow,
    SubscriptionReport,
    Vendor,
)
from tests.sync.conftest import SCENARIO
from tests.sync.doors import Said, door

pytestmark = pytest.mark.django_db
Start = Callable[..., Simulator]
Connect = Callable[..., Account]
PRODUCT = {"sku": "notes.pro", "apple_id": 1500000101, "type": "IAY", "prices": {"USD": "9.99"}}
SELLING = {"apps": [{**SCENARIO["apps"][0], "products": [PRODUCT]}]}


def pull(simulator: Simulator, today: str, *days: str) -> Said:
    simulator.move_to(date.fromisoformat(today))
    span = ("--from", days[0], "--to", days[-1]) if days else ()
    return door("sync", "--now", "--json", "--as-of", today, *span)


def later(each: Step, days: int) -> Step:
    """The same step of another time; of its transaction the moments move along."""
    moments = ("purchaseDate", "originalPurchaseDate", "expiresDate", "revocationDate")
    told: dict[str, Any] = {**each.transaction}
    told |= {name: told[name] + days * DAY for name in moments if name in told}
    return replace(each, signed_ms=each.signed_ms + days * DAY, transaction=told)


def cells() -> dict[str, int]:
    found = CoverageCell.objects.filter(report__in=SubscriptionReport.values).values_list("report", flat=True)
    return {report: list(found).count(report) for report in found}


def test_a_vendor_without_subscriptions_is_never_asked(simulator: Start, connect: Connect) -> None:
    started = simulator()
    connect(started)
    pull(started, "2026-11-19", "2026-11-18")
    pull(started, "2026-11-20", "2026-11-19")

    assert (cells(), Vendor.objects.get().sells_subscriptions) == ({}, False)
    assert not ApiProblem.objects.exists()


def test_a_vendor_for_which_apple_makes_none_is_asked_once_a_month(simulator: Start, connect: Connect) -> None:
    started = simulator(**SELLING)
    connect(started)
    assert pull(started, "2026-11-18", "2026-11-17").code == 0
    assert Vendor.objects.get().sells_subscriptions

    before = started.calls()
    said = pull(started, "2026-11-19", "2026-11-18")
    # the list of apps, the day, and one question about subscription reports
    assert (said.code, started.calls() - before) == (0, 3)
    assert (cells(), ApiProblem.objects.count(), Finding.objects.count()) == ({}, 0, 0)
    assert Vendor.objects.get().no_subscription_reports_until == date(2026, 12, 19)

    before = started.calls()
    pull(started, "2026-11-20", "2026-11-19")
    assert started.calls() - before == 2


def test_reports_are_pulled_once_apple_has_them(simulator: Start, connect: Connect) -> None:
    started = simulator(**SELLING)
    connect(started)
    # bought on 2026-11-16 in California, refunded three days later
    steps = [later(each, 320) for each in steps_of("refund").values()]
    products = {"M": ReportedProduct(1500000101, "Pro Monthly", "1 Month")}
    started.api.truth.reported.append(ReportedApp("Acme Notes", 1500000001, products, steps))
    pull(started, "2026-11-18", "2026-11-17")
    pull(started, "2026-11-19", "2026-11-18")
    assert set(cells().values()) == {1}

    said = pull(started, "2026-11-20", "2026-11-16", "2026-11-19")
    assert said.code == 0
    assert set(cells().values()) == {365}
    events = SubscriptionChangeRow.objects.order_by("day").values_list("day", "event", "quantity")
    assert list(events) == [(date(2026, 11, 16), "Subscribe", 1), (date(2026, 11, 19), "Refund", 1)]
    names = (
        Delivery.objects.filter(kind="SUBSCRIPTION_EVENT").order_by("period_start").values_list("file_name", flat=True)
    )
    assert list(names)[0].startswith("Subscription_Event_80000001_20261116.txt")
    states = CoverageCell.objects.filter(report=SubscriptionReport.EVENT, date__range=("2026-11-16", "2026-11-19"))
    # a day without events: Apple says that there were no sales, which is believed when it is said again
    assert [cell.state for cell in states.order_by("date")] == [
        CellState.FINAL, CellState.OPEN, CellState.OPEN, CellState.FINAL,
    ]  # fmt: skip
    assert not ApiProblem.objects.exists()
