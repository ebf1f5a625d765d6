"""The calendar of coverage: a month of an app's reports, or of an account's sales and finance reports.

A line is a report, a square one cell of the ledger. Weeks and months lie across their days and are cut where the month
ends, so a week that lies in two months stands in both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from django.db.models import Q

from ascrecon.appstore import load_catalogue
from reports.badges import Look, cell_look
from reports.coverage.overview import NOT_FINAL, Known, by_state
from reports.detect.names import VENDORS_REPORTS
from reports.models import Account, App, CellState, CoverageCell, Grain, Rule, SubscriptionReport
from reports.wording import span

MONTHS_SHOWN = 3
#: From so many days on a square has room for a word beside its symbol.
ROOM_FOR_A_WORD = 4
WEEKEND = (5, 6)
#: Most reports begin with it; a line of the calendar has no room for it.
LEFT_OUT = "App Store "
GRAINS = {Grain.DAY: "", Grain.WEEK: "Weeks", Grain.MONTH: "Months", Grain.FISCAL_MONTH: "Fiscal months"}
_SALES_NAMES = {
    **{report.value: str(report.label) for report in Rule.Report.of_vendors()},
    **{report.value: str(report.label) for report in SubscriptionReport},
}


@dataclass(frozen=True)
class Cell:
    """What a calendar needs to know of a cell of the ledger. Days are those of the report's time zone."""

    pk: int
    report: str
    region_code: str
    vendor: str | None
    grain: str
    first: date
    last: date
    state: str
    due: datetime
    delivered_at: datetime | None

    @property
    def title(self) -> str:
        """What a person hears or reads of it: report, days, state, and when it was due or came."""
        return f"{self.name}, {span(self.first, self.last)}: {self.word}{self._moment}"

    @property
    def name(self) -> str:
        return " ".join(filter(None, (short_name(self.report), self.region_code)))

    @property
    def word(self) -> str:
        return state_word(self.state)

    @property
    def _moment(self) -> str:
        if self.state == CellState.FINAL:
            return f", delivered {_day(self.delivered_at)}" if self.delivered_at else ""
        return "" if self.state == CellState.EMPTY else f", due {_day(self.due)}"


@dataclass(frozen=True)
class Square:
    """Some columns of a line: a cell, or nothing known and nothing expected."""

    columns: int
    cell: Cell | None = None

    @property
    def look(self) -> Look:
        return cell_look(self.cell.state if self.cell else "")

    @property
    def has_room(self) -> bool:
        return self.columns >= ROOM_FOR_A_WORD


@dataclass(frozen=True)
class Line:
    """`name` is short; `report` is Apple's name in full."""

    name: str
    report: str
    squares: list[Square]

    @cached_property
    def counts(self) -> list[tuple[str, int]]:
        """How many periods stand in each state, in the order of the states."""
        return by_state(Counter(square.cell.state for square in self.squares if square.cell))

    @property
    def is_final(self) -> bool:
        return not any(state in NOT_FINAL for state, _ in self.counts)


@dataclass(frozen=True)
class Block:
    """The lines of one grain, such as all weekly reports."""

    title: str
    lines: list[Line]


@dataclass(frozen=True)
class Day:
    day: date
    is_today: bool

    @property
    def is_weekend(self) -> bool:
        return self.day.weekday() in WEEKEND


@dataclass(frozen=True)
class Month:
    first: date
    last: date
    days: list[Day]
    blocks: list[Block]
    known: Known
    #: Periods that should be here and are not; those that Apple still completes are none.
    missing: int

    @property
    def key(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def columns(self) -> int:
        """Of the whole table: the report, its days and the counts."""
        return len(self.days) + 2


@dataclass(frozen=True)
class Scope:
    """Whose calendar it is: an app's analytics reports, or an account's sales and finance reports of all vendors."""

    account: Account
    app: App | None = None

    @property
    def cells(self) -> Q:
        """Written so that the ledger's key serves: account, vendor, app."""
        if self.app is not None:
            return Q(account=self.account, vendor=None, app=self.app)
        return Q(account=self.account, vendor__in=self.account.vendors.all(), app=None)

    def __str__(self) -> str:
        return str(self.app) if self.app else f"{self.account}: sales and finance reports"


def calendar(
    scope: Scope, month: date, today: date, months: int = MONTHS_SHOWN, only_open: bool = False
) -> list[Month]:
    """The months up to the one that `month` lies in, the last one first. One statement.

    `only_open`: leaves out reports whose every period of the month is final or proved to be empty.
    """
    firsts = [month_before(month, n) for n in range(months)]
    cells = _cells(scope, firsts[-1], end_of(firsts[0]))
    return [_month(first, cells, today, only_open) for first in firsts]


def month_before(day: date, months: int) -> date:
    """The first day of the month that lies so many months before that of `day`; negative: after it."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def end_of(month: date) -> date:
    return month_before(month, -1) - timedelta(days=1)


def short_name(report: str) -> str:
    """`Sales, daily` for SALES/SUMMARY/DAILY; an analytics report by Apple's name."""
    return _SALES_NAMES.get(report, report)


def state_word(state: str) -> str:
    """`overdue` of `overdue: due and not here`."""
    return str(CellState(state).label).split(":", maxsplit=1)[0]


FIELDS = (
    "pk",
    "report",
    "region_code",
    "vendor__number",
    "granularity",
    "date",
    "period_end",
    "state",
    "due",
    "delivered_at",
)


def _cells(scope: Scope, first: date, last: date) -> list[Cell]:
    found = CoverageCell.objects.filter(scope.cells, date__lte=last, period_end__gte=first)
    rows = found.order_by("granularity", "report", "region_code", "vendor", "date").values_list(*FIELDS)
    return [Cell(*row) for row in rows]


def _month(first: date, cells: Sequence[Cell], today: date, only_open: bool) -> Month:
    last = end_of(first)
    here = [cell for cell in cells if cell.first <= last and cell.last >= first]
    blocks = [Block(title, _lines(grain, here, first, last, only_open)) for grain, title in GRAINS.items()]
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return Month(
        first=first,
        last=last,
        days=[Day(day, day == today) for day in days],
        blocks=[block for block in blocks if block.lines],
        known=Known.of(cell.state for cell in here),
        missing=sum(cell.state in NOT_FINAL and cell.state != CellState.OPEN for cell in here),
    )


def _lines(grain: Grain, cells: Iterable[Cell], first: date, last: date, only_open: bool) -> list[Line]:
    by_line: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.grain == grain:
            by_line[cell.report, cell.region_code, cell.vendor or ""].append(cell)
    several_vendors = len({vendor for _, _, vendor in by_line}) > 1
    lines = [
        Line(_line_name(key, several_vendors), key[0], list(_squares(by_line[key], first, last)))
        for key in sorted(by_line, key=_as_in_the_catalogue)
    ]
    return [line for line in lines if not (only_open and line.is_final)]


def _squares(cells: Iterable[Cell], first: date, last: date) -> Iterator[Square]:
    """Cells by their days, and what lies between them."""
    day = first
    for cell in cells:
        begin, end = max(cell.first, first), min(cell.last, last)
        if begin > day:
            yield from _blank(day, begin)
        yield Square((end - begin).days + 1, cell)
        day = end + timedelta(days=1)
    yield from _blank(day, last + timedelta(days=1))


def _blank(day: date, until: date) -> Iterator[Square]:
    return (Square(1) for _ in range((until - day).days))


def _line_name(key: tuple[str, str, str], several_vendors: bool) -> str:
    report, region, vendor = key
    name = short_name(report).removeprefix(LEFT_OUT)
    return " ".join(filter(None, (name, region, vendor if several_vendors else "")))


def _as_in_the_catalogue(key: tuple[str, str, str]) -> tuple[int, tuple[str, str, str]]:
    """Reports as Apple lists them, then those that nobody described."""
    names = [report.name for report in load_catalogue().analytics_reports]
    names += VENDORS_REPORTS
    return (names.index(key[0]) if key[0] in names else len(names)), key


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}" if moment else ""
