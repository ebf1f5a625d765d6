"""Anomalies as findings, in the one workflow that all findings have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from reports.findings.found import Found
from reports.findings.store import Outcome, report_findings
from reports.locks import advisory_lock
from reports.models import Account, App, Cause, FindingKind
from subscriptions.derive.state import Key
from subscriptions.detect.anomalies import Anomaly, anomalies, anomalies_of
from subscriptions.detect.neighbours import with_neighbours
from subscriptions.models import Environment
from subscriptions.moments import EPOCH, moment

DETECTOR = "subscriptions"
REPORT = "App Store Server"
LONGEST_MEMBER = 300


@transaction.atomic
def detect_subscriptions(account: Account, at: datetime) -> Outcome:
    """Look at all subscriptions of an account and bring the findings up to date; what is gone is closed."""
    _wait_for_turn(account)
    found = [_found(each) for each in anomalies(account, at)]
    return report_findings(found, detector=DETECTOR, account=account, window=None, at=at)


@transaction.atomic
def detect_touched(account: Account, keys: Collection[Key], at: datetime) -> Outcome:
    """The same for the customers of these subscriptions only: what a look at all of them would say of theirs.

    Findings of others stay as they are, and so do those of account-wide rules.
    """
    _wait_for_turn(account)
    found: list[Found] = []
    theirs = Q(pk__in=())
    for app, touched in _by_app(account, keys):
        told = anomalies_of(app, with_neighbours(app.pk, touched), at)
        found += [_found(each) for each in told if touched.intersection(each.originals)]
        theirs |= Q(app=app, details__subscriptions__has_any_keys=sorted(touched))
    theirs |= Q(public_id__in=[each.public_id for each in found])
    return report_findings(found, detector=DETECTOR, account=account, window=None, at=at, only=theirs)


def _wait_for_turn(account: Account) -> None:
    """One look at a time, so that none stores what it saw before another one."""
    advisory_lock("subscription findings", account.pk)


def _by_app(account: Account, keys: Collection[Key]) -> Iterator[tuple[App, set[str]]]:
    """Sandbox is in no finding."""
    touched: dict[int, set[str]] = defaultdict(set)
    for app_id, environment, original in keys:
        if environment == Environment.PRODUCTION:
            touched[app_id].add(original)
    for app in App.objects.filter(account=account, pk__in=touched).order_by("pk"):
        yield app, touched[app.pk]


def _found(anomaly: Anomaly) -> Found:
    first = _day(anomaly.at_ms)
    return Found(
        kind=FindingKind(anomaly.rule.kind),
        cause=Cause(anomaly.facts.get("why") or anomaly.rule.cause),
        severity=anomaly.severity,
        account=anomaly.account,
        app=anomaly.app,
        report=REPORT,
        metric=anomaly.rule.code,
        member=anomaly.member[:LONGEST_MEMBER],
        from_day=first,
        to_day=max(first, _day(anomaly.until_ms)) if anomaly.until_ms is not None else first,
        message=anomaly.message,
        next_step=anomaly.rule.next_step,
        money_at_risk={currency: _text(value) for currency, value in anomaly.money.items()},
        evidence=_evidence(anomaly),
        details={"rule": anomaly.rule.title, "subscriptions": anomaly.originals, **_own_data(anomaly)},
    )


def _evidence(anomaly: Anomaly) -> list[dict[str, object]]:
    """The own data that says so."""
    upload = anomaly.upload
    return [{"file": upload.file_name, "sha256": upload.sha256, "line": anomaly.line}] if upload else []


def _own_data(anomaly: Anomaly) -> dict[str, object]:
    """Where to read the list: its upload, and the line after which to begin."""
    upload = anomaly.upload
    return {"own_data": {"upload": upload.pk, "after": (anomaly.line or 1) - 1}} if upload else {}


def _day(ms: int) -> date:
    """The day in UTC; what lies outside the calendar counts as its first day."""
    return (moment(ms) or EPOCH).astimezone(UTC).date()


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"
