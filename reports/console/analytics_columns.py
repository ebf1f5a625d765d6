"""Headings of an App Analytics export: which metric, which member of a breakdown, in which unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reports.console.amounts import PERCENT, currency_of_sign, cut_sign, is_currency_sign
from reports.console.table import Row
from reports.console.vocabulary import Unit, metric_in_heading

UNNAMED = ""


@dataclass(frozen=True)
class AnalyticsColumn:
    """One column of numbers. ``metric`` is empty where the heading is not known and a person must say it.

    ``member`` is the dimension value before the metric ("App Referrer"), None for the whole app.
    ``sign`` is what stands around the numbers; ``currency`` None with unit money must be said by a person.
    ``confirmed`` False: the label is known from the page, no exported file with it was seen.
    """

    position: int
    heading: str
    metric: str
    label: str
    member: str | None
    unit: Unit
    sign: str
    subscriptions: bool = False
    confirmed: bool = True

    @property
    def currency(self) -> str | None:
        return currency_of_sign(self.sign) if self.unit == "money" else None


def read_columns(header: Row, data: Sequence[Row]) -> list[AnalyticsColumn]:
    """The number columns of a table, headings read by the table of labels, else by what they share."""
    headings = [(position, cell) for position, cell in enumerate(header.cells) if position and cell]
    shared = _shared_label([heading for _, heading in headings])
    return [_column(position, heading, shared, data) for position, heading in headings]


def sign_problem(sign: str, column: AnalyticsColumn) -> str | None:
    """Why a cell's sign does not belong into its column, in words; None where it does."""
    if sign == column.sign:
        return None
    if column.unit == "count":
        return f"{sign!r} beside a number in a metric that counts"
    return f"{sign or 'no sign'!r} where the other numbers of the column carry {column.sign or 'no sign'!r}"


def _column(position: int, heading: str, shared: str, data: Sequence[Row]) -> AnalyticsColumn:
    found = metric_in_heading(heading)
    sign = _usual_sign(position, data)
    if found is None:
        rest = " ".join(heading.split()).removesuffix(shared).strip()
        return AnalyticsColumn(position, heading, UNNAMED, shared, rest or None, _unit_of(sign), sign)
    member, metric, label = found
    return AnalyticsColumn(
        position=position,
        heading=heading,
        metric=metric.metric,
        label=label,
        member=member or None,
        unit=metric.unit,
        sign=sign if _unit_of(sign) == metric.unit else "",
        subscriptions=metric.subscriptions,
        confirmed=metric.confirmed,
    )


def _unit_of(sign: str) -> Unit:
    if sign == PERCENT:
        return "percent"
    return "money" if is_currency_sign(sign) else "count"


def _usual_sign(position: int, data: Sequence[Row]) -> str:
    cells = (row.cell(position) for row in data)
    signs = Counter(cut_sign(cell).sign for cell in cells if any(map(str.isdigit, cell)))
    return signs.most_common(1)[0][0] if signs else ""


def _shared_label(headings: Sequence[str]) -> str:
    """Words that all headings end with: in any language the metric, where the columns are its members."""
    split = [heading.split() for heading in headings]
    count = 0
    while all(len(words) > count for words in split) and len({words[-1 - count] for words in split}) == 1:
        count += 1
    return " ".join(split[0][len(split[0]) - count :]) if split else ""
