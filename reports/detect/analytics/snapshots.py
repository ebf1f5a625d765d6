"""Snapshots with holes: days that one lacks between its first and last, and reports that it lacks as a whole.

A snapshot's last days are as little complete as those of a daily delivery, so they are not judged. Neither are days
before the first that a report has: it may have begun then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ascrecon import clock
from ascrecon.appstore import load_catalogue
from reports.detect.analytics.build import apps_of
from reports.detect.spans import Span
from reports.findings.found import Found, FoundDay
from reports.models import Account, App, Cause, FindingKind, Severity
from reports.sql import fetch
from reports.sync.policy import sync_policy
from reports.wording import counted, span

# The daily instances of all snapshots, the days of each, and the days that the snapshot as a whole reaches.
HOLES = """
WITH catalogue AS (
    SELECT * FROM unnest(%(names)s::text[], %(lags)s::int[], %(begins)s::date[]) AS r(report, lag, begins)),
instances AS (
    SELECT q.id AS request_id, q.app_id, q.account_id, p.name AS report, i.processing_date AS made_on, i.delivery_id,
           i.state = 'loaded' AND coalesce(d.rows_accepted, 0) = 0 AS is_empty
    FROM reports_reportrequest q JOIN reports_analyticsreport p ON p.request_id = q.id
    JOIN reports_analyticsinstance i ON i.report_id = p.id AND i.granularity = 'DAILY'
    LEFT JOIN reports_delivery d ON d.id = i.delivery_id AND d.state = 'loaded'
    WHERE q.access = 'ONE_TIME_SNAPSHOT' AND i.processing_date <= %(today)s
      AND (%(account)s::bigint IS NULL OR q.account_id = %(account)s)),
days AS (
    SELECT i.request_id, i.report, v.period_start AS day, max(v.rows) AS rows
    FROM instances i JOIN reports_vintage v ON v.delivery_id = i.delivery_id GROUP BY 1, 2, 3),
reach AS (
    SELECT i.request_id, i.app_id, i.account_id, max(i.made_on) AS made_on,
           (SELECT min(day) FROM days d WHERE d.request_id = i.request_id) AS first
    FROM instances i GROUP BY 1, 2, 3),
-- What is usual for the report, from whatever tells it: rows a day over all days that are known to have or lack them.
usual AS (
    SELECT s.app_id, s.report, sum(v.rows)::numeric / count(*) AS rows
    FROM reports_series s JOIN reports_vintage v ON v.series_id = s.id AND v.current
    WHERE s.kind = 'ANALYTICS' AND s.grain = 'day' AND s.app_id IN (SELECT app_id FROM reach) GROUP BY 1, 2),
-- And on each weekday: of a quiet app all Sundays may be without a row.
of_weekday AS (
    SELECT r.app_id, r.report, extract(dow FROM g) AS weekday, coalesce(sum(v.rows), 0)::numeric / count(*) AS rows
    FROM (SELECT s.app_id, s.report, min(v.period_start) AS first, max(v.period_start) AS last
          FROM reports_series s JOIN reports_vintage v ON v.series_id = s.id AND v.current
          WHERE s.kind = 'ANALYTICS' AND s.grain = 'day' AND s.app_id IN (SELECT app_id FROM reach) GROUP BY 1, 2) r
    CROSS JOIN LATERAL generate_series(r.first::timestamp, r.last::timestamp, '1 day') g
    LEFT JOIN reports_series s ON s.app_id = r.app_id AND s.report = r.report AND s.kind = 'ANALYTICS'
        AND s.grain = 'day'
    LEFT JOIN reports_vintage v ON v.series_id = s.id AND v.current AND v.period_start = g::date
    GROUP BY 1, 2, 3),
known AS (
    SELECT app_id, report, count(*) FILTER (WHERE state = 'final')::numeric / nullif(count(*), 0) AS share
    FROM reports_coveragecell
    WHERE granularity = 'day' AND state <> 'open' AND app_id IN (SELECT app_id FROM reach) GROUP BY 1, 2),
reports AS (
    SELECT r.*, c.report, c.lag, i.request_id IS NOT NULL AS has_instance, coalesce(i.is_empty, false) AS is_empty,
           greatest(CASE WHEN i.request_id IS NULL OR i.is_empty THEN r.first
                         ELSE (SELECT min(day) FROM days d
                               WHERE d.request_id = r.request_id AND d.report = c.report) END, c.begins) AS begins,
           u.rows * coalesce(k.share, 1) AS usual_rows
    FROM reach r CROSS JOIN catalogue c JOIN usual u ON u.app_id = r.app_id AND u.report = c.report
    LEFT JOIN known k ON k.app_id = r.app_id AND k.report = c.report
    LEFT JOIN instances i ON i.request_id = r.request_id AND i.report = c.report),
absent AS (
    SELECT r.*, g::date AS day,
           g::date - (row_number() OVER (PARTITION BY r.request_id, r.report ORDER BY g))::int AS island
    FROM reports r CROSS JOIN LATERAL generate_series(r.begins::timestamp, (r.made_on - r.lag)::timestamp, '1 day') g
    WHERE NOT EXISTS (SELECT 1 FROM days d
                      WHERE d.request_id = r.request_id AND d.report = r.report AND d.day = g::date))
SELECT a.request_id, a.app_id, a.report, a.made_on, a.has_instance, a.is_empty, min(a.day), max(a.day),
       count(*) FILTER (WHERE c.state = 'final')
FROM absent a LEFT JOIN of_weekday w ON w.app_id = a.app_id AND w.report = a.report
    AND w.weekday = extract(dow FROM a.day)
LEFT JOIN reports_coveragecell c ON c.app_id = a.app_id AND c.report = a.report
    AND c.granularity = 'day' AND c.date = a.day
GROUP BY a.request_id, a.app_id, a.report, a.made_on, a.has_instance, a.is_empty, a.island
HAVING sum(least(a.usual_rows, w.rows)) >= %(quiet_rows)s
ORDER BY 2, 3, 7
"""


@dataclass(frozen=True)
class Hole:
    """Consecutive days that a snapshot lacks; of `known` of them the ongoing reports have the complete counts."""

    request_id: int
    app_id: int
    report: str
    made_on: date
    has_instance: bool
    is_empty: bool
    first: date
    last: date
    known: int

    @property
    def span(self) -> Span:
        return (self.first, self.last)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def snapshot_holes(start: date, end: date, account: Account | None) -> list[Found]:
    """`partial_snapshot` for days within a report; `delivery_gap` and `empty_report` where all of it is missing."""
    policy, today = sync_policy(), clock.now().date()
    known = [
        (report.name, report.completeness_days, report.history_from) for report in load_catalogue().analytics_reports
    ]
    names, lags, begins = (list(column) for column in zip(*known, strict=True))
    parameters = {
        "names": names,
        "lags": lags,
        "begins": begins,
        "account": account.pk if account else None,
        "today": today,
        "quiet_rows": policy.analytics_quiet_rows,
    }
    holes = [Hole(*row) for row in fetch(HOLES, parameters)]
    told = [hole for hole in holes if hole.first <= end and hole.last >= start and _is_due(hole, today)]
    apps = apps_of(hole.app_id for hole in told)
    return [_found(hole, apps[hole.app_id]) for hole in told]


def _is_due(hole: Hole, today: date) -> bool:
    """The reports of a snapshot need not come on one day: those that are missing have some days left."""
    return hole.has_instance or (today - hole.made_on).days > sync_policy().analytics_late_days


def _found(hole: Hole, app: App) -> Found:
    kind, sentence = _kind(hole)
    unknown = hole.days - hole.known
    return Found(
        kind=kind,
        cause=Cause.NOT_DELIVERED,
        severity=Severity.HIGH if unknown else Severity.LOW,
        account=app.account,
        app=app,
        report=hole.report,
        member="snapshot",
        from_day=hole.first,
        to_day=hole.last,
        message=f"The snapshot of {app} that Apple made on {hole.made_on} {sentence} {_known(hole, unknown)}",
        next_step=_next_step(unknown),
        details={"request": hole.request_id},
        days=[FoundDay(period_start=hole.first, period_end=hole.last)],
    )


def _kind(hole: Hole) -> tuple[FindingKind, str]:
    days = f"{span(hole.first, hole.last)} ({counted(hole.days, 'day')})"
    if not hole.has_instance:
        return FindingKind.DELIVERY_GAP, f"has no {hole.report}, which should tell {days}."
    if hole.is_empty:
        return FindingKind.EMPTY_REPORT, f"has {hole.report} without a row, where {days} are due."
    return FindingKind.PARTIAL_SNAPSHOT, f"lacks {days} of {hole.report}."


def _known(hole: Hole, unknown: int) -> str:
    if not unknown:
        return "The daily reports have all of them."
    return f"The daily reports have {hole.known} of them; {unknown} are unknown."


def _next_step(unknown: int) -> str:
    if not unknown:
        return "Nothing to do; do not add up the snapshot by itself."
    return "Do not read these days as zero. Ask a person for the console's export of exactly the days that are unknown."
