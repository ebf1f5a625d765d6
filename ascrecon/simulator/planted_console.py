"""Expectations of console exports that hold something else than the API, and of finance regions withheld."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from ascrecon.simulator.analytics.metrics import METRICS, snake
from ascrecon.simulator.expectation import DAILY, FINANCIAL, Expectation
from ascrecon.simulator.faults import EarnedDiffers, MetricDiffers, RegionMissing, SalesDiffers, WrongTimezone
from ascrecon.simulator.finance import missing_regions, month_rows
from ascrecon.simulator.fiscal import MONTHS
from ascrecon.simulator.metrics import app_units
from ascrecon.simulator.reading import ScenarioError
from ascrecon.simulator.regions import REGIONS
from ascrecon.simulator.sales import SalesRow, day_rows
from ascrecon.simulator.truth import Truth


def console(truth: Truth, fault: SalesDiffers | EarnedDiffers | MetricDiffers | WrongTimezone) -> Iterator[Expectation]:
    if isinstance(fault, SalesDiffers):
        yield _sales_differs(truth, fault)
    elif isinstance(fault, EarnedDiffers):
        yield _earned(fault, "value_mismatch", "unexplained", fault.delta)
    elif isinstance(fault, MetricDiffers):
        yield _metric(fault, "unexplained", (fault.day, fault.day), Decimal(fault.units_delta))
    else:
        yield from _shifted(truth, fault)


def _sales_differs(truth: Truth, fault: SalesDiffers) -> Expectation:
    row = differing_row(truth, fault)
    return Expectation(
        fault.kind,
        "value_mismatch",
        "unexplained",
        DAILY,
        fault.day,
        fault.day,
        apple_id=fault.apple_id,
        metric="proceeds" if row.proceeds else "units",
        cut="app",
        currency=row.currency if row.proceeds else "",
        amount=fault.units_delta * row.proceeds if row.proceeds else Decimal(fault.units_delta),
    )


def differing_row(truth: Truth, fault: SalesDiffers) -> SalesRow:
    """The row that the R export shows with other units: the biggest of that SKU and country."""
    rows = day_rows(truth, truth.scenario.app(fault.apple_id), fault.day)
    found = [row for row in rows if (row.sku, row.country) == (fault.sku, fault.country) and not row.refund]
    row = max(found, key=lambda row: (row.proceeds > 0, row.units), default=None)
    if row is None or row.units + fault.units_delta < 1:
        seen = f"{fault.sku} in {fault.country} on {fault.day} sold {row.units if row else 0}"
        raise ScenarioError(f"fault {fault.kind}", seen, "choose another day, row or units_delta")
    return row


def _earned(fault: EarnedDiffers | RegionMissing, kind: str, cause: str, amount: Decimal) -> Expectation:
    month, currency = MONTHS[fault.fiscal_month], REGIONS[fault.region].currency
    return Expectation(
        fault.kind,
        kind,
        cause,
        FINANCIAL,
        month.start,
        month.end,
        metric="earned",
        cut="currency",
        member=currency,
        currency=currency,
        amount=amount,
    )


def _metric(fault: MetricDiffers | WrongTimezone, cause: str, span: tuple[date, date], amount: Decimal) -> Expectation:
    known = METRICS.get(fault.metric)
    return Expectation(
        fault.kind,
        "value_mismatch",
        cause,
        known.report if known else DAILY,
        *span,
        apple_id=fault.apple_id,
        metric=snake(fault.metric),
        cut="app",
        currency=known.currency if known else "",
        amount=amount,
    )


def _shifted(truth: Truth, fault: WrongTimezone) -> Iterator[Expectation]:
    app = truth.scenario.app(fault.apple_id)
    utc, pacific = (app_units(truth, app, fault.start, fault.end, zone) for zone in ("UTC", "PT"))
    days = sorted(day for day in utc if utc[day] != pacific[day])
    if days:
        total = Decimal(sum(utc[day] - pacific[day] for day in days))
        yield _metric(fault, "timezone_shift", (days[0], days[-1]), total)


def region(truth: Truth, fault: RegionMissing, today: date) -> Iterator[Expectation]:
    month, currency = MONTHS[fault.fiscal_month], REGIONS[fault.region].currency
    if today < month.published:
        return
    rows, missing = month_rows(truth, month), missing_regions(truth.scenario, month)
    gone = sum((row.amount for row in rows if row.region == fault.region), Decimal(0))
    others = any(row.currency == currency and row.region not in missing for row in rows)
    if gone:
        kind = "value_mismatch" if others else "missing_in_api"
        yield _earned(fault, kind, "not_delivered", gone)
