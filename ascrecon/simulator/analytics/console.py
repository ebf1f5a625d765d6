"""A person's exports of App Analytics metrics: A1 one metric over time, A2 broken down by source or campaign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

from ascrecon.simulator.analytics.catalogue import REPORTS, Report
from ascrecon.simulator.analytics.metrics import METRICS, Metric
from ascrecon.simulator.analytics.row import Number, Row
from ascrecon.simulator.analytics.rows import FEWEST_PEOPLE, ReportRows
from ascrecon.simulator.exports_wanted import MetricExport
from ascrecon.simulator.zones import days_between

#: The console shows no more campaigns than this.
MOST_CAMPAIGNS = 200
# Of the people of all rows of a day or month, how many the console counts once each.
ONCE_SHARE = Decimal("0.9")
CAMPAIGN_REPORT = "App Downloads Detailed"
COLUMNS = {"source_type": "Source Type", "campaign": "Campaign"}
Table: TypeAlias = dict[str, dict[date, Number]]


def metric_values(rows: ReportRows, export: MetricExport) -> dict[date, Number]:
    """An A1 export's values: every day or first of a month, zeros too. All corrections are in them."""
    metric = METRICS[export.metric]
    report = REPORTS[metric.report]
    values: dict[date, Number] = {}
    for first, last in _periods(export):
        values[first] = _total(metric, report, _rows(rows, export, metric.report, first, last))
    return values


def breakdown(rows: ReportRows, export: MetricExport) -> Table:
    """An A2 export's columns, biggest first, without the metric's name in their headings."""
    found = campaigns(rows, export)[:MOST_CAMPAIGNS] if export.by == "campaign" else _members(rows, export)
    columns = _columns(rows, export)
    return {member if export.by == "campaign" else _title(member): columns[member] for member in found}


def campaigns(rows: ReportRows, export: MetricExport) -> list[str]:
    """Campaigns that brought first-time downloads from at least five people in the range, biggest first."""
    report = REPORTS[CAMPAIGN_REPORT]
    downloads = METRICS["First-Time Downloads"]
    people: dict[str, int] = defaultdict(int)
    for day in days_between(export.start, export.end):
        for row in rows.exact(export.apple_id, CAMPAIGN_REPORT, day):
            if downloads.counts(report, row):
                people[row.cell(report, "Campaign")] += int(row.measures[-1])
    known = [name for name, number in people.items() if name and number >= FEWEST_PEOPLE]
    return sorted(known, key=lambda name: (-people[name], name))


def csv_value(value: Number) -> str:
    """A number as the console writes it: with one decimal at least, `6.0`, `12.25`."""
    whole, _, decimals = f"{value:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def _periods(export: MetricExport) -> list[tuple[date, date]]:
    days = days_between(export.start, export.end)
    if export.grain == "DAILY":
        return [(day, day) for day in days]
    firsts = sorted({day.replace(day=1) for day in days})
    return [(first, _last_of_month(first)) for first in firsts]


def _last_of_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _rows(rows: ReportRows, export: MetricExport, name: str, first: date, last: date) -> list[Row]:
    if export.grain == "DAILY":
        return rows.day(export.apple_id, name, first)
    # A month that is not over is exported as far as it goes.
    return rows.summed(export.apple_id, name, first, min(last, export.end))


def _total(metric: Metric, report: Report, rows: list[Row]) -> Number:
    total = metric.total(report, rows)
    return round(total * ONCE_SHARE) if metric.people else total


def _members(rows: ReportRows, export: MetricExport) -> list[str]:
    columns = _columns(rows, export)
    return sorted(columns, key=lambda member: (-sum(columns[member].values()), member))


def _columns(rows: ReportRows, export: MetricExport) -> Table:
    """Values by member and day; a member that is missing on a day has 0."""
    metric = METRICS[export.metric]
    days = days_between(export.start, export.end)
    found: Table = defaultdict(lambda: dict.fromkeys(days, 0))
    for day in days:
        for member, total in _by_member(rows, export, metric, day):
            found[member][day] = total
    return found


def _by_member(rows: ReportRows, export: MetricExport, metric: Metric, day: date) -> Iterator[tuple[str, Number]]:
    name = metric.report.replace(" Standard", " Detailed") if export.by == "campaign" else metric.report
    report, column = REPORTS[name], COLUMNS[export.by]
    # Campaigns stand in Detailed reports only; the console adds no noise to them.
    found = (rows.exact if export.by == "campaign" else rows.day)(export.apple_id, name, day)
    members: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        members[row.cell(report, column)].append(row)
    for member, part in members.items():
        yield member, _total(metric, report, part)


def _title(member: str) -> str:
    """`App Store search` of the report is `App Store Search` on the screen."""
    return " ".join(f"{word[0].upper()}{word[1:]}" for word in member.split())
