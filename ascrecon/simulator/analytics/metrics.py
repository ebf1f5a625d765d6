"""The console's metrics and what they count: literals, from Apple's pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from ascrecon.simulator.analytics.catalogue import REPORTS, Report
from ascrecon.simulator.analytics.row import Number, Row, measure_index

DOWNLOADS = "App Downloads Standard"
ENGAGEMENT = "App Store Discovery and Engagement Standard"
SESSIONS = "App Sessions Standard"
INSTALLS = "App Store Installation and Deletion Standard"
PURCHASES = "App Store Purchases Standard"


Condition: TypeAlias = tuple[str, tuple[str, ...]]
FIRST, AGAIN = "First-time Download", "Redownload"


@dataclass(frozen=True)
class Metric:
    """The console's `label`: the sum of a report's column over the rows that meet every condition (column, values).

    `people`: devices or users, of whom the console counts each once.
    """

    label: str
    report: str
    column: str
    conditions: tuple[Condition, ...] = ()
    people: bool = False

    @property
    def name(self) -> str:
        """The label in snake case, as findings name it."""
        return snake(self.label)

    @property
    def currency(self) -> str:
        """Money is in US dollars; everything else is counted."""
        return "USD" if self.column.endswith("in USD") else ""

    def counts(self, report: Report, row: Row) -> bool:
        """Whether a row of the report, Standard or Detailed, is part of the metric."""
        return all(row.cell(report, column) in values for column, values in self.conditions)

    def total(self, report: Report, rows: Iterable[Row]) -> Number:
        """The metric of some rows; no rows are 0."""
        found = [row.measure(report, self.column) for row in rows if self.counts(report, row)]
        return sum(found, Decimal(0) if self.currency else 0)

    def shifted(self, report: Report, rows: Sequence[Row], delta: int) -> list[Row]:
        """The rows with `delta` more in the one that counts most; rows without one stay as they are."""
        counting = [row for row in rows if self.counts(report, row)]
        if not counting:
            return list(rows)
        most = max(counting, key=lambda row: row.measure(report, self.column))
        index = measure_index(report, self.column)
        changed = tuple(number + delta if place == index else number for place, number in enumerate(most.measures))
        return [Row(row.cells, changed) if row is most else row for row in rows]


def snake(label: str) -> str:
    """A label of the console in snake case: `first_time_downloads`."""
    return label.lower().replace(" ", "_").replace("-", "_")


_METRICS = (
    # The report's impressions do not include page views, the console's do.
    Metric("Impressions", ENGAGEMENT, "Counts", (("Event", ("Impression", "Page view")),)),
    Metric("Product Page Views", ENGAGEMENT, "Counts", (("Event", ("Page view",)),)),
    Metric("Total Downloads", DOWNLOADS, "Counts", (("Download Type", (FIRST, AGAIN)),)),
    Metric("First-Time Downloads", DOWNLOADS, "Counts", (("Download Type", (FIRST,)),)),
    Metric("Redownloads", DOWNLOADS, "Counts", (("Download Type", (AGAIN,)),)),
    Metric("Sessions", SESSIONS, "Sessions"),
    Metric("Active Devices", SESSIONS, "Unique Devices", people=True),
    # An update is an Install event of the report and no installation of the console.
    Metric(
        "Installations",
        INSTALLS,
        "Counts",
        (("Event", ("Install",)), ("Download Type", (FIRST, AGAIN, "Restore"))),
    ),
    Metric("Deletions", INSTALLS, "Counts", (("Event", ("Delete",)),)),
    Metric("Proceeds", PURCHASES, "Proceeds in USD"),
    Metric("Sales", PURCHASES, "Sales in USD"),
    Metric("In-App Purchases", PURCHASES, "Purchases", (("Purchase Type", ("In-app purchases",)),)),
    Metric("Paying Users", PURCHASES, "Paying Users", people=True),
)
#: By the console's English label.
METRICS = {metric.label: metric for metric in _METRICS}
_CRASHES = Metric("Crashes", "App Crashes", "Crashes")
# The metric by which a fault of a report is measured, by family of reports.
_MAIN = {
    "downloads": METRICS["Total Downloads"],
    "engagement": METRICS["Impressions"],
    "sessions": METRICS["Sessions"],
    "installs": METRICS["Installations"],
    "purchases": METRICS["Sales"],
    "crashes": _CRASHES,
}


def main_metric(name: str) -> Metric | None:
    """The metric of a report that a change in it is counted in; None for reports without one."""
    return _MAIN.get(REPORTS[name].family)
