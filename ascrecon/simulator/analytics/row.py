"""A row of a report: its cells, then its numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, TypeAlias

from ascrecon.simulator.analytics.catalogue import LEADING, Report

Number: TypeAlias = int | Decimal


class Row(NamedTuple):
    """Cells after the leading columns and before the numbers, then the numbers."""

    cells: tuple[str, ...]
    measures: tuple[Number, ...]

    def cell(self, report: Report, column: str) -> str:
        """The cell of a column of the row's report."""
        return self.cells[report.columns.index(column) - LEADING]

    def measure(self, report: Report, column: str) -> Number:
        """The number of a column of the row's report."""
        return self.measures[measure_index(report, column)]


def measure_index(report: Report, column: str) -> int:
    """Where a column stands among a report's numbers."""
    return report.columns.index(column) - len(report.columns) + report.measures
