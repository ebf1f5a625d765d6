"""Pulls what is due: the list of apps, then unit by unit of reports. Commands and jobs call this."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from ascrecon import clock
from ascrecon.appstore import AppStoreError
from reports.coverage.analytics import refresh_cells
from reports.detect.delivery import detect_delivery
from reports.models import Account
from reports.services.apps import take_over_apps
from reports.sync import problems
from reports.sync.analytics_fetch import AnalyticsFetcher, apps_due
from reports.sync.fetch import Fetcher, Progress, Tally, no_progress
from reports.sync.line import Line, line_to
from reports.sync.plan import Unit, cells_of, plan_sync

APPS = "apps"


@dataclass
class Round:
    """What one round of pulling came to. `rate_remaining`: calls left in this hour, None before the first call."""

    calls: int = 0
    rate_remaining: int | None = None
    units: int = 0
    tally: Tally = field(default_factory=Tally)

    def add(self, line: Line) -> None:
        self.calls += line.calls
        self.rate_remaining = line.rate_remaining if line.rate_remaining is not None else self.rate_remaining


def accounts_to_sync() -> list[Account]:
    return [account for account in Account.objects.filter(sync_enabled=True) if account.has_key]


def sync_now(
    accounts: Iterable[Account],
    first: date | None = None,
    last: date | None = None,
    progress: Progress = no_progress,
) -> Round:
    """Pull everything that is due for these accounts here and now, and look at the deliveries afterwards."""
    done = Round()
    for account in accounts:
        _sync_account(account, first, last, done, progress)
        detect_delivery(account, clock.now())
    return done


def _sync_account(account: Account, first: date | None, last: date | None, done: Round, progress: Progress) -> None:
    with line_to(account) as line:
        done.tally.add(sync_apps(account, line))
        for unit in plan_sync(account, first, last):
            done.units += 1
            done.tally.add(fetch_unit(unit, line, progress))
        for app in apps_due(account):
            done.units += 1
            done.tally.add(AnalyticsFetcher(app, line, progress=progress).fetch())
        done.add(line)
    if account.pull_analytics:
        refresh_cells(account, clock.now())


def sync_apps(account: Account, line: Line) -> Tally:
    """Bring the account's apps up to date. A failure is written down; the reports are asked for all the same."""
    client = line.client
    before = len(client.incidents)
    try:
        take_over_apps(account, client.apps())
        line.worked()
        return Tally(asked=1)
    except AppStoreError as error:
        line.failed(error)
        problems.note_failure(account, error, clock.now(), report=APPS)
        return Tally(asked=1, failures=[error])
    finally:
        problems.note_recoveries(account, client.incidents[before:], report=APPS)


def fetch_unit(unit: Unit, line: Line, progress: Progress = no_progress) -> Tally:
    """Ask for what is still due of a unit."""
    return Fetcher(line).fetch(cells_of(unit), progress)
