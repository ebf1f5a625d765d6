"""The totals that finance reports end with: `Total_...` lines, a table by country and currency."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from reports.files.numbers import decimal_of, why_no_number
from reports.ingest.blocks import Block
from reports.ingest.layouts import fold

OPENING = re.compile(rb'"?\s*(total_(rows|amount|units)|country (or region )?of sale|region of sale)', re.IGNORECASE)
FIRST_LETTERS = np.frombuffer(b'TtCcRr" ', dtype=np.uint8)
TOTAL = re.compile(r"total_(rows|amount|units)\s*:?\s*(\S*)", re.IGNORECASE)
# Before February 2009 the amount stood in the last cells of a line of its own: `Total<TAB>32.68 AUD`.
OLD_TOTAL = re.compile(r"(?:.*\t)?\s*Total\t\s*(-?[0-9]+(?:\.[0-9]+)?) ([A-Z]{3})\s*", re.IGNORECASE)

TABLE_HEADERS = {
    "countryofsale": "country",
    "regionofsale": "country",
    "countryorregionofsale": "country",
    "partnersharecurrency": "currency",
    "quantity": "quantity",
    "extendedpartnershare": "amount",
}


@dataclass(frozen=True, slots=True)
class StatedTotal:
    """A total as the file states it; country and currency are '' where it is not broken down."""

    name: str
    line: int
    value: Decimal
    country: str = ""
    currency: str = ""


@dataclass(slots=True)
class Footers:
    """Reads footer lines one by one and keeps what they state."""

    stated: list[StatedTotal] = field(default_factory=list)
    table: dict[str, int] | None = None
    table_line: int | None = None

    def read(self, line: int, cells: Sequence[str]) -> str | None:
        """Take one footer line that is not blank; the reason where it cannot be read."""
        filled = [cell.strip() for cell in cells]
        total = TOTAL.fullmatch(filled[0])
        if total is not None:
            return self._read_total(line, total, filled)
        if fold(filled[0]) in TABLE_HEADERS and self.table is None:
            return self._read_table_header(line, filled)
        if self.table is not None and len(filled) > max(self.table.values()):
            return self._read_table_row(line, filled, self.table)
        return "a line after the totals that is no total"

    def read_old_total(self, line: int, text: str) -> bool:
        """Whether a line is the total as it was before February 2009; if so it is kept."""
        found = OLD_TOTAL.fullmatch(text)
        if found is None:
            return False
        self.stated.append(StatedTotal("Total", line, decimal_of(found[1]), currency=found[2].upper()))
        return True

    def _read_total(self, line: int, found: re.Match[str], cells: Sequence[str]) -> str | None:
        name = f"Total_{found[1].capitalize()}"
        values = [value for value in (found[2], *cells[1:]) if value]
        if len(values) != 1:
            return f"{name} with {len(values)} values"
        if any(total.name == name for total in self.stated):
            return f"{name} stands twice"
        return self._keep(StatedTotal(name, line, Decimal(0)), values[0])

    def _read_table_header(self, line: int, cells: Sequence[str]) -> str | None:
        named = [(TABLE_HEADERS[fold(cell)], i) for i, cell in enumerate(cells) if fold(cell) in TABLE_HEADERS]
        found = dict(named)
        if len(named) > len(found) or set(found) != set(TABLE_HEADERS.values()):
            return "the header of a totals table with columns missing or twice"
        self.table, self.table_line = found, line
        return None

    def _read_table_row(self, line: int, cells: Sequence[str], table: dict[str, int]) -> str | None:
        country, currency = cells[table["country"]], cells[table["currency"]]
        quantity = StatedTotal("Quantity", line, Decimal(0), country, currency)
        amount = StatedTotal("Extended Partner Share", line, Decimal(0), country, currency)
        why = why_no_total(cells[table["quantity"]]) or why_no_total(cells[table["amount"]])
        if why is not None:
            return why
        self._keep(quantity, cells[table["quantity"]])
        return self._keep(amount, cells[table["amount"]])

    def _keep(self, total: StatedTotal, value: str) -> str | None:
        why = why_no_total(value)
        if why is None:
            kept = StatedTotal(total.name, total.line, decimal_of(value), total.country, total.currency)
            self.stated.append(kept)
        return why


def why_no_total(value: str) -> str | None:
    """The reason why a cell cannot be a total, else None."""
    try:
        decimal_of(value)
    except ValueError:
        return f"a total that is no number: {why_no_number(value)}"
    return None


def cut_at_footers(block: Block) -> tuple[Block, Block | None]:
    """The rows of a block, and the rest from the first footer line on (None where there is none)."""
    data = np.frombuffer(block.data, dtype=np.uint8)
    starts = np.concatenate(([0], np.flatnonzero(data == ord("\n")) + 1))
    starts = starts[starts < data.size]
    likely = np.isin(data[starts], FIRST_LETTERS)
    for index in np.flatnonzero(likely):
        start = int(starts[index])
        if OPENING.match(block.data, start):
            rest = Block.of(block.data[start:], block.first_line + int(index))
            return Block.of(block.data[:start], block.first_line), rest
    return block, None
