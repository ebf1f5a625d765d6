"""Facts as rows of one report: Standard exact, Detailed with Apple's noise and without rows of few people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from random import Random

from ascrecon.simulator.analytics.catalogue import LEADING, REPORTS, Report
from ascrecon.simulator.analytics.facts import facts_of
from ascrecon.simulator.analytics.faults import DateRestated, GranularityDiffers
from ascrecon.simulator.analytics.metrics import main_metric
from ascrecon.simulator.analytics.row import Number, Row
from ascrecon.simulator.truth import Truth
from ascrecon.simulator.zones import days_between

FEWEST_PEOPLE = 5
NOISE_SIGMA = 2
SECONDS = "Total Session Duration"
UNIQUE = ("Unique Counts", "Unique Devices", "Paying Users", "Count of Users")
# Of the people of single days, how many are counted once in a week or month: unique counts do not add up.
UNIQUE_SHARE = 0.8
CENT = Decimal("0.01")
KEPT = 4096


class ReportRows:
    """Rows of every app, report and period, each made when somebody asks for it."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.exact = lru_cache(maxsize=KEPT)(self._exact)
        self._published_day = lru_cache(maxsize=KEPT)(self._day)
        faults = truth.scenario.faults
        self._restated = [fault for fault in faults if isinstance(fault, DateRestated)]
        self._differing = [fault for fault in faults if isinstance(fault, GranularityDiffers)]

    def day(self, apple_id: int, name: str, day: date, as_of: date | None = None) -> list[Row]:
        """A day's rows as published once the day is complete, with the corrections known on `as_of` (None: all)."""
        rows = self._published_day(apple_id, name, day)
        for fault in self._restated:
            if (fault.apple_id, fault.report, fault.day) == (apple_id, name, day) and _is_known(fault, as_of):
                rows = _shifted(name, rows, fault.delta)
        return rows

    def summed(self, apple_id: int, name: str, first: date, last: date) -> list[Row]:
        """The sums of several days, corrected ones, people counted once: what the console shows of them."""
        days = [row for day in days_between(first, last) for row in self._corrected(apple_id, name, day)]
        return [Row(row.cells, _once(REPORTS[name], row.measures)) for row in _grouped(days)]

    def period(self, apple_id: int, name: str, granularity: str, first: date, last: date) -> list[Row]:
        """A week's or a month's rows as published."""
        report, rows = REPORTS[name], self.summed(apple_id, name, first, last)
        for fault in self._differing:
            wanted = (fault.apple_id, fault.report, fault.granularity, fault.day)
            if wanted == (apple_id, name, granularity, first):
                rows = _shifted(name, rows, fault.delta)
        return self._published(apple_id, report, f"{first}:{last}", rows)

    def _corrected(self, apple_id: int, name: str, day: date) -> list[Row]:
        if any((fault.apple_id, fault.report, fault.day) == (apple_id, name, day) for fault in self._restated):
            return self.day(apple_id, name, day)
        return self.exact(apple_id, name, day)

    def _exact(self, apple_id: int, name: str, day: date) -> list[Row]:
        report = REPORTS[name]
        if day < max(report.history, self.truth.scenario.first_day):
            return []
        names = report.columns[LEADING : -report.measures]
        facts = facts_of(self.truth, report.family, self.truth.scenario.app(apple_id), day)
        return _grouped(Row(tuple(fact.cells.get(name, "") for name in names), fact.measures) for fact in facts)

    def _day(self, apple_id: int, name: str, day: date) -> list[Row]:
        return self._published(apple_id, REPORTS[name], day.isoformat(), self.exact(apple_id, name, day))

    def _published(self, apple_id: int, report: Report, period: str, rows: list[Row]) -> list[Row]:
        if report.opt_in and sum(row.measures[report.users] for row in rows) < FEWEST_PEOPLE:
            return []
        if not report.detailed:
            return rows
        seed = self.truth.scenario.seed
        rng = Random(f"{seed}:{apple_id}:{report.name}:{period}:noise")  # noqa: S311  (reproducible, not secret)
        many = [row for row in rows if row.measures[report.users] >= FEWEST_PEOPLE]
        return [Row(row.cells, _noisy(rng, report, row.measures)) for row in many]


def _is_known(fault: DateRestated, as_of: date | None) -> bool:
    return as_of is None or fault.on <= as_of


def _shifted(name: str, rows: list[Row], delta: int) -> list[Row]:
    metric = main_metric(name)
    return metric.shifted(REPORTS[name], rows, delta) if metric else rows


def _grouped(rows: Iterable[Row]) -> list[Row]:
    """Rows with equal cells as one. Refunds stay rows of their own, as Apple shows them."""
    found: dict[tuple[bool, tuple[str, ...]], tuple[Number, ...]] = {}
    for row in rows:
        key = (min(row.measures) < 0, row.cells)
        before = found.get(key)
        found[key] = row.measures if before is None else tuple(map(_plus, before, row.measures))
    return [Row(cells, measures) for (_, cells), measures in sorted(found.items())]


def _plus(one: Number, other: Number) -> Number:
    return one + other


def _once(report: Report, measures: tuple[Number, ...]) -> tuple[Number, ...]:
    counted = zip(report.columns[-report.measures :], measures, strict=True)
    return tuple(_fewer(number) if name in UNIQUE else number for name, number in counted)


def _fewer(people: Number) -> Number:
    return max(1, round(int(people) * UNIQUE_SHARE)) if people > 1 else people


def _noisy(rng: Random, report: Report, measures: tuple[Number, ...]) -> tuple[Number, ...]:
    if report.family == "purchases":
        return _noisy_purchase(rng, measures)
    if SECONDS in report.columns:
        sessions, seconds, devices = map(int, measures)
        noise = rng.gauss(0, seconds / sessions / 4)
        return _near(rng, sessions), max(0, round(seconds + noise)), _near(rng, devices)
    return tuple(_near(rng, int(number)) for number in measures)


def _near(rng: Random, number: int) -> int:
    return max(0, number + round(rng.gauss(0, NOISE_SIGMA)))


def _noisy_purchase(rng: Random, measures: tuple[Number, ...]) -> tuple[Number, ...]:
    """Noise is drawn for the paying users, everything else follows in proportion."""
    purchases, proceeds, sales, users = measures
    noisy = _near(rng, int(users))
    share = Decimal(noisy) / Decimal(users)
    money = [(Decimal(amount) * share).quantize(CENT) for amount in (proceeds, sales)]
    return round(purchases * share), *money, noisy
