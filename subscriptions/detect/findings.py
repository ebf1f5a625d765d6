"""Anomalies as findings, in the one workflow that all findings have."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from reports.findings.found import Found
from reports.findings.store import Outcome, report_findings
from reports.models import Account, Cause, FindingKind
from subscriptions.detect.anomalies import Anomaly, anomalies
from subscriptions.moments import EPOCH, moment

DETECTOR = "subscriptions"
REPORT = "App Store Server"
LONGEST_MEMBER = 300


def detect_subscriptions(account: Account, at: datetime) -> Outcome:
    """Look at all subscriptions of an account and bring the findings up to date; what is gone is closed."""
    found = [_found(each) for each in anomalies(account, at)]
    return report_findings(found, detector=DETECTOR, account=account, window=None, at=at)


def _found(anomaly: Anomaly) -> Found:
    first = _day(anomaly.at_ms)
    return Found(
        kind=FindingKind(anomaly.rule.kind),
        cause=Cause(anomaly.facts.get("why") or anomaly.rule.cause),
        severity=anomaly.severity,
        account=anomaly.app.account,
        app=anomaly.app,
        report=REPORT,
        metric=anomaly.rule.code,
        member=anomaly.member[:LONGEST_MEMBER],
        from_day=first,
        to_day=max(first, _day(anomaly.until_ms)) if anomaly.until_ms is not None else first,
        message=anomaly.message,
        next_step=anomaly.rule.next_step,
        money_at_risk={currency: _text(value) for currency, value in anomaly.money.items()},
        details={"rule": anomaly.rule.title, "subscriptions": _originals(anomaly)},
    )


def _day(ms: int) -> date:
    """The day in UTC; what lies outside the calendar counts as its first day."""
    return (moment(ms) or EPOCH).astimezone(UTC).date()


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _originals(anomaly: Anomaly) -> list[str]:
    """The original transaction IDs that it is about."""
    return [str(anomaly.facts[name]) for name in ("original", "old", "new") if anomaly.facts.get(name)]
