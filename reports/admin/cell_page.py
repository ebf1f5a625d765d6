"""What the page of a coverage cell shows, from the address that a person asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from reports.admin.calendar_page import MONTH
from reports.admin.export_task_page import task_address
from reports.admin.filters import MOST_DIGITS
from reports.coverage.overview import KNOWN
from reports.detect.names import VENDORS_REPORTS
from reports.models import CellState, CoverageCell, Finding, FindingKind
from reports.selectors.calendar import short_name
from reports.selectors.cells import cell_page
from reports.selectors.finding_values import DELIVERY, layout_of
from reports.wording import lasting, span

#: Findings that tell of days in the ledger, beside those of what was not delivered.
OF_DAYS = (
    FindingKind.RESTATED,
    FindingKind.GRANULARITY_MISMATCH,
    FindingKind.DETAIL_SHORTFALL,
    FindingKind.MISSING_SALES_VALUES,
)


def cell_context(cell: CoverageCell, asked: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`asked`: the address's parameters; `old` and `new` are the vintages to compare. `now` is aware."""
    page = cell_page(cell, _number(asked.get("old")), _number(asked.get("new")))
    current = next((telling for telling in page.tellings if telling.vintage.current), None)
    return {
        "name": " ".join(filter(None, (short_name(cell.report), cell.region_code))),
        "period": span(cell.date, cell.period_end),
        "cell": cell,
        "page": page,
        "meaning": CellState(cell.state).label,
        "is_known": cell.state in KNOWN,
        "rows": current.rows if current else None,
        "lateness": _lateness(cell),
        "overdue_by": lasting(now - cell.due) if cell.state == CellState.OVERDUE and now > cell.due else "",
        "ask": task_address(cells=[cell.pk]),
        "calendar": calendar_of(cell),
    }


def calendar_of(cell: CoverageCell) -> str:
    """The calendar in which a cell stands, at its month."""
    return _calendar(cell.app_id, cell.account_id, cell.period_end)


def calendar_of_finding(finding: Finding) -> str:
    """The calendar of a finding's report at its last day; empty for one that tells of no report."""
    if finding.kind not in OF_DAYS and (layout_of(finding) is not DELIVERY or finding.kind == FindingKind.API_INCIDENT):
        return ""
    is_vendors = finding.report in VENDORS_REPORTS
    return _calendar(None if is_vendors else finding.app_id, finding.account_id, finding.to_day)


def _calendar(app: int | None, account: int, day: date) -> str:
    name, key = ("app", app) if app else ("account", account)
    return f"{reverse(f'admin:reports_coveragecell_calendar_{name}', args=[key])}?{MONTH}={day:%Y-%m}"


def _lateness(cell: CoverageCell) -> str:
    if cell.delivered_at is None or cell.delivered_at <= cell.due or cell.seen_overdue_at is None:
        return ""
    return f"{lasting(cell.delivered_at - cell.due)} late"


def _number(text: object) -> int | None:
    text = str(text or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None
