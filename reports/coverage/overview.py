"""What the ledger says: cells as JSON, counts, and up to which day each report is complete."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, QuerySet

from reports.coverage.analytics import cells_as_of
from reports.models import Account, App, CellState, CoverageCell, Delivery, Finding, Grain, Run, Side
from reports.sql import fetch
from reports.wording import counted

#: States in which a figure may be told without a word: all of it is here, or proved to be nothing.
KNOWN = (CellState.FINAL, CellState.EMPTY)
#: A total over a period in one of these says so wherever it is shown.
NOT_FINAL = tuple(state for state in CellState if state not in KNOWN)
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
class Known:
    """Of so many periods so many are not final: what every total over them has to say."""

    total: int
    not_final: int
    noun: str = "period"

    @classmethod
    def of(cls, states: Iterable[str], noun: str = "period") -> Known:
        """Counted from the states of cells."""
        states = list(states)
        return cls(len(states), sum(state in NOT_FINAL for state in states), noun)

    @property
    def sentence(self) -> str:
        """`2 of 31 days are not final`; empty where a total may stand without a word."""
        if not self.not_final:
            return ""
        verb = "is" if self.not_final == 1 else "are"
        return f"{self.not_final:,} of {counted(self.total, self.noun)} {verb} not final"


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
    return dict(by_state(Counter(str(cell["state"]) for cell in cells)))


def completeness(accounts: Sequence[Account]) -> list[Complete]:
    """For each report of the accounts: complete up to which day, from its first delivery on. One statement."""
    parameters = {"accounts": [account.pk for account in accounts], "unsettled": [state.value for state in UNSETTLED]}
    return [Complete(*row) for row in fetch(COMPLETE, parameters)]


#: How far back the overview by app looks.
RECENT_DAYS = 31

BY_SCOPE = """
SELECT c.account_id, a.name, c.app_id,
       coalesce(nullif(p.name, ''), nullif(p.sku, ''), p.apple_id::text, ''), c.state, count(*)
FROM reports_coveragecell c JOIN reports_account a ON a.id = c.account_id LEFT JOIN reports_app p ON p.id = c.app_id
WHERE c.period_end >= %(since)s
GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 3 NULLS FIRST, 4
"""


@dataclass(frozen=True)
class ScopeKnown:
    """What is known of the recent periods of an app's reports; without an app, of an account's sales and finance."""

    account_id: int
    account: str
    app_id: int | None
    name: str
    counts: list[tuple[str, int]]

    @property
    def known(self) -> Known:
        return Known(
            sum(number for _, number in self.counts),
            sum(number for state, number in self.counts if state in NOT_FINAL),
        )


def known_by_scope(today: date) -> list[ScopeKnown]:
    """How many periods of the last 31 days stand in each state, by account and app. One statement."""
    found: dict[tuple[int, str, int | None, str], Counter[str]] = defaultdict(Counter)
    for *scope, state, number in fetch(BY_SCOPE, {"since": today - timedelta(days=RECENT_DAYS)}):
        found[scope[0], scope[1], scope[2], scope[3]][state] = number
    return [ScopeKnown(*scope, by_state(states)) for scope, states in found.items()]


def by_state(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """How many stand in each state, in the order of the states; states without any are left out."""
    return [(state.value, counts[state]) for state in CellState if counts.get(state)]


def known_by_report(cells: QuerySet[CoverageCell]) -> dict[str, Known]:
    """What is known of each report among `cells`; a report has one grain there. One statement."""
    counts = cells.order_by().values("report", "granularity")
    counts = counts.annotate(total=Count("pk"), not_final=Count("pk", filter=Q(state__in=NOT_FINAL)))
    return {
        row["report"]: Known(row["total"], row["not_final"], str(Grain(row["granularity"]).label)) for row in counts
    }


def known_of_delivery(delivery: Delivery) -> Known:
    """What is known of the periods that a delivery of Apple's API tells; nothing is told of a console export."""
    if delivery.side != Side.API or delivery.period_start is None or delivery.period_end is None:
        return Known(0, 0)
    cells = CoverageCell.objects.filter(
        Q(app=delivery.app) if delivery.app_id else Q(vendor=delivery.vendor, app=None),
        account=delivery.account,
        report=delivery.report,
        granularity=delivery.grain,
        date__lte=delivery.period_end,
        period_end__gte=delivery.period_start,
    )
    return known_by_report(cells).get(delivery.report, Known(0, 0))


def known_of_finding(finding: Finding) -> Known:
    """What is known of the days of a finding's report, of its app or in its vendor's files."""
    scope = Scope(finding.from_day, finding.to_day, finding.report, finding.app)
    cells = scope.cells().filter(account_id=finding.account_id, granularity=finding.grain)
    if finding.vendor_id:
        cells = cells.filter(vendor_id=finding.vendor_id)
    return known_by_report(cells).get(finding.report, Known(0, 0))


def known_of_run(run: Run, reports: Iterable[str]) -> dict[str, Known]:
    """What is known of the reports that a run compared, in its days."""
    cells = Scope(run.period_start, run.period_end, app=run.app).cells().filter(report__in=set(reports))
    return known_by_report(cells.filter(account_id=run.account_id) if run.account_id else cells)
