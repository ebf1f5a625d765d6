"""What the ledger says: cells as JSON, counts, and up to which day each report is complete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from reports.coverage.analytics import cells_as_of
from reports.models import Account, App, CellState, CoverageCell
from reports.sql import fetch

#: States in which something is still to come, or should be.
UNSETTLED = (CellState.OPEN, CellState.OVERDUE, CellState.BLOCKED)

# A report counts from its first delivery on. The first period after it that is not settled ends what is complete: a
# later delivery does not make up for a gap.
COMPLETE = """
WITH begun AS (
    SELECT *, min(date) FILTER (WHERE state = 'final') OVER series AS start FROM reports_coveragecell
    WHERE account_id = ANY(%(accounts)s) AND app_id IS NULL
    WINDOW series AS (PARTITION BY account_id, vendor_id, report, region_code)),
known AS (
    SELECT *, min(date) FILTER (WHERE date >= start AND state = ANY(%(unsettled)s)) OVER series AS gap FROM begun
    WINDOW series AS (PARTITION BY account_id, vendor_id, report, region_code))
SELECT k.account_id, a.name, coalesce(v.number, ''), k.report, k.region_code, min(k.granularity),
       max(k.period_end) FILTER (WHERE k.date >= k.start AND (k.gap IS NULL OR k.date < k.gap)),
       count(*) FILTER (WHERE k.date >= k.start AND k.state = 'open'),
       count(*) FILTER (WHERE k.date >= k.start AND k.state = 'overdue'),
       count(*) FILTER (WHERE k.date >= k.start AND k.state = 'blocked'),
       count(*) FILTER (WHERE k.date >= k.start AND k.state = 'lost')
FROM known k JOIN reports_account a ON a.id = k.account_id LEFT JOIN reports_vendor v ON v.id = k.vendor_id
GROUP BY k.account_id, a.name, k.vendor_id, v.number, k.report, k.region_code
ORDER BY a.name, k.report, v.number, k.region_code
"""


@dataclass(frozen=True)
class Scope:
    """Which cells are looked at; None takes all. Days are both included."""

    first: date | None = None
    last: date | None = None
    report: str | None = None
    app: App | None = None

    def cells(self) -> QuerySet[CoverageCell]:
        """An app's cells, and those of its vendor's reports, which hold all apps in one file."""
        cells = CoverageCell.objects.select_related("account", "app", "vendor")
        if self.first is not None:
            cells = cells.filter(period_end__gte=self.first)
        if self.last is not None:
            cells = cells.filter(date__lte=self.last)
        if self.report is not None:
            cells = cells.filter(report=self.report)
        if self.app is not None:
            cells = cells.filter(Q(app=self.app) | Q(app=None, account_id=self.app.account_id))
        return cells.order_by("account__name", "report", "region_code", "vendor", "app", "date")

    def takes(self, cell: CoverageCell) -> bool:
        """Whether a cell that is not stored would be among `cells`."""
        outside = (
            (self.first is not None and cell.period_end < self.first)
            or (self.last is not None and cell.date > self.last)
            or (self.report is not None and cell.report != self.report)
        )
        return not outside


@dataclass(frozen=True)
class Complete:
    """Up to which day (Pacific Time, included) nothing is missing from a report, and what is missing after it."""

    account_id: int
    account: str
    vendor: str
    report: str
    region_code: str
    grain: str
    until: date | None
    waiting: int
    overdue: int
    blocked: int
    lost: int


def shown(scope: Scope, moment: datetime | None) -> list[dict[str, object]]:
    """The cells of a scope as the command prints them, as they stood at an aware `moment`; None stands for now.

    Sales and finance as they were received by then, analytics as Apple had made them by that day.
    """
    if moment is None:
        return [as_json(cell, None) for cell in scope.cells()]
    received = [as_json(cell, moment) for cell in scope.cells().filter(app=None)]
    accounts = Account.objects.filter(pk=scope.app.account_id) if scope.app else Account.objects.all()
    made = (cell for account in accounts.order_by("name") for cell in cells_as_of(account, moment, scope.app))
    return received + [as_json(cell, None) for cell in made if scope.takes(cell)]


def state_at(cell: CoverageCell, moment: datetime) -> str:
    """The state as it stood at an aware `moment`, as far as the times of the cell tell.

    What came or was answered later is taken back: the cell was open until it was due, and overdue from then on. A cell
    that was never asked for is as it is.
    """
    last_word = cell.delivered_at or cell.asked_at
    if last_word is None or (last_word <= moment and cell.state != CellState.OVERDUE):
        return cell.state
    return CellState.OPEN if moment < cell.due else CellState.OVERDUE


def as_json(cell: CoverageCell, moment: datetime | None) -> dict[str, object]:
    """A cell as the command prints it; `moment` None stands for now."""
    return {
        "account": cell.account.name,
        "vendor_number": cell.vendor.number if cell.vendor else None,
        "apple_id": cell.app.apple_id if cell.app else None,
        "report": cell.report,
        "granularity": cell.granularity,
        "date": cell.date,
        "state": cell.state if moment is None else state_at(cell, moment),
        "due": cell.due,
        "evidence": cell.evidence,
    }


def counts(cells: Iterable[dict[str, object]]) -> dict[str, int]:
    """How many cells stand in each state, in the order of the states; states without a cell are left out."""
    found = Counter(str(cell["state"]) for cell in cells)
    return {state: found[state] for state in CellState.values if found[state]}


def completeness(accounts: Sequence[Account]) -> list[Complete]:
    """For each report of the accounts: complete up to which day, from its first delivery on. One statement."""
    parameters = {"accounts": [account.pk for account in accounts], "unsettled": [state.value for state in UNSETTLED]}
    return [Complete(*row) for row in fetch(COMPLETE, parameters)]
