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


def sync() -> dict[str, Any]:
    said = door("sync", "--now", "--json")
    assert said.code == 0, said
    answer: dict[str, Any] = said.json
    return answer


def test_it_adopts_the_request_that_exists_and_asks_for_a_snapshot(
    simulator: Simulate, connect: Connect, clock: Callable[[datetime], None]
) -> None:
    clock(DAY)
    connect(simulator(days=10))

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
    world = simulator(days=10)
    connect(world)
    sync()
    loaded = AnalyticsInstance.objects.count()

    again = sync()
    assert AnalyticsInstance.objects.count() == loaded
    assert again["calls"] == 1, "the list of apps"
    assert AnalyticsReport.objects.filter(request__access=Access.ONGOING).count() > 15
