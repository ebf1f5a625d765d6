"""One piece of work for each kind of job, with what must be there before it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import enqueue
from ascrecon.simulator.running import Simulator, running
from reports import jobs
from reports.models import Access, Account, AnalyticsReport, App, DigestSchedule, Finding, ReportRequest, Rule
from reports.services.accounts import NewAccount, add_account
from reports.services.comparing import RECONCILE, compare_later
from reports.services.import_options import ImportOptions
from reports.services.uploads import preview, request_import
from reports.sync.analytics_fetch import AnalyticsFetcher
from reports.sync.line import line_to
from reports.sync.run import sync_apps
from subscriptions import jobs as subscription_jobs
from tests.doors import told
from tests.factories import UserFactory
from tests.make_files import DAY, days_from, download, metric_export, sale, sales_report
from tests.subscriptions import jobs_to_do
from tests.sync.conftest import SCENARIO

MORNING = datetime(2026, 11, 20, 20, tzinfo=UTC)
Prepare = Callable[[Path], Job]
#: When an answer came, and what Apple was asked before the cut.
ASKED = ("CoverageCell.attempts", "CoverageCell.confirmations")
LATE = [{"kind": "day_late", "date": "2026-11-16", "days": 30}]


@dataclass(frozen=True)
class Case:
    """`prepare` leaves one queued job. `ignored` are columns that tell how often was tried. `later` is how long after
    the cut it is tried again: a mail that may be on its way is left alone for a while. `since`: from when on Apple
    makes analytics reports.
    """

    prepare: Prepare
    ignored: tuple[str, ...] = ()
    later: timedelta = timedelta(0)
    faults: tuple[dict[str, object], ...] = ()
    simulated: bool = False
    since: str | None = None


def _account() -> Account:
    return Account.objects.get(name="Acme")


def _plan(folder: Path) -> Job:
    account = _account()
    return enqueue(jobs.ACCOUNT, {"account": account.pk}, subject="Pull", unique_key="plan", account_id=account.pk)


def _pull(folder: Path) -> Job:
    return jobs.enqueue_sync(_account(), date(2026, 11, 10), date(2026, 11, 12))[1]


def _analytics(folder: Path) -> Job:
    """Of one report two instances are there to be read; what was asked before is listed already."""
    account = _account()
    account.pull_analytics = True
    account.save()
    with line_to(account) as line:
        sync_apps(account, line)
        app = App.objects.get(apple_id=1500000001)
        # Its requests, a snapshot, and the reports of the first one.
        AnalyticsFetcher(app, line, calls=3).fetch()
    ReportRequest.objects.filter(access=Access.SNAPSHOT).delete()
    AnalyticsReport.objects.exclude(name="App Downloads Standard").delete()
    return enqueue(jobs.ANALYTICS, {"app": app.pk, "as_of": None}, subject="Analytics", unique_key="analytics")


def _apps(folder: Path) -> Job:
    apps_job, *others = jobs.enqueue_sync(_account())
    Job.objects.filter(pk__in=[job.pk for job in others]).delete()
    return apps_job


def _detect(folder: Path) -> Job:
    told("sync", "--now", "--from", "2026-11-10", "--to", "2026-11-18")
    Finding.objects.all().delete()
    Job.objects.all().delete()
    return jobs.enqueue_detection(_account())


def _reconcile(folder: Path) -> Job:
    told("load_report", sales_report(folder, download(10), sale(3)))
    told("import_export", sales_report(folder / "console", download(12), sale(3), sale(-1)))
    Job.objects.all().delete()
    return compare_later(None, None)


def _import(folder: Path) -> Job:
    # Fetched rows and a metric: the first of two exports in one archive goes by COPY.
    path = sales_report(folder, download(10), sale(3), sale(1, "2.10", "EUR", "DE"))
    (delivery,) = preview(path, path.name, options=ImportOptions())
    request_import(delivery, by=UserFactory.make(username="ada"))
    return jobs.enqueue_import(delivery, requested_by="ada")


def _import_metric(folder: Path) -> Job:
    path = metric_export(folder, dict(zip(days_from(DAY, 3), (1, 2, 3), strict=True)))
    (delivery,) = preview(path, path.name, options=ImportOptions())
    request_import(delivery, by=UserFactory.make(username="ada"))
    return jobs.enqueue_import(delivery, requested_by="ada")


def _digest(folder: Path) -> Job:
    told("load_report", sales_report(folder, download(10)))
    told("import_export", sales_report(folder / "console", download(12)))
    told("reconcile")
    Job.objects.all().delete()
    DigestSchedule.objects.create(name="Daily", recipients="ada@example.com\nbob@example.com")
    return enqueue(jobs.DIGEST, subject="Digest", unique_key="digest")


#: How often and when a mail was tried; what it says and whether it went out is compared.
MAILED = ("attempts", "next_try", "sent_at", "created_at", "message_id", "body")

#: By the kind, after which a second case of the same kind may be named.
CASES: dict[str, Case] = {
    jobs.ACCOUNT: Case(_plan, simulated=True),
    jobs.FETCH: Case(_pull, ASKED, simulated=True),
    jobs.APPS: Case(_apps, simulated=True),
    jobs.ANALYTICS: Case(_analytics, simulated=True, since="2026-11-18"),
    jobs.DETECT: Case(_detect, faults=tuple(LATE), simulated=True),
    RECONCILE: Case(_reconcile),
    jobs.IMPORT: Case(_import),
    f"{jobs.IMPORT} (a metric)": Case(_import_metric),
    subscription_jobs.PROCESS: Case(jobs_to_do.processing),
    subscription_jobs.CERTIFICATES: Case(jobs_to_do.certificates, ("SigningChain.asked_at",)),
    subscription_jobs.ERASE: Case(jobs_to_do.erasure),
    subscription_jobs.DISTRUST: Case(jobs_to_do.distrusted),
    subscription_jobs.DETECT: Case(jobs_to_do.detection),
    subscription_jobs.CHECK: Case(jobs_to_do.check),
    subscription_jobs.TRIAL: Case(jobs_to_do.trial),
    subscription_jobs.ORDER: Case(jobs_to_do.order, jobs_to_do.FETCHED),
    subscription_jobs.BACK_FILL: Case(jobs_to_do.back_fill, jobs_to_do.ASKED),
    subscription_jobs.HISTORY: Case(jobs_to_do.history, jobs_to_do.FETCHED),
    jobs.DIGEST: Case(
        _digest,
        (*(f"OutboxMessage.{name}" for name in MAILED), "DigestSchedule.last_digest_at"),
        later=timedelta(minutes=20),
    ),
}


def kind_of(name: str) -> str:
    return name.partition(" (")[0]


@contextmanager
def place(case: Case) -> Iterator[None]:
    """What the case needs around it: the reference data and, where Apple is asked, a simulator with an account."""
    _reference_data()
    if not case.simulated:
        yield
        return
    settings.APPSTORE_POLICY = {"first_backoff_seconds": 0.01, "rate_limit_waits_seconds": (0.01,)}
    (app,) = SCENARIO["apps"]
    apps_of_case = [{**app, "analytics": {"ongoing_since": case.since}}] if case.since else [app]
    # A case is run thousands of times within an hour.
    played = {**SCENARIO, "apps": apps_of_case, "faults": list(case.faults), "hourly_limit": 10_000_000}
    with running(played) as simulator:
        _connect(simulator)
        yield


def _reference_data() -> None:
    """Tests that empty all tables may have run before."""
    if not Rule.objects.exists():
        load = importlib.import_module("reports.migrations.0002_reference_data").load
        load(apps, connection.schema_editor())


def _connect(simulator: Simulator) -> None:
    add_account(
        NewAccount(
            name="Acme",
            issuer_id=simulator.issuer_id,
            key_id=simulator.key_id,
            private_key=simulator.private_key,
            vendor_numbers=[simulator.vendor_number],
            base_url=simulator.url,
            pull_analytics=False,
        )
    )
