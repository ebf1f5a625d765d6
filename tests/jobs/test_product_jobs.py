"""Every kind of job may be run again after any of its statements: nothing doubles, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import enqueue
from ascrecon.jobs.testing import assert_idempotent
from ascrecon.simulator.running import Simulator
from reports import jobs
from reports.models import (
    Account,
    ApiProblem,
    App,
    AppName,
    CoverageCell,
    Delivery,
    DigestSchedule,
    Figure,
    Finding,
    FindingDay,
    FindingEvent,
    OutboxMessage,
    RowReject,
    SalesRow,
    Series,
    Vintage,
)
from reports.services.comparing import compare_later
from reports.services.import_options import ImportOptions
from reports.services.uploads import preview, request_import
from tests.doors import told
from tests.factories import UserFactory
from tests.make_files import DAY, days_from, download, metric_export, sales_report
from tests.sync.conftest import connect, quick_client, simulator

__all__ = ["connect", "quick_client", "simulator"]

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]
Connect = Callable[..., Account]
Start = Callable[..., Simulator]
MORNING = datetime(2026, 11, 20, 20, tzinfo=UTC)
LOADED = (Delivery, SalesRow, RowReject, Series, Vintage, Figure, App, AppName)
#: A second look that finds the same is later, and belongs to another run.
LOOKED = ("Finding.last_seen", "Finding.run_id", "FindingDay.id")
FOUND = (Finding, FindingDay, FindingEvent)


@pytest.fixture
def account(connect: Connect, simulator: Start, clock: Clock) -> Account:
    clock(MORNING)
    return connect(simulator())


def test_planning_an_account_twice_queues_its_jobs_once(account: Account) -> None:
    assert_idempotent(lambda: enqueue(jobs.ACCOUNT, {"account": account.pk}, subject="Pull"), [CoverageCell])

    # The plan itself, the list of apps, and each piece of a report once.
    keys = list(Job.objects.values_list("unique_key", flat=True))
    assert len(keys) == len(set(keys)) > 3


def test_pulling_reports_twice_loads_them_once(account: Account) -> None:
    def three_days() -> Job:
        return jobs.enqueue_sync(account, date(2026, 11, 10), date(2026, 11, 12))[1]

    job = assert_idempotent(three_days, [*LOADED, ApiProblem])

    assert job.result
    assert (job.result["deliveries"], Delivery.objects.count()) == (0, 3)


def test_taking_over_the_list_of_apps_twice_makes_them_once(account: Account) -> None:
    assert_idempotent(lambda: jobs.enqueue_sync(account)[0], [App, AppName, ApiProblem])

    assert App.objects.count() == 1


def test_checking_deliveries_twice_finds_the_same(connect: Connect, simulator: Start, clock: Clock) -> None:
    clock(MORNING)
    account = connect(simulator(faults=[{"kind": "day_late", "date": "2026-11-16", "days": 30}]))
    told("sync", "--now", "--from", "2026-11-10", "--to", "2026-11-18")
    Finding.objects.all().delete()

    assert_idempotent(lambda: jobs.enqueue_detection(account), FOUND, ignore=LOOKED)

    assert [f.kind for f in Finding.objects.all()] == ["late_delivery"]


def test_reconciling_twice_finds_the_same(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(10)))
    told("import_export", sales_report(tmp_path / "console", download(12)))

    assert_idempotent(lambda: compare_later(None, None), FOUND, ignore=LOOKED)

    # 12 in the console, 10 in the reports.
    assert [str(f.difference) for f in Finding.objects.all()] == ["2"]


def test_importing_twice_loads_once(tmp_path: Path) -> None:
    values = dict(zip(days_from(DAY, 3), (1, 2, 3), strict=True))
    path = metric_export(tmp_path, values)
    (delivery,) = preview(path, path.name, options=ImportOptions())
    request_import(delivery, by=UserFactory.make())

    assert_idempotent(lambda: jobs.enqueue_import(delivery, requested_by="ada"), LOADED)

    assert Figure.objects.count() == 3


def test_sending_the_digest_twice_writes_each_mail_once(clock: Clock) -> None:
    clock(MORNING)
    DigestSchedule.objects.create(name="Daily", recipients="ada@example.com\nbob@example.com")

    assert_idempotent(lambda: enqueue(jobs.DIGEST, subject="Digest"), [OutboxMessage])

    assert OutboxMessage.objects.count() == 2
