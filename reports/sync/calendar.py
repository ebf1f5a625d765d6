"""Which reports Apple makes, for which periods, when each is due and how long it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from ascrecon.appstore.catalogue import Frequency, load_catalogue
from reports.models import Grain, SubscriptionReport, Zone
from reports.sync.fiscal import FiscalPeriod, fiscal_months_between

PACIFIC = ZoneInfo(Zone.PACIFIC)
FRIDAY = 4


@dataclass(frozen=True)
class ReportKind:
    """A report that is pulled: its name in the ledger and its part of Apple's parameters."""

    name: str
    frequency: Frequency
    grain: Grain
    region_code: str = ""

    @property
    def is_finance(self) -> bool:
        return self.frequency is Frequency.FISCAL_MONTH

    @property
    def is_subscription(self) -> bool:
        """Made only for vendors that sell auto-renewable subscriptions (Apple Help, availability of reports)."""
        return self.name in SubscriptionReport.values

    @property
    def report_type(self) -> str:
        """SALES, FINANCIAL or FINANCE_DETAIL."""
        return self.name.split("/")[1] if self.is_finance else self.name.split("/", maxsplit=1)[0]


#: Finance: ZZ is the file of all regions, Z1 the detailed one (public client rorkai, after Apple Help).
PULLED = (
    ReportKind("SALES/SUMMARY/DAILY", Frequency.DAILY, Grain.DAY),
    ReportKind("SALES/SUMMARY/WEEKLY", Frequency.WEEKLY, Grain.WEEK),
    ReportKind("SALES/SUMMARY/MONTHLY", Frequency.MONTHLY, Grain.MONTH),
    ReportKind("FINANCE/FINANCIAL", Frequency.FISCAL_MONTH, Grain.FISCAL_MONTH, "ZZ"),
    ReportKind("FINANCE/FINANCE_DETAIL", Frequency.FISCAL_MONTH, Grain.FISCAL_MONTH, "Z1"),
    *(ReportKind(report.value, Frequency.DAILY, Grain.DAY) for report in SubscriptionReport),
)


@dataclass(frozen=True)
class Period:
    """One file that Apple makes. Days are Pacific Time, both included; `due` is aware, in UTC."""

    kind: ReportKind
    start: date
    end: date
    due: datetime


def periods(kind: ReportKind, first: date, last: date) -> list[Period]:
    """The periods of a report that touch the days `first` to `last`, oldest first."""
    return [Period(kind, start, end, due_at(kind, end)) for start, end in _spans(kind, first, last)]


def kept_periods(kind: ReportKind, today: date) -> list[Period]:
    """The periods that are over on `today` (Pacific Time) and that Apple still has, oldest first.

    Retention: catalogue.json, counted from the period's last day (the shorter reading of Apple's words).
    """
    oldest = today - timedelta(days=kept_days(kind))
    return [p for p in periods(kind, oldest, today - timedelta(days=1)) if oldest <= p.end < today]


def kept_days(kind: ReportKind) -> int:
    family = "FINANCE" if kind.is_finance else "SALES"
    return load_catalogue().kept_days(family, kind.frequency)


def due_at(kind: ReportKind, end: date) -> datetime:
    """From when a report whose last day is `end` should be there.

    Sales: catalogue.json (daily 8 a.m. Pacific Time the next day, weekly on Monday, monthly five days later). Finance:
    the end of the first Friday after the fiscal month (Apple Help: "by the first Friday").
    """
    if not kind.is_finance:
        return load_catalogue().due_at(kind.frequency, end).astimezone(UTC)
    day_after = first_friday_after(end) + timedelta(days=1)
    return datetime.combine(day_after, time(), PACIFIC).astimezone(UTC)


def first_friday_after(day: date) -> date:
    return day + timedelta(days=(FRIDAY - day.weekday() - 1) % 7 + 1)


def _spans(kind: ReportKind, first: date, last: date) -> Iterable[tuple[date, date]]:
    match kind.grain:
        case Grain.DAY:
            return ((first + timedelta(days=n),) * 2 for n in range((last - first).days + 1))
        case Grain.WEEK:
            return takewhile(lambda span: span[0] <= last, _weeks(first))
        case Grain.MONTH:
            return takewhile(lambda span: span[0] <= last, _months(first))
        case Grain.FISCAL_MONTH:
            return ((month.start, month.end) for month in _fiscal(first, last))
        case _:
            raise ValueError(f"No periods are known for {kind.grain}.")


def _weeks(first: date) -> Iterator[tuple[date, date]]:
    """Monday to Sunday (Apple's partner questions and answers on Sales and Trends)."""
    monday = first - timedelta(days=first.weekday())
    while True:
        yield monday, monday + timedelta(days=6)
        monday += timedelta(days=7)


def _months(first: date) -> Iterator[tuple[date, date]]:
    """Calendar months, not fiscal ones."""
    start = first.replace(day=1)
    while True:
        following = (start + timedelta(days=31)).replace(day=1)
        yield start, following - timedelta(days=1)
        start = following


def _fiscal(first: date, last: date) -> list[FiscalPeriod]:
    return fiscal_months_between(first, last)
