"""What was due from an ongoing request and did not come as it should, cell by cell of the ledger, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from reports.detect.spans import Span
from reports.models import Account, CellState, Grain
from reports.sql import fetch

# The instance that was to bring a cell's period complete, and the period's place in its series. Left out is what was
# due before Apple made anything for the app, and what a stopped request did not bring, which is a finding of its own.
DUE = """
WITH made AS (
    SELECT q.app_id, p.name AS report, i.processing_date,
           CASE i.granularity WHEN 'DAILY' THEN 'day' WHEN 'WEEKLY' THEN 'week' ELSE 'month' END AS granularity,
           bool_or(i.state = 'loaded' AND d.rows_accepted > 0) AS has_rows,
           bool_or(i.state = 'loaded') AS is_read, min(i.seen_at) AS seen_at
    FROM reports_analyticsinstance i JOIN reports_analyticsreport p ON p.id = i.report_id
    JOIN reports_reportrequest q ON q.id = p.request_id AND q.access = 'ONGOING'
    LEFT JOIN reports_delivery d ON d.id = i.delivery_id
    WHERE %(account)s::bigint IS NULL OR q.account_id = %(account)s GROUP BY 1, 2, 3, 4),
since AS (
    SELECT app_id, min(processing_date) AS first FROM made GROUP BY 1),
stopped AS (
    SELECT * FROM unnest(%(stopped_apps)s::bigint[], %(stopped_from)s::date[], %(stopped_to)s::date[])
        AS s(app_id, first, last)),
came AS (
    SELECT app_id, report, count(*) AS instances FROM made GROUP BY 1, 2),
cell AS (
    SELECT c.*, (c.due AT TIME ZONE 'UTC')::date - 1 AS made_on FROM reports_coveragecell c
    WHERE c.app_id IS NOT NULL AND c.due <= %(now)s AND c.state <> 'open'
      AND (%(account)s::bigint IS NULL OR c.account_id = %(account)s)),
placed AS (
    SELECT c.id, c.app_id, c.report, c.granularity, c.date, c.period_end, c.state, c.due, c.made_on, c.evidence,
           c.delivered_at, CASE WHEN m.app_id IS NULL THEN 'missing' WHEN m.has_rows THEN 'here'
                                WHEN m.is_read THEN 'empty' ELSE 'unread' END AS instance,
           coalesce(c.state = 'final' AND c.seen_overdue_at < m.seen_at, false) AS was_late,
           max(c.date) OVER (PARTITION BY c.app_id, c.report, c.granularity) AS last_date,
           coalesce(a.instances, 0) AS instances
    FROM cell c JOIN since s ON s.app_id = c.app_id AND c.made_on >= s.first
    LEFT JOIN made m ON m.app_id = c.app_id AND m.report = c.report AND m.granularity = c.granularity
        AND m.processing_date = c.made_on
    LEFT JOIN came a ON a.app_id = c.app_id AND a.report = c.report
    WHERE NOT EXISTS (SELECT 1 FROM stopped x WHERE x.app_id = c.app_id AND c.made_on BETWEEN x.first AND x.last))
SELECT * FROM placed
WHERE state IN ('overdue', 'lost') OR was_late OR (state = 'final' AND instance IN ('missing', 'empty'))
ORDER BY app_id, report, granularity, date
"""


@dataclass(frozen=True)
class Due:
    """A period that was due. `instance`: what became of the delivery that was to bring it.

    It is `missing`, `empty`, `unread` or `here`. `instances`: how many the ongoing request ever had of the report;
    `youngest`: the last period of the series that is due.
    """

    cell_id: int
    app_id: int
    report: str
    granularity: str
    first: date
    last: date
    state: str
    due: datetime
    made_on: date
    evidence: str
    delivered_at: datetime | None
    instance: str
    was_late: bool
    youngest: date
    instances: int

    @property
    def series(self) -> tuple[int, str, str]:
        return (self.app_id, self.report, self.granularity)

    @property
    def span(self) -> Span:
        return (self.first, self.last)

    @property
    def is_last(self) -> bool:
        return self.first == self.youngest

    @property
    def is_known(self) -> bool:
        """Whether the period is complete all the same, from a snapshot or a later delivery."""
        return self.state == CellState.FINAL

    @property
    def is_daily(self) -> bool:
        return self.granularity == Grain.DAY


def due_and_not_here(account: Account | None, now: datetime, stops: list[tuple[int, date, date]]) -> list[Due]:
    """In the order of their series and days. `stops`: app and the processing dates that a stopped request left out."""
    apps, first, last = (list(column) for column in zip(*stops, strict=True)) if stops else ([], [], [])
    parameters = {
        "account": account.pk if account else None,
        "now": now,
        "stopped_apps": apps,
        "stopped_from": first,
        "stopped_to": last,
    }
    return [Due(*row) for row in fetch(DUE, parameters)]
