"""What is new is compared by itself: each delivery, whatever other days or accounts were compared meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ascrecon.jobs.models import Job
from reports.jobs import reconcile_what_is_new
from reports.models import Delivery, Finding
from reports.services.deliveries import load_api_report
from reports.services.merge import merge_account
from reports.services.raw_files import keep
from reports.services.uploads import withdraw
from tests.doors import told
from tests.factories import AccountFactory, AppFactory, VendorFactory
from tests.make_files import DAY, days_from, download, sales_report

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nine(clock: Clock) -> None:
    clock(NINE)


def queued() -> list[tuple[object, object, object]]:
    """The days and the account of the reconciliations that wait."""
    jobs = Job.objects.filter(kind="reconcile", state="queued").order_by("pk")
    return [(job.payload["period_start"], job.payload["period_end"], job.payload["account"]) for job in jobs]


def later(clock: Clock, minutes: int) -> datetime:
    moment = NINE + timedelta(minutes=minutes)
    clock(moment)
    return moment


def test_nothing_new_costs_nothing() -> None:
    reconcile_what_is_new(NINE)
    assert queued() == []


def test_the_days_of_what_came_are_compared_once(tmp_path: Path, clock: Clock) -> None:
    first, second = days_from(DAY, 2)
    for day in (first, second):
        told("load_report", sales_report(tmp_path, download(), day=day))
    reconcile_what_is_new(NINE)
    assert queued() == [("2026-10-12", "2026-10-13", None)]

    later(clock, 10)
    told("reconcile", "--from", "2026-10-12", "--to", "2026-10-13")
    Job.objects.all().delete()
    reconcile_what_is_new(NINE)
    assert queued() == []


@pytest.mark.parametrize(
    "narrow",
    [
        ["--from", "2026-09-01", "--to", "2026-09-30"],
        ["--account", "Other"],
        ["--app", "1500000001"],
        ["--as-of", "2026-11-19"],
    ],
    ids=["other days", "another account", "one app", "a past day"],
)
def test_a_run_that_did_not_look_at_a_delivery_does_not_hide_it(
    tmp_path: Path, clock: Clock, narrow: list[str]
) -> None:
    AccountFactory.make(name="Other")
    told("load_report", sales_report(tmp_path, download()))
    later(clock, 10)

    told("reconcile", *narrow)
    reconcile_what_is_new(NINE)

    assert queued() == [("2026-10-12", "2026-10-12", None)]


def test_the_days_of_a_withdrawn_export_are_compared_again(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(10)))
    told("import_export", sales_report(tmp_path / "console", download(12)))
    told("reconcile")

    export = Delivery.objects.get(side="console")
    withdraw(export, reason="Taken from the wrong account.")

    assert queued() == [("2026-10-12", "2026-10-12", export.account_id)]
    told("reconcile", "--from", "2026-10-12", "--to", "2026-10-12")
    assert [f.state for f in Finding.objects.all()] == ["closed"]


def test_everything_of_an_account_is_compared_after_a_merge() -> None:
    acme = VendorFactory.make().account
    files = AccountFactory.make(name="files", provisional=True)
    AppFactory.make(account=files)

    merge_account(files, acme)

    assert queued() == [(None, None, acme.pk)]


def test_a_run_that_began_while_a_report_was_loaded_does_not_hide_it(tmp_path: Path, clock: Clock) -> None:
    """It was downloaded at nine and counts since ten past; a run at five past could not see it."""
    account = VendorFactory.make().account
    path = sales_report(tmp_path, download())
    later(clock, 5)
    told("reconcile", "--from", "2026-10-12", "--to", "2026-10-12")
    later(clock, 10)
    load_api_report(keep(path), file_name=path.name, account=account, asked=None, received_at=NINE)

    reconcile_what_is_new(NINE)

    assert queued() == [("2026-10-12", "2026-10-12", None)]
