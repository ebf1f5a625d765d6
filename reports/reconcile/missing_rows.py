"""Lines of a downloaded sales report that differ: how much of it is rows with sales that the API's file lost?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from reports.models import Cause, FindingKind, Vintage
from reports.reconcile.causes import Evidence
from reports.reconcile.lines import Line
from reports.reconcile.losses import Cell, Day, Slice, explain_loss
from reports.reconcile.rows import RowDifference, compare_rows
from reports.sql import fetch

Days = dict[tuple[int, int | None, int | None], list[Day]]


def split_lost_rows(lines: Sequence[Line], evidence: Evidence) -> list[Line]:
    """Take what lost rows explain out of each line and put it into lines of its own, by what is lost.

    Amounts are conserved: the new lines and what is left of the old ones add up to the old differences.
    """
    mine: dict[tuple[int, int | None, int | None], list[Line]] = defaultdict(list)
    for line in lines:
        mine[line.account_id, line.vendor_id, line.app_id].append(line)
    lost: list[Line] = []
    for key, days in _days(lines, evidence).items():
        for part, part_cells in explain_loss(days).items():
            lost += _lines_of(part, part_cells, mine[key], evidence)
    return lost + [line for line in lines if line.difference]


def _days(lines: Sequence[Line], evidence: Evidence) -> Days:
    """What each app lost on each day on which one of its lines differs."""
    days: Days = defaultdict(list)
    seen: dict[tuple[int, date], set[int | None]] = defaultdict(set)
    for line in lines:
        if line.console_vintage_id and line.api_delivered:
            seen[line.console_vintage_id, line.period_start].add(line.app_id)
    for (vintage_id, day), apps in seen.items():
        console = evidence.vintages[vintage_id]
        difference = compare_rows(console, _api_vintages(console), evidence.rule.api_measure)
        for app_id, lost in _by_app(difference, day).items():
            if app_id in apps:
                days[console.series.account_id, console.series.vendor_id, app_id].append(lost)
    return days


API_VINTAGES = """
SELECT id FROM api_vintage WHERE account_id = %s AND period_start = %s
  AND (%s::bigint IS NULL OR vendor_id IS NULL OR vendor_id = %s)
"""


def _api_vintages(console: Vintage) -> list[Vintage]:
    """The vintages of the API that this run holds against `console`."""
    series = console.series
    parameters = [series.account_id, console.period_start, series.vendor_id, series.vendor_id]
    return list(Vintage.objects.filter(pk__in=[number for (number,) in fetch(API_VINTAGES, parameters)]))


def _by_app(difference: RowDifference, day: date) -> dict[int | None, Day]:
    """What each app lost that lost something."""
    lost: dict[int | None, dict[tuple[str, str], Cell]] = defaultdict(dict)
    for row in difference.lost:
        cells, key = lost[row.app_id], (row.product, row.territory)
        cell = cells.get(key, Cell(day, row.product, row.territory, expected=row.expected, lost=0))
        amounts = cell.amounts | {row.currency: cell.amounts.get(row.currency, Decimal(0)) + row.amount}
        cells[key] = replace(cell, lost=cell.lost + row.rows, amounts=amounts)
    return {
        app_id: Day(day, list(cells.values()), difference.expected[app_id], difference.untouched[app_id])
        for app_id, cells in lost.items()
    }


def _lines_of(part: Slice, cells: Iterable[Cell], lines: Sequence[Line], evidence: Evidence) -> list[Line]:
    by_day: dict[date, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_day[cell.day].append(cell)
    return [
        taken
        for line in lines
        if line.period_start in by_day and (taken := _take(part, by_day[line.period_start], line, evidence)) is not None
    ]


def _take(part: Slice, cells: Sequence[Cell], line: Line, evidence: Evidence) -> Line | None:
    """Move the lost amount of `cells` from `line` to a new line."""
    whole_app = part.cut == "app"
    lost = sum((cell.amounts.get(line.currency, Decimal(0)) for cell in cells), Decimal(0))
    if not lost:
        return None
    if whole_app and line.api_value is None:
        lost = line.difference  # nothing of the app is left, so its refunds are gone as well
    taken = replace(
        line,
        kind=FindingKind.MISSING_SALES_VALUES,
        cause=Cause.POSITIVE_ROWS_MISSING,
        cut=part.cut,
        member=part.member,
        difference=lost,
        explained=Decimal(0),
        metric=evidence.rule.console_metric,
        console_value=line.console_value if whole_app else lost,
        api_value=(line.console_value or Decimal(0)) - lost if whole_app else Decimal(0),
        details={"rows": int(sum(cell.lost for cell in cells))},
    )
    line.difference -= lost
    line.console_value = (line.console_value or Decimal(0)) - lost
    return taken
