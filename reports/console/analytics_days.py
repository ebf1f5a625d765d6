"""Days in an App Analytics export: one form for the file, the stated range, days that stand twice."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice

from reports.console.amounts import CHECK_RESAVE
from reports.console.analytics_shape import AnalyticsKeys, AnalyticsShape
from reports.console.documents import Reject
from reports.console.table import Row
from reports.files.dates import DateForm, MixedDates, choose_date_form, is_store_day, read_date
from reports.files.errors import BadFile

OTHERS_NAMED = 5


def date_form(file: str, shape: AnalyticsShape, keys: AnalyticsKeys) -> DateForm:
    """The one form of all days: separator, a part above 12, and the range lines decide together.

    Raises ``BadFile`` naming the first line whose day proves another form than the days before it.
    """
    days = [*(row.first for row in shape.data), keys.start or "", keys.end or ""]
    try:
        return choose_date_form(days) or DateForm.MDY_SLASH
    except MixedDates as error:
        position = bisect_left(range(len(days)), True, key=lambda last: _mixed(days[: last + 1]))
        line = shape.data[position].line if position < len(shape.data) else shape.keys[0].line
        raise BadFile(file=file, line=line, seen=str(error), do=CHECK_RESAVE) from error


def stated_range(keys: AnalyticsKeys, form: DateForm) -> tuple[date, date] | None:
    """The range of the key lines, both ends included, where both can be read."""
    start, end = read_day(keys.start or "", form), read_day(keys.end or "", form)
    return (start, end) if start is not None and end is not None else None


def read_day(cell: str, form: DateForm) -> date | None:
    """The day in a cell; None for other text and for years before the App Store."""
    day = read_date(cell, form)
    return day if day is not None and is_store_day(day) else None


def days_of(data: Sequence[Row], form: DateForm) -> list[date]:
    """Every readable day once, sorted."""
    return sorted({day for row in data if (day := read_day(row.first, form)) is not None})


def repeated_days(data: Sequence[Row], form: DateForm) -> dict[int, Reject]:
    """Line -> reject for every row whose day stands more than once: none of them can be trusted."""
    by_day: defaultdict[date, list[Row]] = defaultdict(list)
    for row in data:
        day = read_day(row.first, form)
        if day is not None:
            by_day[day].append(row)
    return {
        row.line: Reject(row.line, "", row.first, _twin_reason(row, rows))
        for rows in by_day.values()
        if len(rows) > 1
        for row in rows
    }


def _mixed(days: Sequence[str]) -> bool:
    try:
        choose_date_form(days)
    except MixedDates:
        return True
    return False


def _twin_reason(row: Row, rows: Iterable[Row]) -> str:
    others = [str(other.line) for other in islice(rows, OTHERS_NAMED + 1) if other.line != row.line][:OTHERS_NAMED]
    return f"the same day stands on line {', '.join(others)} too"
