"""What a person should know about an App Analytics export before it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from reports.console.analytics_columns import AnalyticsColumn
from reports.console.analytics_shape import AnalyticsKeys, AnalyticsShape
from reports.console.breakdowns import Dimension
from reports.console.documents import Grain
from reports.console.periods import gaps, period_end
from reports.files.dates import DateForm, read_date

GAPS_NAMED = 5


def date_warnings(form: DateForm, keys: AnalyticsKeys, shape: AnalyticsShape) -> Iterable[str]:
    days = [day for day in (keys.start, keys.end, *(row.first for row in shape.data)) if day]
    if form is not DateForm.MDY_SLASH or keys.language == "en" or _proves_month_first(days):
        return
    yield "No day proves whether month or day comes first: days are read month first, as in English exports."


def period_warnings(days: Sequence[date], grain: Grain, stated: tuple[date, date] | None) -> Iterable[str]:
    if not days:
        yield "The file has no rows of days."
        return
    missing = gaps(days, grain)
    if missing:
        named = ", ".join(f"{start} to {end}" if start < end else f"{start}" for start, end in missing[:GAPS_NAMED])
        more = f" and {len(missing) - GAPS_NAMED} more" if len(missing) > GAPS_NAMED else ""
        yield f"No row for {named}{more}: these days stay unknown."
    yield from _range_warnings(days, grain, stated)
    if grain == "month":
        yield f"The month {days[-1]:%Y-%m} may be cut: a monthly file does not say up to which day it counts."


def _range_warnings(days: Sequence[date], grain: Grain, stated: tuple[date, date] | None) -> Iterable[str]:
    """Month files state a range that begins after their first row, so only daily ranges must agree at both ends."""
    if stated is None:
        yield "The file states no first and last day that can be read: rows that are cut off cannot be noticed."
        return
    daily, last = grain == "day", period_end(days[-1], grain)
    if (daily and stated != (days[0], days[-1])) or not days[-1] <= stated[1] <= last:
        yield f"The file states {stated[0]} to {stated[1]}; its rows go from {days[0]} to {last}."


def column_warnings(columns: Sequence[AnalyticsColumn]) -> Iterable[str]:
    for column in columns:
        if not column.confirmed:
            yield f"{column.label}: known from the page only, no file with this heading was seen; check its rows."
        if column.unit == "percent" and not column.sign:
            yield f"{column.heading}: numbers without a percent sign are kept as they stand."


def breakdown_warnings(by: Dimension | None) -> Iterable[str]:
    if by is not None and not by.confirmed:
        yield f"Read as a breakdown {by.scope}: the file does not say what its columns are. Check their names."


def _proves_month_first(days: Iterable[str]) -> bool:
    return any(read_date(day, DateForm.MDY_SLASH) and not read_date(day, DateForm.DMY_SLASH) for day in days)
