"""Spells in which an app's ongoing request was stopped by Apple and nothing was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from reports.models import Account
from reports.sql import fetch

SPELLS = """
WITH made AS (
    SELECT q.id AS request_id, q.app_id, min(i.processing_date) AS first, max(i.processing_date) AS last
    FROM reports_reportrequest q JOIN reports_analyticsreport p ON p.request_id = q.id
    JOIN reports_analyticsinstance i ON i.report_id = p.id
    WHERE q.access = 'ONGOING' AND i.processing_date <= %(today)s GROUP BY 1, 2)
SELECT q.app_id, q.id, coalesce(m.last + 1, (q.stopped_seen_at AT TIME ZONE 'UTC')::date),
       (SELECT min(n.first) - 1 FROM made n WHERE n.app_id = q.app_id AND n.request_id > q.id), q.ended_at IS NOT NULL
FROM reports_reportrequest q LEFT JOIN made m ON m.request_id = q.id
WHERE q.access = 'ONGOING' AND q.stopped_seen_at <= %(now)s
  AND (%(account)s::bigint IS NULL OR q.account_id = %(account)s)
ORDER BY q.app_id, q.id
"""


@dataclass(frozen=True)
class Spell:
    """The processing dates without a delivery; `is_over`: a later request delivers again. `is_renewed`: it was made."""

    app_id: int
    request_id: int
    first: date
    last: date
    is_over: bool
    is_renewed: bool


def stopped_spells(account: Account | None, now: datetime) -> list[Spell]:
    """From the day after the last delivery of a stopped request to the day before its successor's first, or today."""
    today = now.date()
    rows = fetch(SPELLS, {"account": account.pk if account else None, "today": today, "now": now})
    return [
        Spell(app_id, request_id, first, last or today, last is not None, renewed)
        for app_id, request_id, first, last, renewed in rows
    ]
