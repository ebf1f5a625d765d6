"""The shape of an App Analytics export: key lines, an empty line, one heading, then one row a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from reports.console.table import Row
from reports.console.titles import UNKNOWN_LANGUAGE
from reports.console.vocabulary import analytics_key, fold, metric_in_heading
from reports.files.dates import MixedDates, choose_date_form, date_damage

MOST_KEY_LINES = 20
KEY_AND_VALUE = 2
RANGE_ENDS = 2
FINANCE_DETAIL_KEY = "vendor name"

KeyMeaning = Literal["app", "start", "end", "day", "filter"]


@dataclass(frozen=True)
class AnalyticsKeys:
    """What the lines above the table say; days are text until the form of the file's days is known."""

    app_name: str | None = None
    start: str | None = None
    end: str | None = None
    language: str = UNKNOWN_LANGUAGE
    filters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AnalyticsShape:
    """Rows of an export by their part; ``data`` holds filled rows only."""

    keys: tuple[Row, ...]
    header: Row
    data: tuple[Row, ...]


def analytics_shape(rows: Sequence[Row]) -> AnalyticsShape | None:
    """The parts of an App Analytics export, or None for anything else.

    The heading is the first row after the empty line, or, where a program dropped that line, the row before
    the first day. A ``Date`` line above the empty line is a key (one-day range), not the heading.
    Source: real exports of 2025 and i2h3/analytics-processor, which reads German and one-day files.
    """
    filled = [row for row in rows if not row.blank]
    position = _header_position(rows, filled)
    if position is None or position == 0:
        return None
    keys, header, data = tuple(filled[:position]), filled[position], tuple(filled[position + 1 :])
    if not _are_keys(keys) or len(header.filled) < KEY_AND_VALUE or is_day(header.first):
        return None
    if data and not any(is_day(row.first) for row in data[:2]):
        return None
    if not data and not all(metric_in_heading(heading) for heading in header.filled[1:]):
        return None
    return AnalyticsShape(keys, header, data)


def read_keys(keys: Sequence[Row], delimiter: str) -> AnalyticsKeys:
    """App name, range and filters: by their words where these are known, else by position and by days."""
    app: str | None = None
    days: dict[str, str] = {}
    filters: dict[str, str] = {}
    named = any(key[0] == "app" for key in map(analytics_key, (row.first for row in keys)) if key)
    for number, row in enumerate(keys):
        value = delimiter.join(_from_first_filled(row.cells[1:]))
        role = _role(row, number, days)
        if role == "app" and named and analytics_key(row.first) is None:
            role = "filter"  # the line that says Name is the app's, wherever it stands
        if role == "app" and app is None:
            app = value
        elif role in ("app", "filter"):
            filters[row.first] = value
        else:
            days[role] = value
    start = days.get("start") or days.get("day")
    end = days.get("end") or days.get("day") or start
    return AnalyticsKeys(app or None, start, end, _language(keys), filters)


def _from_first_filled(cells: Sequence[str]) -> Sequence[str]:
    return cells[next((number for number, cell in enumerate(cells) if cell), 0) :]


def is_day(cell: str) -> bool:
    """True for text that looks like a day in any form, or like a day that a spreadsheet made a number."""
    try:
        return choose_date_form([cell]) is not None or date_damage(cell) is not None
    except MixedDates:
        return False


def _header_position(rows: Sequence[Row], filled: Sequence[Row]) -> int | None:
    """Index of the heading among the filled rows."""
    blank = next((number for number, row in enumerate(rows) if row.blank and number > 0), None)
    if blank is not None:
        position = sum(not row.blank for row in rows[:blank])
        follows = position < len(filled) and not is_day(filled[position].first)
        if 0 < position <= MOST_KEY_LINES and follows:
            return position
    first_day = next((number for number, row in enumerate(filled) if is_day(row.first)), None)
    return first_day - 1 if first_day is not None and 0 < first_day <= MOST_KEY_LINES else None


def _are_keys(keys: Sequence[Row]) -> bool:
    if any(fold(row.first) == FINANCE_DETAIL_KEY or not row.first for row in keys):
        return False
    if any(len(row.cells) < KEY_AND_VALUE for row in keys):
        return False
    return any(analytics_key(row.first) or is_day(row.cell(1)) for row in keys)


def _role(row: Row, number: int, days: dict[str, str]) -> KeyMeaning:
    known = analytics_key(row.first)
    if known is not None:
        return known[0]
    if is_day(row.cell(1)) and len(days) < RANGE_ENDS:
        return "end" if days else "start"
    return "app" if number == 0 else "filter"


def _language(keys: Sequence[Row]) -> str:
    known = [analytics_key(row.first) for row in keys]
    languages = [key[1] for key in known if key is not None]
    shared = frozenset.intersection(*languages) if languages else frozenset()
    return min(shared) if len(shared) == 1 else UNKNOWN_LANGUAGE
