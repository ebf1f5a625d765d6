"""Which days are compared because an analytics report came: those beside which something stands, never years."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ascrecon.jobs.models import Job
from reports.jobs import reconcile_what_is_new
from reports.models import Access, Delivery
from reports.services.comparing import RECONCILE, compare_days_of
from tests.analytics.given import DETAILED, DOWNLOADS, SESSIONS, deliver_rows, row
from tests.doors import told
from tests.factories import MORNING, AppFactory
from tests.make_files import metric_export

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]

DAY = date(2026, 11, 2)
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nine(clock: Clock) -> None:
    clock(NINE)


def queued() -> list[tuple[object, object]]:
    """The days of the reconciliations that the clock's next tick asks for."""
    Job.objects.all().delete()
    reconcile_what_is_new(MORNING)
    jobs = Job.objects.filter(kind=RECONCILE)
    return [(job.payload["period_start"], job.payload["period_end"]) for job in jobs]


def day_of(report: str, first: date, days: int = 1) -> list[str]:
    measures = (
        {"counts": 9} if report != SESSIONS else {"sessions": 9, "total_session_duration": 9, "unique_devices": 9}
    )
    return [row(report, (first + timedelta(days=n)).isoformat(), **measures) for n in range(days)]


def test_a_report_with_nothing_beside_it_asks_for_no_run(tmp_path: Path) -> None:
    deliver_rows(tmp_path, DOWNLOADS, "2026-11-04", *day_of(DOWNLOADS, DAY))

    assert queued() == []


def test_a_day_that_an_export_tells_is_compared_once(tmp_path: Path, clock: Clock) -> None:
    AppFactory.make()
    told("import_export", metric_export(tmp_path, {DAY: 9}, metric="Sessions"), "--app", "1500000001")
    told("reconcile")
    clock(NINE + timedelta(minutes=5))
    delivery = deliver_rows(tmp_path, SESSIONS, "2026-11-07", *day_of(SESSIONS, DAY, 4))
    Delivery.objects.filter(pk=delivery.pk).update(counted_at=NINE + timedelta(minutes=5))

    assert queued() == [("2026-11-02", "2026-11-02")], "the days after it are in no export"

    clock(NINE + timedelta(minutes=10))
    told("reconcile", "--from", "2026-11-01", "--to", "2026-11-03")
    assert queued() == []


def test_a_snapshot_of_two_years_asks_for_the_days_of_the_export_alone(tmp_path: Path) -> None:
    AppFactory.make()
    days = {DAY: 9, DAY + timedelta(days=1): 9}
    told("import_export", metric_export(tmp_path, days, metric="Total Downloads"), "--app", "1500000001")
    told("reconcile")
    snapshot = deliver_rows(
        tmp_path,
        DOWNLOADS,
        "2026-11-19",
        *day_of(DOWNLOADS, date(2024, 11, 1), 740),
        access=Access.SNAPSHOT,
    )
    Delivery.objects.filter(pk=snapshot.pk).update(counted_at=NINE + timedelta(minutes=5))

    assert queued() == [("2026-11-02", "2026-11-03")]
    Job.objects.all().delete()
    assert (job := compare_days_of(snapshot)) is not None
    assert (job.payload["period_start"], job.payload["period_end"]) == ("2026-11-02", "2026-11-03")


def test_a_week_beside_its_days_is_compared(tmp_path: Path) -> None:
    deliver_rows(tmp_path, SESSIONS, "2026-11-07", *day_of(SESSIONS, DAY))
    deliver_rows(tmp_path, SESSIONS, "2026-11-13", *day_of(SESSIONS, DAY), granularity="WEEKLY")

    assert queued() == [("2026-11-02", "2026-11-08")]


def test_a_detailed_report_beside_the_standard_one_is_compared(tmp_path: Path) -> None:
    deliver_rows(tmp_path, DOWNLOADS, "2026-11-04", *day_of(DOWNLOADS, DAY))
    deliver_rows(tmp_path, DETAILED, "2026-11-04", *day_of(DETAILED, DAY))

    assert queued() == [("2026-11-02", "2026-11-02")]


def test_two_snapshots_beside_each_other_ask_for_no_run(tmp_path: Path) -> None:
    for report in (DOWNLOADS, DETAILED):
        deliver_rows(tmp_path, report, "2026-11-19", *day_of(report, date(2025, 1, 1), 600), access=Access.SNAPSHOT)

    assert queued() == []
