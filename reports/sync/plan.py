"""What to ask Apple next. The coverage cells are the memory, so planning again resumes where it stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.db.models import Q, QuerySet

from ascrecon import clock
from ascrecon.appstore.origins import is_loopback
from reports.coverage.ledger import ensure_cells
from reports.models import Account, CellState, CoverageCell, Grain, Vendor, Zone
from reports.services.accounts import client_policy
from reports.sync.calendar import PACIFIC, PULLED, kept_periods, periods
from reports.sync.policy import sync_policy
from reports.sync.silence import begins
from reports.sync.subscription_reports import has_reports, may_be_asked

#: Apple publishes days in the morning (Apple Help: by 8 a.m. Pacific Time); after that hour an answer is of today.
MORNING = time(8)


@dataclass(frozen=True)
class Unit:
    """One short piece of fetching: up to 30 periods of one report of one vendor. Both days are included."""

    account_id: int
    vendor_id: int
    report: str
    region_code: str
    first: date
    last: date
    calls: int

    @property
    def key(self) -> str:
        parts = (self.account_id, self.vendor_id, self.report, self.region_code, self.first, self.last)
        return "sync:" + ":".join(map(str, parts))


@dataclass(frozen=True)
class PlanSummary:
    """How far the pulling of everything that Apple still has is. `calls` counts one call per report file.

    `finishes_at` is aware, None where nothing is left; it follows from the pace (`calls_per_hour`), not from the past.
    """

    calls: int
    done: int
    waiting: int
    calls_per_hour: int
    finishes_at: datetime | None

    @property
    def remaining(self) -> int:
        return self.calls - self.done

    @property
    def sentence(self) -> str:
        """The same for people."""
        if not self.remaining:
            return f"{self.done} of {self.calls} reports were asked for; nothing is left to do now."
        return (
            f"{self.done} of {self.calls} reports were asked for; the other {self.remaining} take until about "
            f"{self.finishes_at:%Y-%m-%d %H:%M} UTC, at {self.calls_per_hour} calls an hour."
        )


def plan_sync(account: Account, first: date | None = None, last: date | None = None) -> list[Unit]:
    """Bring the ledger up to date and say what is to be asked now, newest periods first.

    Without days: everything that Apple still has (365 days of sales, ten years of finance months) as far as it is due
    for a question. With days (Pacific Time, both included): every period that touches them, delivered ones too, unless
    Apple was asked this morning already.
    """
    for vendor in account.vendors.all():
        _ensure(vendor, first, last)
    if first is not None or last is not None:
        _ask_again(account, first, last)
    return units(account, first, last)


def units(account: Account, first: date | None = None, last: date | None = None) -> list[Unit]:
    """The cells of `account` that are due for a question, cut into short pieces."""
    cells = due_cells(account, first, last).order_by("vendor_id", "report", "region_code", "-date")
    series = groupby(cells, key=lambda c: (c.vendor_id, c.report, c.region_code))
    found = [unit for _, group in series for unit in _cut(list(group))]
    return sorted(found, key=lambda unit: (_order(unit.report), -unit.last.toordinal(), unit.vendor_id))


def due_cells(account: Account, first: date | None, last: date | None) -> QuerySet[CoverageCell]:
    cells = CoverageCell.objects.filter(account=account, next_try__lte=clock.now(), app=None)
    return _touching(cells, first, last).exclude(state=CellState.LOST)


def cells_of(unit: Unit) -> list[CoverageCell]:
    """The cells of a unit that are still due: those that were answered meanwhile are left out.

    Sales from the oldest day on; finance months from the newest back, since that may end the asking early.
    """
    cells = CoverageCell.objects.filter(
        account_id=unit.account_id,
        vendor_id=unit.vendor_id,
        report=unit.report,
        region_code=unit.region_code,
        date__range=(unit.first, unit.last),
        next_try__lte=clock.now(),
    )
    finance = unit.report.startswith("FINANCE/")
    return list(cells.select_related("account", "vendor").order_by("-date" if finance else "date"))


def plan_summary(account: Account) -> PlanSummary:
    """Bring the ledger up to date, then `planned`."""
    ensure_plan(account)
    return planned(account)


def ensure_plan(account: Account) -> None:
    """A cell for everything that Apple still has; planning again adds only what is new."""
    for vendor in account.vendors.all():
        _ensure(vendor, None, None)


def planned(account: Account) -> PlanSummary:
    """How many calls the ledger's cells take, how many are made, and when the rest is here. It only reads."""
    policy = sync_policy()
    pace = int(policy.calls_per_hour * (1 - policy.calls_per_hour_reserve))
    now = clock.now()
    cells = CoverageCell.objects.filter(account=account, app=None)
    unasked = cells.filter(asked_at=None, next_try__isnull=False)
    remaining, waiting = unasked.filter(next_try__lte=now).count(), unasked.filter(next_try__gt=now).count()
    done = cells.filter(asked_at__isnull=False).count()
    pace = _pace(account, pace)
    finishes = now + timedelta(hours=remaining / pace) if remaining else None
    return PlanSummary(done + remaining, done, waiting, pace, finishes)


def _pace(account: Account, allowed: int) -> int:
    """Calls an hour: Apple's limit less a reserve, and no quicker than the client's own interval between two calls."""
    interval = client_policy().min_interval_seconds
    if interval == 0 or is_loopback(account.base_url):
        return allowed
    return min(allowed, int(3600 / interval))


def _ensure(vendor: Vendor, first: date | None, last: date | None) -> None:
    today = clock.today(Zone.PACIFIC)
    for kind in PULLED:
        start = begins(vendor, kind)
        kept = [p for p in kept_periods(kind, today) if start is None or p.start >= start]
        ensure_cells(vendor, may_be_asked(vendor, kind, kept, today))
        if (first is None and last is None) or (kind.is_subscription and not has_reports(vendor, kind.name)):
            continue
        yesterday = today - timedelta(days=1)
        asked_for = periods(kind, first or yesterday, min(last or yesterday, yesterday))
        asked_for = [period for period in asked_for if period.end < today]
        ensure_cells(vendor, asked_for)


def _ask_again(account: Account, first: date | None, last: date | None) -> None:
    """Somebody asked for these days: whatever was not answered since this morning's publication is due now."""
    now = clock.now()
    early = timedelta(days=sync_policy().finance_asked_days_before_due)
    cells = _touching(CoverageCell.objects.filter(account=account, app=None), first, last)
    cells = cells.filter(Q(due__lte=now) | Q(granularity=Grain.FISCAL_MONTH, due__lte=now + early))
    answered = Q(state__in=(CellState.FINAL, CellState.EMPTY), asked_at__gte=latest_morning(now))
    cells.exclude(state=CellState.LOST).exclude(answered).update(next_try=now)


def latest_morning(at: datetime) -> datetime:
    """The last time that Apple published days, by the wall clock in California."""
    local = at.astimezone(PACIFIC)
    morning = datetime.combine(local.date(), MORNING, PACIFIC)
    return morning if morning <= at else datetime.combine(local.date() - timedelta(days=1), MORNING, PACIFIC)


def _touching(cells: QuerySet[CoverageCell], first: date | None, last: date | None) -> QuerySet[CoverageCell]:
    if first is not None:
        cells = cells.filter(period_end__gte=first)
    if last is not None:
        cells = cells.filter(date__lte=last)
    return cells


def _cut(cells: Sequence[CoverageCell]) -> Iterator[Unit]:
    size = sync_policy().periods_per_job
    for start in range(0, len(cells), size):
        part = cells[start : start + size]
        cell = part[0]
        assert cell.vendor_id is not None  # noqa: S101  (sales and finance cells always have one)
        yield Unit(
            account_id=cell.account_id,
            vendor_id=cell.vendor_id,
            report=cell.report,
            region_code=cell.region_code,
            first=part[-1].date,
            last=cell.date,
            calls=len(part),
        )


def _order(report: str) -> int:
    return [kind.name for kind in PULLED].index(report)
