"""Analytics reports are pulled by `sync`: requests are made or adopted, every instance is read once, holes are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ascrecon.simulator.running import Simulator
from reports.models import (
    Access,
    Account,
    AnalyticsInstance,
    AnalyticsReport,
    App,
    DownloadRow,
    InstanceState,
    ReportRequest,
    RequestState,
)
from tests.sync.doors import door

pytestmark = pytest.mark.django_db

Connect = Callable[..., Account]
Simulate = Callable[..., Simulator]
DAY = datetime(2026, 11, 20, 19, tzinfo=UTC)


def connect_with_analytics(connect: Connect, simulator: Simulator) -> None:
    account = connect(simulator)
    account.pull_analytics = True
    account.save()


def sync() -> dict[str, Any]:
    said = door("sync", "--now", "--json")
    assert said.code == 0, said
    answer: dict[str, Any] = said.json
    return answer


def test_it_adopts_the_request_that_exists_and_asks_for_a_snapshot(
    simulator: Simulate, connect: Connect, clock: Callable[[datetime], None]
) -> None:
    clock(DAY)
    connect_with_analytics(connect, simulator(days=10))

    sync()

    ongoing = ReportRequest.objects.get(access=Access.ONGOING)
    snapshot = ReportRequest.objects.get(access=Access.SNAPSHOT)
    assert (ongoing.adopted, ongoing.state) == (True, RequestState.ARRIVING)
    assert (snapshot.adopted, snapshot.state) == (False, RequestState.WAITING)
    assert DownloadRow.objects.exists()
    assert not AnalyticsInstance.objects.exclude(state=InstanceState.LOADED).exists()
    assert {app.apple_id for app in App.objects.all()} == {1500000001}


def test_the_next_look_of_the_day_costs_nothing_and_the_next_day_one_call_for_each_report_and_each_new_file(
    simulator: Simulate, connect: Connect, clock: Callable[[datetime], None]
) -> None:
    clock(DAY)
    connect_with_analytics(connect, simulator(days=10))
    sync()
    loaded = AnalyticsInstance.objects.count()

    again = sync()
    assert AnalyticsInstance.objects.count() == loaded
    assert again["calls"] == 1, "the list of apps"
    assert AnalyticsReport.objects.filter(request__access=Access.ONGOING).count() > 15


def test_the_ledger_has_a_cell_for_each_report_and_day_and_tells_apart_open_overdue_and_final(
    simulator: Simulate, connect: Connect, clock: Callable[[datetime], None]
) -> None:
    missing = {
        "kind": "instances_missing",
        "apple_id": 1500000001,
        "report": "App Downloads Standard",
        "granularity": "DAILY",
        "from": "2026-11-16",
        "to": "2026-11-17",
        "access": "ONGOING",
    }
    clock(DAY)
    connect_with_analytics(connect, simulator(days=20, faults=[missing]))

    sync()

    said = door("coverage", "--report", "App Downloads Standard", "--from", "2026-11-10", "--json")
    cells = {cell["date"]: cell["state"] for cell in said.json["cells"]}
    assert cells == {
        "2026-11-10": "final",
        "2026-11-11": "final",
        "2026-11-12": "final",
        "2026-11-13": "final",
        "2026-11-14": "overdue",
        "2026-11-15": "overdue",
        "2026-11-16": "final",
        "2026-11-17": "final",
        "2026-11-18": "final",
        "2026-11-19": "open",
    }


def test_an_account_that_leaves_them_out_is_asked_for_no_analytics(
    simulator: Simulate, connect: Connect, clock: Callable[[datetime], None]
) -> None:
    clock(DAY)
    connect(simulator(days=10))

    sync()

    assert not ReportRequest.objects.exists()
    assert not DownloadRow.objects.exists()
