"""Rows and headings of a payments file: which line is a region, which column is what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reports.console.amounts import is_iso_currency
from reports.console.table import Row
from reports.console.titles import UNKNOWN_LANGUAGE
from reports.console.vocabulary import payments_column, payments_layouts
from reports.files.errors import BadFile

# Nine columns is the shortest of the four layouts (pending, nothing carried forward).
FEWEST_COLUMNS = 9
REQUIRED = ("region", "earned", "total_owed", "proceeds")
RATE = "exchange_rate"
DOWNLOAD_AGAIN = "download financial_report.csv again from Payments and Financial Reports and do not edit it"

_REGION = re.compile(r"(?P<label>.*\S)\s*[(\uff08](?P<currency>[A-Z]{3})[)\uff09]", re.ASCII)


@dataclass(frozen=True)
class PaymentsColumns:
    """Position of every named column; ``by_position`` where the heading's words were not known."""

    positions: dict[str, int]
    headings: dict[int, str]
    language: str
    by_position: bool
    width: int

    @property
    def settled(self) -> bool:
        """Only settled months carry an exchange rate; pending ones are estimates. Source: apple-slicer."""
        return RATE in self.positions


def region_of_row(row: Row) -> tuple[str, str] | None:
    """(label, ISO 4217 code) of a row such as ``Switzerland (CHF)``, None for any other row."""
    found = _REGION.fullmatch(row.first)
    if found is None or not is_iso_currency(found["currency"]):
        return None
    return found["label"], found["currency"]


def is_header(row: Row, following: Row | None) -> bool:
    """A heading stands directly above a region row, in words of any language and without a number.

    A region row that lost its currency stands above one too; its numbers tell it from a heading.
    """
    if following is None or region_of_row(following) is None or region_of_row(row) is not None:
        return False
    worded = not any(map(str.isdigit, "".join(row.cells)))
    return worded and bool(row.first) and len(row.filled) >= FEWEST_COLUMNS


def read_header(file: str, row: Row) -> PaymentsColumns:
    """The columns by their words where all are known, else by the order of the layout with as many columns.

    The order of columns is the same in every language seen. Raises ``BadFile`` where neither way fits.
    Source: the four layouts of fedoco/apple-slicer and its issue 2.
    """
    known = [payments_column(heading) for heading in row.cells]
    names = [column[0] for column in known if column is not None]
    if len(names) == len(row.cells) and len(set(names)) == len(names) and set(REQUIRED) <= set(names):
        languages = {column[1] for column in known if column is not None}
        return _columns(row, names, min(languages), by_position=False)
    return _columns_by_position(file, row, [column and column[0] for column in known])


def _columns_by_position(file: str, row: Row, known: Sequence[str | None]) -> PaymentsColumns:
    layout = next((one for one in payments_layouts() if len(one.columns) == len(row.cells)), None)
    agrees = layout is not None and all(
        name in (None, expected) for name, expected in zip(known, layout.columns, strict=True)
    )
    if layout is None or not agrees:
        seen = f"a heading of {len(row.cells)} columns that fits no known layout: {', '.join(row.cells)}"
        raise BadFile(file=file, line=row.line, seen=seen[:300], do=DOWNLOAD_AGAIN)
    language = "de" if payments_column(row.first) == ("region", "de") else UNKNOWN_LANGUAGE
    return _columns(row, layout.columns, language, by_position=True)


def _columns(row: Row, names: Sequence[str], language: str, *, by_position: bool) -> PaymentsColumns:
    return PaymentsColumns(
        positions={name: position for position, name in enumerate(names)},
        headings=dict(enumerate(row.cells)),
        language=language,
        by_position=by_position,
        width=len(row.cells),
    )
