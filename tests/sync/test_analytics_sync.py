"""Analytics reports are pulled by `sync`: requests are made or adopted, every instance is read once, holes are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ascrecon.appstore import AnalyticsApi, AppStoreClient, Credentials
from ascrecon.simulator.running import Simulator
from reports.models import (
    Access,
    Account,
    AnalyticsInstance,
    AnalyticsReport,
    App,
    Delivery,
    DownloadRow,
    InstanceState,
    Kind,
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


def due(report: str, grain: str, date: str) -> str:
    said = door("coverage", "--report", report, "--from", date, "--to", date, "--json")
    return next(cell["due"][:10] for cell in said.json["cells"] if cell["granularity"] == grain)


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
    warnings = Delivery.objects.filter(kind=Kind.ANALYTICS).values_list("warnings", flat=True)
    assert not [text for texts in warnings for text in texts if "fiscal" in text], "fiscal months are finance's"


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
    assert due("App Downloads Detailed", "week", "2026-11-02") == "2026-11-14", "made on a Friday, due when it is over"
    assert due("App Downloads Detailed", "month", "2026-10-01") == "2026-11-06", "made on the 5th"


def test_an_account_that_leaves_them_out_is_asked_for_no_analytics(
    simulator: Simulate, connect: Connect, clock: Callable[[datetime], None]
) -> None:
    clock(DAY)
    connect(simulator(days=10))

    sync()

    assert not ReportRequest.objects.exists()
    assert not DownloadRow.objects.exists()


@pytest.fixture
def twin(simulator: Simulate, tmp_path: Path) -> Iterator[AnalyticsApi]:
    """The API of a simulator without faults: in one with faults everything has the same ids."""
    good = simulator(days=10)
    credentials = Credentials(good.key_id, good.issuer_id, good.private_key)
    with AppStoreClient(good.url, credentials, workdir=tmp_path) as client:
        yield client.analytics


def test_a_404_that_is_not_apples_own_does_not_make_an_instance_vanish(
    simulator: Simulate, connect: Connect, clock: Callable[[datetime], None], twin: AnalyticsApi
) -> None:
    """A proxy's page says nothing about the instance, which is asked for again."""
    (request,) = twin.requests_of(1500000001)
    report = next(each for each in twin.reports(request.id) if each.name == "App Downloads Standard")
    instance = twin.instances(report.id)[0].id
    path = f"/v1/analyticsReportInstances/{instance}/segments"
    page = {"kind": "http", "path": path, "status": 404, "body": "html", "times": 1}
    clock(DAY)
    connect_with_analytics(connect, simulator(days=10, faults=[page]))

    door("sync", "--now", "--json")

    asked = AnalyticsInstance.objects.get(apple_id=instance)
    assert (asked.state, asked.attempts, asked.missing_since) == (InstanceState.LISTED, 1, None)


def test_a_stopped_request_whose_deletion_fails_on_the_way_is_tried_again_at_the_next_look(
    simulator: Simulate, connect: Connect, clock: Callable[[datetime], None], twin: AnalyticsApi
) -> None:
    (request,) = twin.requests_of(1500000001)
    path = f"/v1/analyticsReportRequests/{request.id}"
    faults = [
        {"kind": "request_stopped", "apple_id": 1500000001, "from": "2026-11-19"},
        {"kind": "http", "path": path, "status": 502, "body": "html", "times": 5},
    ]
    clock(DAY)
    connect_with_analytics(connect, simulator(days=10, faults=faults))

    for _ in range(2):
        door("sync", "--now", "--json")

    stopped, live = ReportRequest.objects.filter(access=Access.ONGOING).order_by("pk")
    assert (stopped.state, live.state) == (RequestState.ENDED, RequestState.WAITING)
