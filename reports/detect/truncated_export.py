"""Exports by campaign that end where the console's list ends: they tell at least so much, never a total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from reports.console.breakdowns import dimension
from reports.detect.evidence import files_of
from reports.detect.spans import Span, runs, touches
from reports.figures.counted import facts_of
from reports.findings.found import Found, FoundDay
from reports.findings.severity import severity_of
from reports.models import Account, App, Cause, DeliveryState, FindingKind, Grain, Kind, Rule
from reports.reconcile.analytics_policy import analytics_policy
from reports.reconcile.compare import filter_parameters, filter_sql, folded
from reports.sql import fetch
from reports.wording import amount, counted, span

# The columns are counted in a row as it was kept: its first cell is the day.
EXPORTS = """
SELECT d.id FROM reports_delivery d
WHERE d.kind = %(kind)s AND d.state = %(loaded)s AND d.filters LIKE %(by_campaign)s
  AND d.period_start <= %(end)s AND d.period_end >= %(start)s
  AND (%(account)s::bigint IS NULL OR d.account_id = %(account)s)
  AND (SELECT count(*) - 1 FROM jsonb_object_keys((
      SELECT r.cells FROM reports_consolerow r
      WHERE r.id BETWEEN d.id << 32 AND (d.id << 32) + 4294967295 ORDER BY r.id LIMIT 1))) = %(most)s
"""

TOLD = """
SELECT s.account_id, s.app_id, s.report, s.scope, s.grain, v.period_start, v.period_end, v.id, v.delivery_id,
       f.currency, sum(f.value)
FROM reports_vintage v JOIN reports_series s ON s.id = v.series_id
JOIN reports_storedfigure f ON f.vintage_id = v.id AND f.metric = s.report
WHERE v.delivery_id = ANY(%(exports)s) AND v.current
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 ORDER BY 1, 2, 3, 4, 5, 10, 6
"""

# What the Detailed report has of campaigns that none of these exports names.
TAIL = """
SELECT count(DISTINCT m.dims->>'campaign'), sum(f.value)
FROM reports_series s JOIN reports_vintage v ON v.series_id = s.id AND v.current
JOIN reports_storedfigure f ON f.vintage_id = v.id AND f.metric = %(measure)s
JOIN reports_member m ON m.id = f.member_id
WHERE s.app_id = %(app)s AND s.report = %(report)s AND s.kind = 'ANALYTICS' AND s.grain = %(grain)s
  AND v.period_start = ANY(%(starts)s) AND (s.grain <> 'day' OR v.taken_on >= v.period_end + %(lag)s)
  AND coalesce(m.dims->>'campaign', '') <> '' AND {wanted}
  AND NOT (m.dims->>'campaign' = ANY(%(named)s))
"""
NAMED = """
SELECT DISTINCT lower(m.dims->>'campaign') FROM reports_member m WHERE m.id IN (
    SELECT f.member_id FROM reports_storedfigure f WHERE f.vintage_id = ANY(%s)) AND m.dims->>'campaign' IS NOT NULL
"""


@dataclass(frozen=True)
class Told:
    """One period of an export that is cut: what its campaigns add up to."""

    account_id: int
    app_id: int
    metric: str
    scope: str
    grain: str
    first: date
    last: date
    vintage_id: int
    delivery_id: int
    currency: str
    value: Decimal

    @property
    def key(self) -> tuple[int, int, str, str, str, str]:
        return (self.account_id, self.app_id, self.metric, self.scope, self.grain, self.currency)


@dataclass(frozen=True)
class Tail:
    """Campaigns that the export does not name, and what the API's report has of them; None: no report tells."""

    campaigns: int
    value: Decimal | None


def truncated_exports(start: date, end: date, account: Account | None) -> list[Found]:
    """One finding per app, metric and run of periods whose export has exactly as many campaigns as the console lists.

    `console_value` is what the export tells; `api_value` that and the further campaigns of the Detailed report, where
    it has any. The difference is explained: the rest was cut off.
    """
    parameters = {
        "kind": Kind.A2.value,
        "loaded": DeliveryState.LOADED.value,
        "by_campaign": f"%{dimension('campaign').scope}",
        "most": analytics_policy().most_campaigns,
        "start": start,
        "end": end,
        "account": account.pk if account else None,
    }
    exports = [pk for (pk,) in fetch(EXPORTS, parameters)]
    found = [Told(*row) for row in fetch(TOLD, {"exports": exports})] if exports else []
    series = (list(group) for _, group in groupby(found, key=lambda item: item.key))
    stretches = (run for group in series for run in runs(group, _span))
    return [_found(run) for run in stretches if touches(run, _span, start, end)]


def _span(item: Told) -> Span:
    return (item.first, item.last)


def _found(run: Sequence[Told]) -> Found:
    first = run[0]
    console = sum((item.value for item in run), Decimal(0))
    tail = _tail(run)
    kind, cause = FindingKind.TRUNCATED_EXPORT, Cause.TRUNCATED
    app = App.objects.get(pk=first.app_id)
    return Found(
        kind=kind,
        cause=cause,
        severity=severity_of(kind, cause, Decimal(0), None, console),
        account=Account.objects.get(pk=first.account_id),
        app=app,
        report=_report(first.metric),
        metric=first.metric,
        cut="campaign",
        member=_filters(first.scope),
        currency=first.currency,
        grain=Grain(first.grain),
        from_day=first.first,
        to_day=run[-1].last,
        api_value=None if tail.value is None else console + tail.value,
        console_value=console,
        difference=None if tail.value is None else -tail.value,
        explained=None if tail.value is None else -tail.value,
        message=_message(app, run, console, tail),
        next_step="Read this export as “at least”, never as a total. Take the campaigns that it lacks from the "
        "Detailed report, or export shorter ranges.",
        evidence=files_of(item.delivery_id for item in run),
        details={"further_campaigns": tail.campaigns},
        days=[FoundDay(item.first, item.last, None, item.value, console_vintage_id=item.vintage_id) for item in run],
    )


def _filters(scope: str) -> str:
    return scope.removesuffix(dimension("campaign").scope).rstrip("; ")


def _report(metric: str) -> str:
    """The report that the metric is made of; the kind of the export where no rule knows one."""
    rule = Rule.objects.filter(console_kind=Kind.A1, console_metric=metric).exclude(api_report__contains="/").first()
    return rule.api_report if rule else Kind.A2.value


def _tail(run: Sequence[Told]) -> Tail:
    first = run[0]
    rule = Rule.objects.filter(cut=Rule.Cut.CAMPAIGN, console_metric=first.metric).order_by("key").first()
    if rule is None or _filters(first.scope):
        return Tail(0, None)
    parameters = filter_parameters("wanted", folded(rule, rule.api_filter)) | {
        "measure": rule.api_measure,
        "app": first.app_id,
        "report": rule.api_report,
        "grain": first.grain,
        "starts": [item.first for item in run],
        "named": [name for (name,) in fetch(NAMED, [[item.vintage_id for item in run]])],
        "lag": facts_of(rule.api_report).lag,
    }
    ((campaigns, value),) = fetch(TAIL.format(wanted=filter_sql("wanted", rule.api_filter)), parameters)
    return Tail(campaigns, value)


def _message(app: App, run: Sequence[Told], console: Decimal, tail: Tail) -> str:
    first, most = run[0], analytics_policy().most_campaigns
    further = (
        f"Apple's Detailed report names {counted(tail.campaigns, 'more campaign')} with "
        f"{amount(tail.value, first.currency)}."
        if tail.value is not None
        else "Apple's API tells nothing of further campaigns there."
    )
    where = f"{app}, {span(first.first, run[-1].last)}: {first.metric.replace('_', ' ')} by campaign"
    return (
        f"{where}: the export has exactly {most} campaigns, which is all that the console lists, so "
        f"{amount(console, first.currency)} is at least. {further}"
    )
