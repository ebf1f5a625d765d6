"""The ledger's cells of analytics reports: one statement works all of them out from what was listed and what was told.

They are made anew from the deliveries each time, so killing or repeating it changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from ascrecon.appstore import load_catalogue
from reports.coverage.witnesses import witnessed_reports
from reports.models import Account, App, CoverageCell, DeliveryState
from reports.services.analytics_files import GRAINS
from reports.sql import execute, fetch
from reports.sync.policy import sync_policy

# What is due when. A day: in the instance made `lag` days after it; a week: on the Friday after it; a month: on the 5th
# of the next one (Apple, Data Completeness). At which hour is not known, so a cell is due when that day is over.
JUDGED = """
WITH reports AS (
    SELECT * FROM unnest(%(names)s::text[], %(granularities)s::text[], %(lags)s::int[], %(begins)s::date[])
        AS r(report, granularity, lag, begins)),
apps AS (
    SELECT a.id AS app_id, a.account_id FROM reports_app a
    WHERE a.account_id = %(account)s AND (%(app)s::bigint IS NULL OR a.id = %(app)s) AND a.apple_id IS NOT NULL),
witnessed AS (
    SELECT * FROM unnest(%(witnessed_apps)s::bigint[], %(witnessed_reports)s::text[]) AS w(app_id, report)),
asked AS (
    SELECT q.app_id, min(q.asked_at) FILTER (WHERE q.access = 'ONGOING' AND q.apple_id <> '') AS since,
           bool_or(q.access = 'ONGOING' AND q.ended_at IS NULL AND q.state IN ('waiting', 'arriving')) AS is_running,
           max(q.evidence) FILTER (WHERE q.access = 'ONGOING' AND q.ended_at IS NULL
               AND q.state IN ('refused', 'stopped', 'ghost')) AS why_not
    FROM reports_reportrequest q JOIN apps USING (app_id) GROUP BY 1),
told AS (
    SELECT s.app_id, s.report, s.grain AS granularity, v.period_start AS date,
           bool_or(v.taken_on >= v.period_end + r.lag OR s.grain <> 'day') AS complete,
           max(v.delivery_id) FILTER (WHERE v.current) AS delivery_id,
           max(v.rows) FILTER (WHERE v.taken_on >= v.period_end + r.lag OR s.grain <> 'day') AS rows,
           min(d.received_at) FILTER (WHERE v.taken_on >= v.period_end + r.lag OR s.grain <> 'day') AS delivered_at
    FROM reports_series s JOIN apps a ON a.app_id = s.app_id
    JOIN reports r ON r.report = s.report AND r.granularity = s.grain
    JOIN reports_vintage v ON v.series_id = s.id AND v.taken_on <= %(today)s
    JOIN reports_delivery d ON d.id = v.delivery_id AND d.state = %(loaded)s
    WHERE s.kind = 'ANALYTICS' GROUP BY 1, 2, 3, 4),
made AS (
    SELECT q.app_id, p.name AS report, i.processing_date,
           CASE i.granularity WHEN 'DAILY' THEN 'day' WHEN 'WEEKLY' THEN 'week' ELSE 'month' END AS granularity,
           bool_or(i.state = 'loaded') AS is_read, coalesce(max(d.rows_accepted), 0) AS rows,
           bool_or(i.state = 'held') AS is_held, bool_or(i.state = 'refused') AS is_refused,
           bool_or(i.state = 'vanished') AS is_lost, bool_or(i.state = 'listed' AND i.cause <> '') AS is_failing,
           max(i.evidence) AS evidence
    FROM reports_analyticsinstance i JOIN reports_analyticsreport p ON p.id = i.report_id
    JOIN reports_reportrequest q ON q.id = p.request_id AND q.access = 'ONGOING' JOIN apps USING (app_id)
    LEFT JOIN reports_delivery d ON d.id = i.delivery_id
    WHERE i.processing_date <= %(today)s GROUP BY 1, 2, 3, 4),
-- Days on which Apple made any report of the app: what it did not make then had no row to show, or was withheld.
ran AS (
    SELECT DISTINCT app_id, granularity, processing_date FROM made),
-- When an adopted request was made is not known: its oldest instance tells that it was there by then.
listed AS (
    SELECT app_id, min(processing_date) AS since FROM made GROUP BY 1),
begun AS (
    SELECT a.app_id, a.account_id,
           least(coalesce(min(t.date) FILTER (WHERE t.granularity = 'day'), min(t.date)), min(k.since::date)) AS first
    FROM apps a LEFT JOIN told t USING (app_id) LEFT JOIN asked k USING (app_id) GROUP BY 1, 2),
-- What Apple does not list for an app is not expected of it.
offered AS (
    SELECT DISTINCT q.app_id, p.name AS report
    FROM reports_reportrequest q JOIN reports_analyticsreport p ON p.request_id = q.id JOIN apps USING (app_id)),
periods AS (
    SELECT b.app_id, b.account_id, r.report, r.granularity, r.lag, p::date AS date,
           CASE r.granularity WHEN 'day' THEN p::date WHEN 'week' THEN p::date + 6
               ELSE (p + interval '1 month')::date - 1 END AS period_end
    FROM begun b JOIN offered o USING (app_id) JOIN reports r ON r.report = o.report
    CROSS JOIN LATERAL generate_series(
        date_trunc(r.granularity, greatest(b.first, r.begins)::timestamp),
        date_trunc(r.granularity, %(today)s::date::timestamp),
        ('1 ' || r.granularity)::interval) p
    WHERE b.first IS NOT NULL),
expected AS (
    SELECT *, CASE granularity WHEN 'day' THEN period_end + lag WHEN 'week' THEN period_end + %(week_lag)s
                  ELSE period_end + %(month_lag)s END AS made_on FROM periods WHERE period_end < %(today)s),
known AS (
    SELECT e.*, (e.made_on + 1)::timestamp AT TIME ZONE 'UTC' AS due, %(now)s >= (e.made_on + 1)::timestamp
               AT TIME ZONE 'UTC' AS is_due,
           coalesce(t.complete, false) AS complete, t.delivery_id, t.delivered_at, t.rows,
           w.app_id IS NOT NULL AS is_witnessed,
           count(*) FILTER (WHERE t.complete) OVER (PARTITION BY e.app_id, e.report, e.granularity ORDER BY e.date)
               AS run
    FROM expected e LEFT JOIN told t USING (app_id, report, granularity, date)
    LEFT JOIN witnessed w ON w.app_id = e.app_id AND w.report = e.report),
-- How many rows a period usually has, those without a row counted: a day as many as days around it, and no more than
-- its weekday, since of a quiet app all Sundays may be without a row.
weighed AS (
    SELECT k.*, greatest(coalesce(
               CASE WHEN k.granularity = 'day' THEN least(
                   sum(rows) OVER near / nullif(count(*) FILTER (WHERE is_due) OVER near, 0),
                   sum(rows) OVER same_weekday / nullif(count(*) FILTER (WHERE is_due) OVER same_weekday, 0)) END,
               sum(rows) OVER ever / nullif(count(*) FILTER (WHERE is_due) OVER ever, 0),
               sum(rows) FILTER (WHERE granularity = 'day') OVER any_grain
                   / nullif(count(*) FILTER (WHERE is_due AND granularity = 'day') OVER any_grain, 0),
               0), CASE WHEN is_witnessed THEN %(quiet_rows)s END) AS usual_rows
    FROM known k
    WINDOW near AS (PARTITION BY app_id, report, granularity ORDER BY date
                    RANGE BETWEEN %(window)s::interval PRECEDING AND %(window)s::interval FOLLOWING),
           same_weekday AS (PARTITION BY app_id, report, granularity, extract(dow FROM date) ORDER BY date
                    RANGE BETWEEN %(window)s::interval PRECEDING AND %(window)s::interval FOLLOWING),
           ever AS (PARTITION BY app_id, report, granularity),
           any_grain AS (PARTITION BY app_id, report)),
-- And how many are usual in all the periods in a row that are not here.
summed AS (
    SELECT *, coalesce(sum(usual_rows) FILTER (WHERE is_due AND NOT complete)
               OVER (PARTITION BY app_id, report, granularity, run), 0) AS missing_rows
    FROM weighed),
judged AS (
    SELECT e.*, m.evidence AS words, k.why_not, coalesce(m.is_read, false) AS is_read, m.rows AS instance_rows,
        CASE WHEN complete THEN 'final'
             WHEN m.is_held OR m.is_refused OR m.is_failing THEN 'blocked'
             WHEN NOT e.is_due THEN 'open'
             WHEN r.app_id IS NOT NULL AND e.missing_rows < %(quiet_rows)s THEN 'empty'
             WHEN m.is_lost OR e.made_on + %(kept)s < %(today)s THEN 'lost'
             WHEN NOT coalesce(k.is_running, false) THEN 'blocked'
             WHEN least(k.since::date, l.since) > e.made_on THEN 'lost'
             ELSE 'overdue' END AS state
    FROM summed e
    LEFT JOIN made m ON m.app_id = e.app_id AND m.report = e.report AND m.granularity = e.granularity
        AND m.processing_date = e.made_on
    LEFT JOIN ran r ON r.app_id = e.app_id AND r.granularity = e.granularity AND r.processing_date = e.made_on
    LEFT JOIN asked k ON k.app_id = e.app_id LEFT JOIN listed l ON l.app_id = e.app_id),
told_why AS (
    SELECT *, CASE WHEN state IN ('overdue', 'lost') THEN 'not_delivered' ELSE '' END AS cause,
       CASE state
           WHEN 'final' THEN 'Complete as Apple made it.'
           WHEN 'open' THEN 'Complete in the delivery of ' || made_on || '.'
           WHEN 'empty' THEN 'Apple made its reports on ' || made_on || ', and this one has no row for these days. '
               || 'That is usual: it has about ' || round(usual_rows, 1)
               || ' rows in such a time, and Apple leaves out small groups of people.'
           WHEN 'blocked' THEN coalesce(nullif(words, ''), nullif(why_not, ''), 'No report is asked for.')
           ELSE CASE
               WHEN is_read AND instance_rows = 0 THEN 'Apple delivered the report of ' || made_on
                   || ' without a row; about ' || round(usual_rows) || ' are usual.'
               WHEN is_read THEN 'Apple delivered the report of ' || made_on || ' without these days; about '
                   || round(usual_rows) || ' rows are usual.'
               WHEN state = 'lost' THEN 'No delivery has these days complete, and Apple keeps none of them any more.'
               ELSE 'Due in the delivery of ' || made_on || ', which has not come.' END END AS evidence
    FROM judged)
"""

STORED = """
INSERT INTO reports_coveragecell AS c (account_id, app_id, report, region_code, granularity, date, period_end, state,
    due, attempts, confirmations, delivered_at, delivery_id, cause, evidence, seen_overdue_at)
SELECT account_id, app_id, report, '', granularity, date, period_end, state, due, 0, 0, delivered_at, delivery_id,
       cause, evidence, CASE WHEN state = 'overdue' THEN %(now)s::timestamptz END
FROM told_why
ON CONFLICT (account_id, vendor_id, app_id, report, region_code, granularity, date) DO UPDATE SET
    state = excluded.state, due = excluded.due, delivered_at = excluded.delivered_at, cause = excluded.cause,
    delivery_id = excluded.delivery_id, evidence = excluded.evidence, period_end = excluded.period_end,
    seen_overdue_at = coalesce(c.seen_overdue_at, excluded.seen_overdue_at)
WHERE (c.state, c.due, c.delivered_at, c.delivery_id, c.evidence)
    IS DISTINCT FROM (excluded.state, excluded.due, excluded.delivered_at, excluded.delivery_id, excluded.evidence)
"""

SHOWN = """
SELECT app_id, report, granularity, date, period_end, state, due, evidence FROM told_why ORDER BY 1, 2, 3, 4
"""


def refresh_cells(account: Account, now: datetime, app: App | None = None) -> int:
    """Bring the ledger of analytics reports up to date at `now` (aware), for all apps or one; returns what changed."""
    return execute(JUDGED + STORED, _parameters(account, now, app))


def cells_as_of(account: Account, moment: datetime, app: App | None = None) -> list[CoverageCell]:
    """The ledger as it stood at an aware `moment`: with what Apple had made by that day. Nothing is stored."""
    rows = fetch(JUDGED + SHOWN, _parameters(account, moment, app))
    apps = App.objects.in_bulk({row[0] for row in rows})
    names = ("report", "granularity", "date", "period_end", "state", "due", "evidence")
    return [CoverageCell(account=account, app=apps[row[0]], **dict(zip(names, row[1:], strict=True))) for row in rows]


def _parameters(account: Account, now: datetime, app: App | None) -> dict[str, object]:
    policy = sync_policy()
    known = [
        (report.name, str(GRAINS[granularity]), report.completeness_days, report.history_from)
        for report in load_catalogue().analytics_reports
        for granularity in report.granularities
    ]
    names, granularities, lags, begins = (list(column) for column in zip(*known, strict=True))
    witnessed = witnessed_reports(account, app)
    return {
        "names": names,
        "granularities": granularities,
        "lags": lags,
        "begins": begins,
        "account": account.pk,
        "app": app.pk if app else None,
        "witnessed_apps": [app_id for app_id, _ in witnessed],
        "witnessed_reports": [report for _, report in witnessed],
        "loaded": DeliveryState.LOADED.value,
        "kept": policy.analytics_kept_days,
        "week_lag": policy.analytics_week_made_after_days,
        "month_lag": policy.analytics_month_made_after_days,
        "quiet_rows": policy.analytics_quiet_rows,
        "window": f"{policy.analytics_quiet_window_days} days",
        "today": now.date(),
        "now": now,
    }
