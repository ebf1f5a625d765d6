"""What the ledger says: cells as JSON, counts, and up to which day each report is complete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Min, Q, QuerySet

from reports.models import Account, App, CellState, CoverageCell

#: States in which something is still to come, or should be.
UNSETTLED = (CellState.OPEN, CellState.OVERDUE, CellState.BLOCKED)


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


@dataclass(frozen=True)
class Complete:
    """Up to which day (Pacific Time, included) nothing is missing from a report, and what is missing after it."""

    account: str
    vendor: str
    report: str
    until: date | None
    waiting: int
    overdue: int
    blocked: int


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
    """For each report of the accounts: complete up to which day, from its first delivery on."""
    cells = CoverageCell.objects.filter(account__in=accounts)
    series = cells.values_list("account__name", "vendor__number", "report", "region_code", "vendor_id")
    return [
        _complete(name, number or "", report, cells.filter(report=report, region_code=region, vendor=vendor))
        for name, number, report, region, vendor in series.distinct().order_by(
            "account__name", "report", "vendor__number"
        )
    ]


def _complete(account: str, vendor: str, report: str, cells: QuerySet[CoverageCell]) -> Complete:
    start = cells.filter(state=CellState.FINAL).aggregate(day=Min("date"))["day"]
    known = cells.filter(date__gte=start) if start else cells.none()
    gap = known.filter(state__in=UNSETTLED).aggregate(day=Min("date"))["day"]
    settled = known.filter(date__lt=gap) if gap else known
    until = settled.order_by("-date").values_list("period_end", flat=True).first()
    states = Counter(known.values_list("state", flat=True))
    return Complete(
        account=account,
        vendor=vendor,
        report=report,
        until=until,
        waiting=states[CellState.OPEN],
        overdue=states[CellState.OVERDUE],
        blocked=states[CellState.BLOCKED],
    )
