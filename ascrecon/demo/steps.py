"""What a first day with the product is: connect, pull, upload, compare, read. By the same doors that people use."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection

from ascrecon import clock
from ascrecon.demo.processes import RunningSimulator
from ascrecon.jobs.models import UNFINISHED_STATES, Job
from ascrecon.jobs.service import wait_for
from ascrecon.simulator.scenario import Scenario
from reports.jobs import ANALYTICS, APPS, FETCH, enqueue_sync
from reports.jobs import DETECT as DELIVERIES
from reports.models import Account, DigestSchedule, Finding, FindingState
from reports.reconcile.run import RunResult, reconcile
from reports.services.summaries import finding_json
from reports.sync.line import line_to
from reports.sync.run import sync_apps
from subscriptions.jobs import DETECT, PROCESS, askable_apps, enqueue_back_fill, enqueue_detection, enqueue_upgrades
from subscriptions.models import Notification, Subscription

#: The simulator's day stands at noon Pacific Time.
NOON_PACIFIC = time(20, tzinfo=UTC)
LONGEST_WAIT = 900.0  # seconds for all jobs of one sync


def start_afresh() -> None:
    """Forget the demo before: the same scenario gives the same findings every time."""
    for name in ("files", "mail", "exports", "key", "apple-roots"):
        shutil.rmtree(settings.ASCRECON_DATA_DIR / name, ignore_errors=True)
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    call_command("migrate", verbosity=0)


def connect(simulator: RunningSimulator) -> Account:
    """Add the simulator's account; the demo syncs by itself, so the hourly pull is off."""
    call_command("account", "add", *simulator.account_options, stdout=_Nowhere())
    account = Account.objects.get()
    account.sync_enabled = False
    account.save(update_fields=["sync_enabled"])
    return account


def get_notified(account: Account, simulator: RunningSimulator, address: str) -> None:
    """Know the account's apps, and have notifications sent to the webhook, as in App Store Connect."""
    with line_to(account) as line:
        sync_apps(account, line)
    own = f"{address}/notifications/{account.pk}"
    simulator.send_to(f"{own}/production/", f"{own}/sandbox/")


def pull(account: Account, scenario: Scenario, day: date) -> list[Job]:
    """Queue what there is to pull on `day`, as the schedule does every morning."""
    moment = datetime.combine(day, NOON_PACIFIC)
    with clock.standing_at(moment):
        first = scenario.today - timedelta(days=scenario.days)
        return enqueue_sync(account, first, day - timedelta(days=1), requested_by="demo", as_of=moment)


def finish(jobs: list[Job], is_working: Callable[[], bool]) -> None:
    """Wait until the worker has done `jobs`. Raises TimeoutError, at once where the worker has ended."""
    deadline = monotonic() + LONGEST_WAIT
    while True:
        try:
            wait_for(jobs, 5.0)
            return
        except TimeoutError:
            if monotonic() > deadline or not is_working():
                raise


def finish_pulling(is_working: Callable[[], bool]) -> None:
    """Wait for all that is pulled, for what follows from it, and for the look at the deliveries."""
    _finish_kinds(is_working, APPS, FETCH, ANALYTICS, DELIVERIES)


def work_in(is_working: Callable[[], bool]) -> None:
    """Wait until all that was received is worked in and checked, with the clock where it stood when it came."""
    _finish_kinds(is_working, PROCESS, DETECT)


def _finish_kinds(is_working: Callable[[], bool], *kinds: str) -> None:
    while jobs := list(Job.objects.filter(kind__in=kinds, state__in=UNFINISHED_STATES)):
        finish(jobs, is_working)


def ask_the_app_store(account: Account) -> Iterator[list[Job]]:
    """What the schedule does every hour and day: read the history, fetch upgrades, check. Each wants those before."""
    yield [enqueue_back_fill(app, environment) for app, environment in askable_apps() if app.account_id == account.pk]
    yield list(Job.objects.filter(kind=PROCESS, state__in=UNFINISHED_STATES))
    yield enqueue_upgrades(account)
    yield [enqueue_detection(account)]


def import_exports(folder: Path) -> int:
    """Hand in what a person exported from the console, with what that person says about each file."""
    manifest: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text())
    for item in manifest:
        call_command("import_export", str(folder / item["file"]), *item["args"], stdout=_Nowhere())
    return len(manifest)


def compare() -> RunResult:
    return reconcile(requested_by="demo")


def taken_in() -> str:
    """How much is known of subscriptions, in a line."""
    notifications, subscriptions = Notification.objects.count(), Subscription.objects.count()
    return f"{notifications:,} notifications of {subscriptions:,} subscriptions are worked in"


def open_findings() -> list[dict[str, Any]]:
    findings = Finding.objects.exclude(state=FindingState.CLOSED).select_related("account", "vendor", "app")
    shown = json.dumps([finding_json(f) for f in findings.order_by("from_day", "public_id")], default=_plain)
    decoded: list[dict[str, Any]] = json.loads(shown)
    return decoded


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def digest() -> list[str]:
    """Send the digest, which without a mail server becomes a file per recipient; returns its lines."""
    DigestSchedule.objects.create(name="Demo digest", recipients="finance@example.com\ncontroller@example.com")
    text = StringIO()
    call_command("digest", "--dry-run", stdout=text)
    call_command("digest", stdout=_Nowhere())
    return text.getvalue().rstrip().split("\n")


def add_person() -> tuple[str, str]:
    """An administrator of the demo's admin with a password of this run only."""
    password = secrets.token_urlsafe(9)
    get_user_model().objects.create_superuser("demo", "demo@example.com", password)
    return "demo", password


class _Nowhere:
    """Where commands print whose results the demo tells in its own words."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass
