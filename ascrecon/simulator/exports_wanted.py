"""Which console exports the person takes: the `exports` list of a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from ascrecon.simulator.analytics.metrics import METRICS
from ascrecon.simulator.fiscal import MONTHS
from ascrecon.simulator.reading import Fields
from ascrecon.simulator.regions import REGIONS
from ascrecon.simulator.shared_fields import range_of

# Made of the sales events; every other metric is made of analytics rows and knows UTC days only.
APP_UNITS = "App Units"
BREAKDOWNS = ("source_type", "campaign")
LAYOUTS = ("settled", "settled_balance", "pending", "pending_balance")


@dataclass(frozen=True)
class SalesExport:
    """R: Sales and Trends > Reports, one file for each day or month that ends in the range."""

    frequency: str
    start: date
    end: date
    gzip: bool


@dataclass(frozen=True)
class MetricExport:
    """A1: App Analytics metric of one app; with `by` A2: broken down.

    `timezone` is what the person says the days are.
    """

    metric: str
    apple_id: int
    start: date
    end: date
    timezone: str
    grain: str = "DAILY"
    by: str = ""


@dataclass(frozen=True)
class PaymentExport:
    """P: Payments and Financial Reports summary of one fiscal month, in one of four layouts."""

    fiscal_month: str
    layout: str


@dataclass(frozen=True)
class FinanceExport:
    """F1: finance report of one fiscal month, one region or `ZZ`."""

    fiscal_month: str
    region: str


@dataclass(frozen=True)
class DetailExport:
    """F2: detailed finance report of one fiscal month."""

    fiscal_month: str


Export: TypeAlias = SalesExport | MetricExport | PaymentExport | FinanceExport | DetailExport


def read_export(fields: Fields) -> Export:
    """One entry of `exports`."""
    kind = fields.choice("kind", ("R", "A1", "A2", "P", "F1", "F2"))
    export = {"R": _sales, "A1": _metric, "A2": _breakdown, "P": _payment, "F1": _finance, "F2": _detail}[kind](fields)
    fields.finish()
    return export


def default_exports(today: date, days: int) -> tuple[Export, ...]:
    """Without a list: the daily sales reports of the last 30 days and every published payment month."""
    first = today - timedelta(days=days)
    sales = SalesExport("DAILY", max(first, today - timedelta(days=30)), today - timedelta(days=1), True)
    months = [month for month in MONTHS.values() if month.end >= first and month.published <= today]
    return (sales, *(PaymentExport(month.name, "settled") for month in months))


def _sales(fields: Fields) -> Export:
    frequency = fields.choice("frequency", ("DAILY", "MONTHLY"), "DAILY")
    start, end = range_of(fields)
    return SalesExport(frequency, start, end, fields.flag("gzip", True))


def _metric(fields: Fields) -> Export:
    metric = fields.choice("metric", (APP_UNITS, *METRICS))
    apple_id, (start, end) = fields.whole("apple_id"), range_of(fields)
    timezone = fields.choice("timezone", ("UTC", "PT") if metric == APP_UNITS else ("UTC",), "UTC")
    grain = fields.choice("grain", ("DAILY",) if metric == APP_UNITS else ("DAILY", "MONTHLY"), "DAILY")
    return MetricExport(metric, apple_id, start, end, timezone, grain)


def _breakdown(fields: Fields) -> Export:
    metric = fields.choice("metric", METRICS)
    apple_id, (start, end) = fields.whole("apple_id"), range_of(fields)
    return MetricExport(metric, apple_id, start, end, "UTC", by=fields.choice("by", BREAKDOWNS))


def _payment(fields: Fields) -> Export:
    return PaymentExport(fiscal_month_of(fields), fields.choice("layout", LAYOUTS, "settled"))


def _finance(fields: Fields) -> Export:
    return FinanceExport(fiscal_month_of(fields), fields.choice("region", ("ZZ", *REGIONS), "ZZ"))


def _detail(fields: Fields) -> Export:
    return DetailExport(fiscal_month_of(fields))


def fiscal_month_of(fields: Fields) -> str:
    """A fiscal month of the calendar, as the API names it (`2026-02`)."""
    return fields.choice("fiscal_month", MONTHS)
