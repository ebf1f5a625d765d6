"""Expectations of rows that the API's daily files lack: with the console to compare, and without it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from ascrecon.simulator.expectation import DAILY, Expectation
from ascrecon.simulator.exports_wanted import SalesExport
from ascrecon.simulator.faults import RowsMissing
from ascrecon.simulator.sales import SalesRow, lost_rows, proceeds_of
from ascrecon.simulator.scenario import App, Scenario
from ascrecon.simulator.truth import Truth
from ascrecon.simulator.zones import days_between, runs

CUTS = {"product": "product", "country": "territory"}
Losses: TypeAlias = dict[date, list[SalesRow]]


def missing_rows(truth: Truth, today: date) -> Iterator[Expectation]:
    covered = console_days(truth.scenario)
    for app in truth.scenario.apps:
        for fault, losses in _losses(truth, app, today).items():
            yield from _with_console(app, fault, {day: rows for day, rows in losses.items() if day in covered})
            alone = [day for day in losses if day not in covered and _positive(losses[day])]
            for start, end in runs(alone):
                yield _missing(app, fault, start, end, metric="units")


def console_days(scenario: Scenario) -> set[date]:
    """The days that a daily R export of the account holds."""
    exports = [e for e in scenario.exports if isinstance(e, SalesExport) and e.frequency == "DAILY"]
    return {day for export in exports for day in days_between(export.start, export.end)}


def _losses(truth: Truth, app: App, today: date) -> dict[RowsMissing, Losses]:
    found: dict[RowsMissing, Losses] = defaultdict(dict)
    for day in _faulty_days(truth.scenario, app, today):
        for row, fault in lost_rows(truth, app, day):
            found[fault].setdefault(day, []).append(row)
    return found


def _faulty_days(scenario: Scenario, app: App, today: date) -> list[date]:
    faults = [f for f in scenario.faults if isinstance(f, RowsMissing) and f.apple_id in (None, app.apple_id)]
    days = {day for fault in faults for day in days_between(fault.start, fault.end)}
    return sorted(day for day in days if day < today)


def _with_console(app: App, fault: RowsMissing, losses: Losses) -> Iterator[Expectation]:
    paid = {day: proceeds_of(rows) for day, rows in losses.items()}
    for currency in sorted({currency for amounts in paid.values() for currency in amounts}):
        for start, end in runs([day for day, amounts in paid.items() if amounts.get(currency)]):
            amount = sum((paid[day][currency] for day in days_between(start, end)), Decimal(0))
            yield _missing(app, fault, start, end, metric="proceeds", currency=currency, amount=amount)
    free = [day for day, amounts in paid.items() if not amounts and _positive(losses[day])]
    for start, end in runs(free):
        units = sum(row.units for day in days_between(start, end) for row in losses[day])
        yield _missing(app, fault, start, end, metric="units", amount=Decimal(units))


def _positive(rows: list[SalesRow]) -> bool:
    return any(row.units > 0 for row in rows)


def _missing(
    app: App,
    fault: RowsMissing,
    start: date,
    end: date,
    *,
    metric: str,
    currency: str = "",
    amount: Decimal | None = None,
) -> Expectation:
    return Expectation(
        fault.kind,
        "missing_sales_values",
        "positive_rows_missing",
        DAILY,
        start,
        end,
        apple_id=app.apple_id,
        metric=metric,
        cut=CUTS.get(fault.part, "app"),
        member=fault.member,
        currency=currency,
        amount=amount,
    )
