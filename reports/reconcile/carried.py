"""Which days a run must compare anew beside a finding that goes on, and which it may take from what is stored.

A finding is one run of consecutive periods, so a new day may lengthen one that began long ago. Its older days need not
be compared again where nothing about them can have changed: they are read back as the lines that they were.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from reports.findings.store import beside, widened
from reports.models import Cause, Finding, FindingDay, FindingKind, FindingState, Kind, Rule
from reports.reconcile.compare import Scope
from reports.reconcile.lines import Line


@dataclass(frozen=True)
class Look:
    """The days that are compared, and beside them the lines and numbers of findings that reach into them."""

    scope: Scope
    lines: list[Line] = field(default_factory=list)
    findings: list[int] = field(default_factory=list)


def look_of(rule: Rule, scope: Scope, detector: str) -> Look:
    """What a run over `scope` compares for `rule`: as little as gives the findings of a run over all of their days.

    The whole of every finding that touches the scope is compared where days depend on each other (rows that are lost
    on several days, days that end at another midnight) or where one was delivered anew.
    """
    whole = whole_look(scope, detector)
    if whole.scope == scope or not _days_stand_alone(rule, whole.scope, detector):
        return whole
    return _with_stored_days(rule, scope, detector) or whole


def whole_look(scope: Scope, detector: str) -> Look:
    """The scope with every finding that overlaps or touches it in whole."""
    start, end = widened(detector, (scope.start, scope.end), scope.account)
    return Look(replace(scope, start=start, end=end))


def _days_stand_alone(rule: Rule, scope: Scope, detector: str) -> bool:
    if rule.console_kind != Kind.R or Cause.TIMEZONE_SHIFT in rule.causes or scope.as_of is not None:
        return False
    lost = Finding.objects.filter(detector=detector, kind=FindingKind.MISSING_SALES_VALUES)
    return not lost.filter(from_day__lte=scope.end, to_day__gte=scope.start).exists()


def _with_stored_days(rule: Rule, scope: Scope, detector: str) -> Look | None:
    """None where a stored day does not count any more."""
    days = list(_stored_days(rule, scope, detector))
    outside = [day for day in days if not _inside(day, scope)]
    if not all(_still_counts(day) for day in outside):
        return None
    if unsettled := [day for day in outside if _was_not_final(day, rule)]:
        first = min(scope.start, *(day.period_start for day in unsettled))
        last = max(scope.end, *(day.period_end for day in unsettled))
        return _with_stored_days(rule, replace(scope, start=first, end=last), detector)
    return Look(scope, [_line(day) for day in outside], sorted({day.finding_id for day in days}))


def _stored_days(rule: Rule, scope: Scope, detector: str) -> QuerySet[FindingDay]:
    findings = Finding.objects.filter(beside(scope.start, scope.end), detector=detector)
    findings = findings.exclude(state=FindingState.CLOSED)
    if scope.account:
        findings = findings.filter(account=scope.account)
    if scope.app:
        findings = findings.filter(app=scope.app)
    days = FindingDay.objects.filter(finding__in=findings)
    return days.select_related("finding", "api_vintage", "console_vintage").order_by("finding_id", "period_start")


def _inside(day: FindingDay, scope: Scope) -> bool:
    return scope.start <= day.period_start and day.period_end <= scope.end


def _still_counts(day: FindingDay) -> bool:
    """Both sides told a value, and what they told is still what counts."""
    return all(vintage is not None and vintage.current for vintage in (day.api_vintage, day.console_vintage))


def _was_not_final(day: FindingDay, rule: Rule) -> bool:
    """Whether the day was too young to be final when it was compared last, so that its cause may be another by now."""
    seen_on = day.finding.last_seen.astimezone(ZoneInfo(rule.timezone)).date()
    return day.period_end > seen_on - timedelta(days=rule.completeness_days)


def _line(day: FindingDay) -> Line:
    """The line that the day was. Of the causes of its finding only that of the largest rest is kept: it stands for all,
    and the largest of old and new lines still decides."""
    finding = day.finding
    return Line(
        account_id=finding.account_id,
        vendor_id=finding.vendor_id,
        scope="",
        period_start=day.period_start,
        period_end=day.period_end,
        timezone="",
        app_id=finding.app_id,
        member=finding.member,
        currency=finding.currency,
        api_value=day.api_value,
        console_value=day.console_value,
        second_value=None,
        api_vintage_id=day.api_vintage_id,
        console_vintage_id=day.console_vintage_id,
        api_delivered=True,
        difference=day.difference or Decimal(0),
        kind=FindingKind(finding.kind),
        cause=Cause(finding.cause),
        explained=day.explained or Decimal(0),
    )
