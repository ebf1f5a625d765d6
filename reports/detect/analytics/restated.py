"""Days, weeks and months of analytics that Apple told again with other counts, in a later delivery or in a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from ascrecon import clock
from reports.detect.analytics.build import apps_of, member_of
from reports.detect.evidence import files_of
from reports.detect.spans import Span, runs, touches
from reports.figures.analytics import is_detailed
from reports.figures.counted import Counted, counted_metrics, facts_of, passes
from reports.findings.found import Found, FoundDay
from reports.models import Account, App, Cause, FindingKind, Grain, Severity
from reports.sql import fetch
from reports.wording import amount, span

# Two deliveries of one period that are both complete and hold other rows: the first and the last of the ongoing
# request, and what counts beside the newest snapshot.
TOLD_TWICE = """
WITH told AS (
    SELECT s.app_id, s.report, s.grain, v.series_id, v.period_start, v.period_end, v.id, v.delivery_id, v.taken_on,
           v.rank, v.current, v.rows_hash,
           row_number() OVER (PARTITION BY v.series_id, v.period_start, v.rank ORDER BY v.taken_on, v.id) AS first,
           row_number() OVER (PARTITION BY v.series_id, v.period_start, v.rank ORDER BY v.taken_on DESC, v.id DESC)
               AS last
    FROM reports_series s JOIN reports_vintage v ON v.series_id = s.id AND v.taken_on <= %(today)s
    JOIN reports_delivery d ON d.id = v.delivery_id AND d.state = 'loaded'
    WHERE s.kind = 'ANALYTICS' AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s))
SELECT n.app_id, n.report, n.grain, n.period_start, n.period_end, o.id, n.id, o.delivery_id, n.delivery_id,
       o.taken_on, n.taken_on, false
FROM told n JOIN told o USING (series_id, period_start)
WHERE n.rank = 1 AND o.rank = 1 AND n.last = 1 AND o.first = 1 AND o.taken_on < n.taken_on
  AND o.rows_hash <> n.rows_hash
UNION ALL
SELECT n.app_id, n.report, n.grain, n.period_start, n.period_end, n.id, o.id, n.delivery_id, o.delivery_id,
       n.taken_on, o.taken_on, true
FROM told n JOIN told o USING (series_id, period_start)
WHERE n.current AND n.rank = 1 AND o.rank = 0 AND o.last = 1 AND o.taken_on > n.taken_on
  AND o.rows_hash <> n.rows_hash
ORDER BY 1, 2, 3, 12, 4
"""

SUMS = """
SELECT f.vintage_id, sum(f.value) FROM reports_storedfigure f JOIN reports_member m ON m.id = f.member_id
WHERE f.vintage_id = ANY(%(vintages)s) AND f.metric = %(measure)s AND {wanted} GROUP BY 1
"""


@dataclass(frozen=True)
class Twice:
    """A period that was told twice: first by `old`, then by `new`. `by_snapshot`: the second word does not count."""

    app_id: int
    report: str
    grain: str
    first: date
    last: date
    old: int
    new: int
    old_delivery: int
    new_delivery: int
    old_made: date
    new_made: date
    by_snapshot: bool

    @property
    def span(self) -> Span:
        return (self.first, self.last)


@dataclass(frozen=True)
class Change:
    """What a metric was, and what it is told to be now."""

    twice: Twice
    metric: Counted
    old: Decimal
    new: Decimal

    @property
    def key(self) -> tuple[object, ...]:
        told = self.twice
        return (told.app_id, told.report, told.grain, told.by_snapshot, self.metric.metric)


def restated_analytics(start: date, end: date, account: Account | None) -> list[Found]:
    """`restated`: by the first metric of its report that changed, per run of consecutive periods.

    `difference` is the later word less the first. A later delivery counts, and explains all of it; a snapshot does not
    replace a complete day, so what it tells otherwise is not explained.
    """
    today = clock.now().date()
    rows = fetch(TOLD_TWICE, {"account": account.pk if account else None, "today": today})
    twice = [told for told in (Twice(*row) for row in rows) if _is_comparable(told)]
    changes = sorted(_changes(twice), key=lambda change: (change.key, change.twice.first))
    groups = (list(group) for _, group in groupby(changes, key=lambda change: change.key))
    found = [run for group in groups for run in runs(group, lambda change: change.twice.span)]
    apps = apps_of(told.app_id for told in twice)
    return [
        _found(run, apps[run[0].twice.app_id])
        for run in found
        if touches(run, lambda change: change.twice.span, start, end)
    ]


def _is_comparable(told: Twice) -> bool:
    """A snapshot's youngest days are not complete, and in detailed reports it has other noise."""
    if not told.by_snapshot:
        return True
    return not is_detailed(told.report) and (told.new_made - told.last).days >= facts_of(told.report).lag


def _changes(twice: Sequence[Twice]) -> Iterator[Change]:
    """The first metric of each report that differs: what else differs follows from it, or is in its rows."""
    rest = list(twice)
    for metric in counted_metrics():
        mine = [told for told in rest if told.report in (metric.report, metric.detailed)]
        sums = _sums(metric, [vintage for told in mine for vintage in (told.old, told.new)])
        for told in mine:
            old, new = sums.get(told.old, Decimal(0)), sums.get(told.new, Decimal(0))
            if old != new:
                rest.remove(told)
                yield Change(told, metric, old, new)


def _sums(metric: Counted, vintages: Sequence[int]) -> dict[int, Decimal]:
    if not vintages:
        return {}
    wanted, parameters = passes("m.dims", metric.filter)
    return dict(fetch(SUMS.format(wanted=wanted), {"vintages": vintages, "measure": metric.measure, **parameters}))


def _found(run: Sequence[Change], app: App) -> Found:
    first, last = run[0], run[-1]
    told = first.twice
    difference = sum((change.new - change.old for change in run), Decimal(0))
    return Found(
        kind=FindingKind.RESTATED,
        cause=Cause.UNEXPLAINED if told.by_snapshot else Cause.RESTATED,
        severity=Severity.LOW,
        account=app.account,
        app=app,
        report=told.report,
        metric=first.metric.metric,
        cut="app",
        member=", ".join(filter(None, (member_of(told.grain), "snapshot" if told.by_snapshot else ""))),
        currency=first.metric.currency,
        grain=Grain(told.grain),
        from_day=told.first,
        to_day=last.twice.last,
        api_value=sum((change.old if told.by_snapshot else change.new for change in run), Decimal(0)),
        difference=difference,
        explained=Decimal(0) if told.by_snapshot else difference,
        message=_message(run, app),
        next_step=_next_step(told),
        evidence=files_of(pk for change in run for pk in (change.twice.old_delivery, change.twice.new_delivery)),
        days=[_day(change) for change in run],
    )


def _message(run: Sequence[Change], app: App) -> str:
    told, metric = run[0].twice, run[0].metric
    old, new = (sum((getattr(change, name) for change in run), Decimal(0)) for name in ("old", "new"))
    again = "the snapshot" if told.by_snapshot else "the delivery"
    return (
        f"Apple told {told.report} of {app} for {span(told.first, run[-1].twice.last)} again: {metric.metric} were "
        f"{amount(old, metric.currency)} in the delivery of {told.old_made} and are {amount(new, metric.currency)} in "
        f"{again} of {run[-1].twice.new_made}."
    )


def _next_step(told: Twice) -> str:
    if told.by_snapshot:
        return (
            "The daily reports count. Ask for the console's export of these days: it tells which of the two is right."
        )
    return "The new figures count. If you reported the earlier ones, report the difference."


def _day(change: Change) -> FoundDay:
    told, difference = change.twice, change.new - change.old
    return FoundDay(
        period_start=told.first,
        period_end=told.last,
        api_value=change.old if told.by_snapshot else change.new,
        difference=difference,
        explained=Decimal(0) if told.by_snapshot else difference,
        api_vintage_id=told.old if told.by_snapshot else told.new,
    )
