"""What is wrong with how Apple delivers: too late, changed afterwards, or not answered at all.

All read the whole ledger and hand over whole runs of days: a window only chooses among them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from django.db import transaction

from reports.detect.analytics.gaps import missing_deliveries
from reports.detect.analytics.instances import lost_instances, twin_instances, unreadable_instances
from reports.detect.analytics.requests import refused_requests, stopped_requests
from reports.detect.analytics.restated import restated_analytics
from reports.detect.analytics.snapshots import snapshot_holes
from reports.detect.incidents import api_incidents
from reports.detect.late import late_deliveries
from reports.detect.restatements import restatements
from reports.findings.found import Found
from reports.findings.store import Outcome, lock_findings, report_findings
from reports.models import Account

DELIVERY_DETECTORS: dict[str, Callable[[date, date, Account | None], list[Found]]] = {
    "late_delivery": late_deliveries,
    "restated": restatements,
    "api_incident": api_incidents,
    "analytics_missing": missing_deliveries,
    "analytics_stopped": stopped_requests,
    "analytics_refused": refused_requests,
    "analytics_snapshot": snapshot_holes,
    "analytics_restated": restated_analytics,
    "analytics_twin": twin_instances,
    "analytics_lost": lost_instances,
    "analytics_unreadable": unreadable_instances,
}


def detect_delivery(account: Account | None, at: datetime) -> list[Outcome]:
    """Look at all deliveries of `account` (None: of every one) and bring the findings up to date. `at` is aware."""
    return [_looked(name, account, at) for name in DELIVERY_DETECTORS]


@transaction.atomic
def _looked(name: str, account: Account | None, at: datetime) -> Outcome:
    lock_findings(name)
    found = DELIVERY_DETECTORS[name](date.min, date.max, account)
    return report_findings(found, detector=name, account=account, window=None, at=at)
