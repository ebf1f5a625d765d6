"""All detectors of a run. Each reads tables and returns findings; none writes anything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from django.db import transaction

from ascrecon import clock
from reports.detect.delivery import DELIVERY_DETECTORS
from reports.detect.detail_shortfall import detail_shortfalls
from reports.detect.exports import overlapping_exports
from reports.detect.granularity import granularity_mismatches, whole_periods
from reports.detect.missing_sales import missing_sales_values
from reports.detect.missing_sales_screen import DETECTOR as MISSING_SALES
from reports.detect.missing_sales_sold import LOOK_BACK
from reports.detect.totals import totals_that_do_not_tie
from reports.detect.truncated_export import truncated_exports
from reports.findings.found import Found
from reports.findings.store import Outcome, day_beside, lock_findings, report_findings, widened
from reports.models import Account, App, Run
from reports.reconcile.analytics_policy import analytics_policy

Detector = Callable[[date, date, Account | None], list[Found]]

DETECTORS: dict[str, Detector] = {
    MISSING_SALES: missing_sales_values,
    "totals": totals_that_do_not_tie,
    "overlaps": overlapping_exports,
    "granularity": granularity_mismatches,
    "detail_shortfall": detail_shortfalls,
    "truncated_export": truncated_exports,
    **DELIVERY_DETECTORS,
}

#: Days before it of which a new day tells something: that a paused product came back, only the day of its return shows.
TELLS_OF_DAYS_BEFORE = {MISSING_SALES: LOOK_BACK}
#: Days before and after it that a new day tells something of: what is usual for a source.
TELLS_OF_DAYS_AROUND = {"detail_shortfall": analytics_policy().usual_days}
#: These look at whole weeks and months.
BY_PERIOD = ("granularity",)


def run_all(
    start: date, end: date, account: Account | None, app: App | None = None, run: Run | None = None
) -> list[Outcome]:
    """Every detector over the days from `start` to `end`; what it no longer finds there is closed.

    With `app` only the findings of that app are told and closed.
    """
    return [_run(name, (start, end), account, app, run) for name in DETECTORS]


def _window(name: str, start: date, end: date, account: Account | None) -> tuple[date, date]:
    if name in BY_PERIOD:
        start, end = whole_periods(start, end)
    around = TELLS_OF_DAYS_AROUND.get(name, 0)
    first = day_beside(start, -TELLS_OF_DAYS_BEFORE.get(name, around))
    return widened(name, (first, day_beside(end, around)), account)


@transaction.atomic
def _run(name: str, days: tuple[date, date], account: Account | None, app: App | None, run: Run | None) -> Outcome:
    lock_findings(name)
    window = _window(name, *days, account)
    found = [item for item in _detector(name, days[0])(*window, account) if app is None or item.app == app]
    return report_findings(found, detector=name, account=account, app=app, window=window, at=clock.now(), run=run)


def _detector(name: str, new_from: date) -> Detector:
    """What takes long over the days before knows which days are new."""
    return partial(missing_sales_values, new_from=new_from) if name == MISSING_SALES else DETECTORS[name]
