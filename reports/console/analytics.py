"""App Analytics exports: one metric over time (A1), also broken down or filtered (A2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from reports.console.amounts import CHECK_RESAVE, cut_sign, doubtful_numbers, number_form
from reports.console.analytics_columns import UNNAMED, AnalyticsColumn, read_columns, sign_problem
from reports.console.analytics_days import date_form, days_of, read_day, repeated_days, stated_range
from reports.console.analytics_shape import AnalyticsKeys, AnalyticsShape, analytics_shape, read_keys
from reports.console.analytics_warnings import breakdown_warnings, column_warnings, date_warnings, period_warnings
from reports.console.breakdowns import dimension_of
from reports.console.documents import ConsoleDocument, ConsoleLine, ConsoleValue, Grain, Need, Reject
from reports.console.periods import grain_of, period_end
from reports.console.table import Row, Table
from reports.files.dates import DateForm, date_damage
from reports.files.errors import BadFile
from reports.files.numbers import NumberForm, number_of

# App Analytics counts UTC days. Source: Apple's help page "Differences in reporting tools".
ANALYTICS_ZONE = "UTC"
LONGEST_HEADING = 300

T = TypeVar("T")
Days = tuple[date, date]


@dataclass(frozen=True)
class _Reading:
    """What is decided once for the whole file."""

    columns: list[AnalyticsColumn]
    dates: DateForm
    grain: Grain
    numbers: NumberForm
    bad: Mapping[int, str]
    header: Row


def read_analytics(table: Table) -> ConsoleDocument | None:
    """The document of an App Analytics export; None for another shape and for subscription views.

    Counts stand as floats (``6.0``), blank and ``-`` are unknown. Raises ``BadFile`` where days or numbers
    of the file prove two forms at once or where two columns are the same. Source: real exports of 2025.
    """
    shape = analytics_shape(table.rows)
    if shape is None:
        return None
    columns = read_columns(shape.header, shape.data)
    if any(column.subscriptions for column in columns):
        return None
    _refuse_odd_headings(table.file, shape.header, columns)
    keys = read_keys(shape.keys, table.dialect.delimiter)
    return _document(table, shape, keys, columns)


def _document(
    table: Table, shape: AnalyticsShape, keys: AnalyticsKeys, columns: list[AnalyticsColumn]
) -> ConsoleDocument:
    dates = date_form(table.file, shape, keys)
    cells = ((row.line, cut_sign(row.cell(c.position)).number) for row in shape.data for c in columns)
    numbers = number_form(table.file, cells)
    stated, days = stated_range(keys, dates), days_of(shape.data, dates)
    grain = grain_of(days, stated)
    reading = _Reading(columns, dates, grain, numbers.form, table.bad, shape.header)
    lines, rejects = _read_rows(shape.data, reading)
    start, end = _period(lines, stated)
    whole_app = not keys.filters and not _broken_down(columns)
    by = dimension_of([column.member for column in columns if column.member])
    return ConsoleDocument(
        kind="A1" if whole_app else "A2",
        variant="over time" if whole_app else "broken down or filtered",
        language=keys.language,
        encoding=table.encoding,
        delimiter=table.dialect.name,
        app_name=keys.app_name,
        metric=_only({column.metric for column in columns}) or None,
        metric_label=_only({column.label for column in columns}),
        metric_unit=_only({column.unit for column in columns}),
        period_start=start,
        period_end=end,
        grain=grain,
        timezone=ANALYTICS_ZONE,
        currency=_only({column.currency for column in columns}),
        filters=keys.filters,
        breakdown=by.name if by else None,
        stated_end=stated[1] if stated else None,
        lines=tuple(lines),
        rejects=tuple(rejects),
        warnings=(
            *table.text_warnings,
            *date_warnings(dates, keys, shape),
            *doubtful_numbers(numbers),
            *period_warnings(days, grain, stated),
            *column_warnings(columns),
            *breakdown_warnings(by),
        ),
        needs=_needs(keys, columns),
        heading_lines=len(shape.keys) + 1,
        blank_lines=sum(row.blank for row in table.rows),
    )


def _read_rows(data: Sequence[Row], reading: _Reading) -> tuple[list[ConsoleLine], list[Reject]]:
    """Rows in the order of their days; equal days and unreadable rows are refused with the reason."""
    twins = repeated_days(data, reading.dates)
    lines: list[ConsoleLine] = []
    rejects: list[Reject] = []
    for row in data:
        reject = _row_problem(row, reading) or twins.get(row.line)
        line = reject or _read_row(row, reading)
        if isinstance(line, Reject):
            rejects.append(line)
        else:
            lines.append(line)
    return sorted(lines, key=_day_of), rejects


def _row_problem(row: Row, reading: _Reading) -> Reject | None:
    unnamed = next((n for n, cell in enumerate(row.cells) if cell and not reading.header.cell(n)), None)
    if unnamed is not None and unnamed < len(reading.header.cells):
        return Reject(row.line, "", row.cell(unnamed), f"cell {unnamed + 1} stands below no heading")
    if row.line in reading.bad:
        return Reject(row.line, "", ",".join(row.cells), reading.bad[row.line])
    if read_day(row.first, reading.dates) is None:
        why = date_damage(row.first) or f"not a day in the form {reading.dates.value} of this file"
        return Reject(row.line, reading.header.first, row.first, why)
    width = len(reading.header.cells)
    if len(row.cells) > width or row.width < width:
        why = f"{row.width} cells where the heading has {width}"
        return Reject(row.line, "", ",".join(row.cells), why)
    return None


def _read_row(row: Row, reading: _Reading) -> ConsoleLine | Reject:
    start = read_day(row.first, reading.dates)
    end = period_end(start, reading.grain) if start else None
    values: list[ConsoleValue] = []
    for column in reading.columns:
        try:
            value = _read_cell(row.cell(column.position), column, reading.numbers)
        except ValueError as error:
            return Reject(row.line, column.heading, row.cell(column.position), str(error))
        values.append(replace(value, period_start=start, period_end=end))
    cells = {heading: row.cell(number) for number, heading in enumerate(reading.header.cells) if heading}
    return ConsoleLine(row.line, row.first, cells, tuple(values))


def _read_cell(cell: str, column: AnalyticsColumn, form: NumberForm) -> ConsoleValue:
    """One value; raises ``ValueError`` with a sentence."""
    signed = cut_sign(cell)
    value = number_of(signed.number, form)
    problem = sign_problem(signed.sign, column) if value is not None else None
    if problem is not None:
        raise ValueError(problem)
    if value is not None and column.unit == "count" and column.metric and value != value.to_integral_value():
        raise ValueError("a fraction in a metric that counts")
    return ConsoleValue(column.metric, value, column.currency, member=column.member)


def _day_of(line: ConsoleLine) -> date:
    return line.values[0].period_start or date.min


def _period(lines: Sequence[ConsoleLine], stated: Days | None) -> Days | tuple[None, None]:
    """First and last day of the accepted rows; the stated range where there is none."""
    ends = [value.period_end for line in lines[-1:] for value in line.values if value.period_end]
    return (_day_of(lines[0]), ends[0]) if ends else stated or (None, None)


def _refuse_odd_headings(file: str, header: Row, columns: Sequence[AnalyticsColumn]) -> None:
    counts = Counter((column.metric, column.member, column.label) for column in columns)
    endless = next((column for column in columns if len(column.heading) > LONGEST_HEADING), None)
    if endless is not None:
        seen = f"a heading of {len(endless.heading):,} characters"
        raise BadFile(file=file, line=header.line, seen=seen, do=CHECK_RESAVE)
    twice = [column.heading for column in columns if counts[column.metric, column.member, column.label] > 1]
    if twice:
        seen = f"the column {twice[0]!r} stands twice"
        raise BadFile(file=file, line=header.line, seen=seen, do=CHECK_RESAVE)


def _broken_down(columns: Sequence[AnalyticsColumn]) -> bool:
    return len(columns) > 1 or any(column.member for column in columns)


def _needs(keys: AnalyticsKeys, columns: Sequence[AnalyticsColumn]) -> tuple[Need, ...]:
    unnamed = any(column.metric == UNNAMED for column in columns)
    money = any(column.unit == "money" and column.currency is None for column in columns)
    needs: list[tuple[Need, bool]] = [("app", not keys.app_name), ("metric", unnamed), ("currency", money)]
    return tuple(need for need, wanted in needs if wanted)


def _only(values: set[T]) -> T | None:
    return next(iter(values)) if len(values) == 1 else None
