"""Weeks and months of an analytics report that are not the sum of their days.

Only measures that may be added, and only reports that tell them exactly: a Detailed week has other noise than its days,
and hides fewer people. A period is looked at once it and all its days are complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from reports.detect.evidence import files_of
from reports.detect.spans import Span, runs, touches
from reports.figures.counted import Counted, counted_metrics, facts_of, passes
from reports.findings.found import Found, FoundDay
from reports.findings.severity import severity_of
from reports.models import Account, App, Cause, FindingKind, Grain
from reports.sql import fetch
from reports.wording import amount, counted, span

# A day without a row is not taken for 0: whether the report had none to show or was not made, its absence cannot tell.
MISMATCHES = """
WITH long AS (
    SELECT s.account_id, s.app_id, s.grain, v.id, v.period_start, v.period_end, v.delivery_id
    FROM reports_series s JOIN reports_vintage v ON v.series_id = s.id AND v.current
    WHERE s.kind = 'ANALYTICS' AND s.report = %(report)s AND s.grain IN ('week', 'month')
      AND v.period_start <= %(end)s AND v.period_end >= %(start)s
      AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s)),
days AS (
    SELECT l.id AS long_id, v.id, v.delivery_id
    FROM long l
    JOIN reports_series s ON s.account_id = l.account_id AND s.app_id = l.app_id AND s.kind = 'ANALYTICS'
        AND s.report = %(report)s AND s.grain = 'day'
    JOIN reports_vintage v ON v.series_id = s.id AND v.current AND v.taken_on >= v.period_end + %(lag)s
        AND v.period_start BETWEEN l.period_start AND l.period_end),
known AS (
    SELECT long_id, count(*) AS n FROM days GROUP BY 1),
sums AS (
    SELECT l.*,
        (SELECT coalesce(sum(f.value), 0) FROM reports_storedfigure f JOIN reports_member m ON m.id = f.member_id
         WHERE f.vintage_id = l.id AND f.metric = %(measure)s AND {wanted}) AS told,
        (SELECT coalesce(sum(f.value), 0) FROM days d
         JOIN reports_storedfigure f ON f.vintage_id = d.id AND f.metric = %(measure)s
         JOIN reports_member m ON m.id = f.member_id WHERE d.long_id = l.id AND {wanted}) AS added
    FROM long l JOIN known k ON k.long_id = l.id
    WHERE k.n = l.period_end - l.period_start + 1)
SELECT account_id, app_id, grain, period_start, period_end, told, added, id,
       (SELECT array_agg(d.delivery_id) FROM days d WHERE d.long_id = sums.id) || delivery_id
FROM sums WHERE told <> added ORDER BY account_id, app_id, grain, period_start
"""


@dataclass(frozen=True)
class Mismatch:
    """A week or month that Apple tells as `told`, and whose days add up to `added`."""

    account_id: int
    app_id: int
    grain: str
    first: date
    last: date
    told: Decimal
    added: Decimal
    vintage_id: int
    deliveries: Sequence[int]

    @property
    def key(self) -> tuple[int, int, str]:
        return (self.account_id, self.app_id, self.grain)

    @property
    def difference(self) -> Decimal:
        return self.told - self.added


def granularity_mismatches(start: date, end: date, account: Account | None) -> list[Found]:
    """One finding per app, metric, grain and run of consecutive weeks or months that differ from their days.

    `difference` is the week or month less its days, all of it unexplained; `member` names the grain.
    """
    metrics = [metric for metric in counted_metrics() if facts_of(metric.report).grains != ("DAILY",)]
    return [found for metric in metrics for found in _of_metric(metric, start, end, account)]


def whole_periods(start: date, end: date) -> tuple[date, date]:
    """The days with every week (Monday to Sunday) and every month that they touch."""
    try:
        first = min(start.replace(day=1), start - timedelta(days=start.weekday()))
        month_end = (end.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return first, max(month_end, end + timedelta(days=6 - end.weekday()))
    except OverflowError:
        return start, end


def _of_metric(metric: Counted, start: date, end: date, account: Account | None) -> list[Found]:
    found = _mismatches(metric, start, end, account)
    series = (list(group) for _, group in groupby(found, key=lambda item: item.key))
    stretches = (run for group in series for run in runs(group, _span))
    return [_found(metric, run) for run in stretches if touches(run, _span, start, end)]


def _mismatches(metric: Counted, start: date, end: date, account: Account | None) -> list[Mismatch]:
    wanted, parameters = passes("m.dims", metric.filter)
    parameters |= {
        "report": metric.report,
        "measure": metric.measure,
        "lag": facts_of(metric.report).lag,
        "start": start,
        "end": end,
        "account": account.pk if account else None,
    }
    return [Mismatch(*row) for row in fetch(MISMATCHES.format(wanted=wanted), parameters)]


def _span(item: Mismatch) -> Span:
    return (item.first, item.last)


def _found(metric: Counted, run: Sequence[Mismatch]) -> Found:
    first, last = run[0], run[-1]
    told, added = (sum(values, Decimal(0)) for values in zip(*((item.told, item.added) for item in run), strict=True))
    app = App.objects.get(pk=first.app_id)
    return Found(
        kind=FindingKind.GRANULARITY_MISMATCH,
        cause=Cause.UNEXPLAINED,
        severity=severity_of(FindingKind.GRANULARITY_MISMATCH, Cause.UNEXPLAINED, told - added, told, added),
        account=Account.objects.get(pk=first.account_id),
        app=app,
        report=metric.report,
        metric=metric.metric,
        cut="app",
        member=first.grain,
        currency=metric.currency,
        grain=Grain(first.grain),
        from_day=first.first,
        to_day=last.last,
        api_value=told,
        difference=told - added,
        explained=Decimal(0),
        money_at_risk={metric.currency: str(abs(told - added))} if metric.currency else {},
        message=_message(metric, app, run, told, added),
        next_step="Do not book either value yet. Corrected days come by themselves and close this; if it stays for a "
        "week, ask Apple which of the two is right and name the report, its granularity and the dates.",
        evidence=files_of(pk for item in run for pk in item.deliveries),
        details={"sum_of_days": str(added)},
        days=[_day(item) for item in run],
    )


def _message(metric: Counted, app: App, run: Sequence[Mismatch], told: Decimal, added: Decimal) -> str:
    where = f"{app}, {span(run[0].first, run[-1].last)}"
    what = f"{metric.metric.replace('_', ' ').capitalize()} of {metric.report}"
    periods = f"the {run[0].grain}" if len(run) == 1 else counted(len(run), run[0].grain)
    verb = "says" if len(run) == 1 else "say"
    return (
        f"{where}: {what}: {periods} {verb} {amount(told, metric.currency)}, the days "
        f"add up to {amount(added, metric.currency)}; they differ by {amount(told - added, metric.currency)}."
    )


def _day(item: Mismatch) -> FoundDay:
    return FoundDay(
        period_start=item.first,
        period_end=item.last,
        api_value=item.told,
        difference=item.difference,
        explained=Decimal(0),
        api_vintage_id=item.vintage_id,
    )
