"""The cells of a block: trimmed, checked by column, with the first fault of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reports.files.dates import DateForm, date_damage, is_store_day, read_date
from reports.files.numbers import number_damage, why_no_number
from reports.ingest.blocks import Lines
from reports.ingest.layouts import Cell, HeaderMatch
from reports.ingest.tally import Tally

NUMBER = r"-?[0-9]{1,15}(\.[0-9]{1,6})?"
PATTERNS: Mapping[Cell, str] = {
    Cell.NUMBER: rf"^({NUMBER})?$",
    Cell.REQUIRED_NUMBER: rf"^{NUMBER}$",
    Cell.APPLE_ID: r"^([0-9]{1,18})?$",
    Cell.IDENTIFIER: r"^[0-9A-Za-z_-]*$",
    Cell.CURRENCY: r"^([A-Z]{3})?$",
    Cell.RETURN_FLAG: r"^[SR]$",
}
ZERO = r"^-?0*(\.0*)?$"
NO_CURRENCY = "an amount without a currency"
NULL_WHEN_BLANK = frozenset({Cell.NUMBER, Cell.REQUIRED_NUMBER, Cell.APPLE_ID})

Mask = npt.NDArray[np.bool_]


def mask_of(condition: pa.Array) -> Mask:
    """A pyarrow truth column as a numpy mask; null is false."""
    filled: Mask = pc.fill_null(condition, False).to_numpy(zero_copy_only=False)
    return filled


class Rows:
    """The rows of one block as trimmed text by column, and which of them are refused."""

    def __init__(self, table: pa.Table, lines: Lines, header: HeaderMatch, tally: Tally) -> None:
        self.header = header
        self.tally = tally
        cells = [pc.utf8_trim_whitespace(column.combine_chunks()) for column in table.columns]
        blank = _blank_rows(cells, header)
        tally.blank_lines += int(blank.sum())
        self.cells = [cell.filter(pa.array(~blank)) for cell in cells] if blank.any() else cells
        self.lines = lines[~blank]
        self.bad: Mask = np.zeros(len(self.lines), dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.lines)

    def column(self, target: str) -> pa.Array:
        """The trimmed text of a column; '' everywhere where the file lacks it."""
        index = self.header.positions.get(target)
        return pa.repeat(pa.scalar(""), len(self)) if index is None else self.cells[index]

    def refuse(self, faults: Mask, target: str, why: Callable[[str], str]) -> None:
        """Reject the rows with a fault in a column; a row counts once, with its first fault."""
        new = np.flatnonzero(faults & ~self.bad)
        if not len(new):
            return
        self.bad[new] = True
        column, cells = self.header.header_of(target), self.column(target)
        for index in new:
            seen = cells[int(index)].as_py()
            self.tally.reject(int(self.lines[index]), column, seen, why(seen))

    def check_cells(self) -> None:
        """Every cell against the pattern of its column, and no text in the cell beyond the header."""
        for column in self.header.layout.columns:
            pattern = PATTERNS.get(column.cell)
            if pattern is None or column.target not in self.header.positions:
                continue
            sound = pc.match_substring_regex(self.column(column.target), pattern)
            if not pc.all(sound).as_py():
                self.refuse(~mask_of(sound), column.target, _REASONS[column.cell])
        self._check_lengths()
        self._check_trailing_cell()

    def _check_lengths(self) -> None:
        for column in self.header.layout.columns:
            if column.longest is None or column.target not in self.header.positions:
                continue
            cells = self.column(column.target)
            if (pc.max(pc.binary_length(cells)).as_py() or 0) > column.longest:
                too_long = mask_of(pc.greater(pc.utf8_length(cells), column.longest))
                self.refuse(too_long, column.target, _why_too_long)

    def _check_trailing_cell(self) -> None:
        for cells in self.cells[self.header.width :]:
            filled = mask_of(pc.not_equal(cells, ""))
            for index in np.flatnonzero(filled & ~self.bad):
                why = "a cell more than the header has"
                self.tally.reject(int(self.lines[index]), "line", cells[int(index)].as_py(), why)
            self.bad |= filled

    def days(self, target: str, form: DateForm, *, blank: bool = False) -> pa.Array:
        """A column of days as ISO text; rows whose cell is no day, or no `blank` where that may be, are refused."""
        encoded = self.column(target).dictionary_encode()
        found = [read_date(text, form) for text in encoded.dictionary.to_pylist()]
        iso = pa.array([day.isoformat() if day and is_store_day(day) else None for day in found], pa.string())
        days = iso.take(encoded.indices)
        if days.null_count:
            unread = mask_of(pc.is_null(days))
            faults = unread & ~mask_of(pc.equal(self.column(target), "")) if blank else unread
            self.refuse(faults, target, lambda text: _why_no_day(text, form))
        return days

    def accepted(self, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """The columns without the refused rows."""
        if not self.bad.any():
            return dict(columns)
        keep = pa.array(~self.bad)
        return {name: column.filter(keep) for name, column in columns.items()}


def blank_to_null(cells: pa.Array) -> pa.Array:
    """Text with '' as null."""
    return pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)


def _blank_rows(cells: list[pa.Array], header: HeaderMatch) -> Mask:
    """Rows without any text; a required number tells quickly that there are none."""
    required = next((c for c in header.layout.columns if c.cell is Cell.REQUIRED_NUMBER), None)
    if required is not None:
        empty = pc.equal(cells[header.positions[required.target]], "")
        if not pc.any(empty).as_py():
            return np.zeros(len(empty), dtype=np.bool_)
    return mask_of(reduce(pc.and_, (pc.equal(cell, "") for cell in cells)))


def _why_no_apple_id(text: str) -> str:
    return number_damage(text) or "not an Apple identifier (up to 18 digits)"


def refuse_no_currency(rows: Rows, currency: str, amount: str) -> None:
    """Reject rows with an amount other than zero and no currency for it."""
    blank = mask_of(pc.equal(rows.column(currency), ""))
    if blank.any():
        zero = mask_of(pc.match_substring_regex(rows.column(amount), ZERO))
        rows.refuse(blank & ~zero, currency, lambda _: NO_CURRENCY)


def _why_no_identifier(text: str) -> str:
    """A spreadsheet writes long numbers as 1.23457E+12; what was cut off is lost."""
    return number_damage(text) or "not an identifier (letters, digits, - and _)"


def _why_no_currency(_text: str) -> str:
    return "not a currency code (three capital letters)"


def _why_too_long(text: str) -> str:
    return f"a text of {len(text):,} characters, more than any of Apple's"


def _why_no_flag(_text: str) -> str:
    return "neither S (sale) nor R (return)"


def _why_no_day(text: str, form: DateForm) -> str:
    if not text:
        return "no day"
    if read_date(text, form):
        return "a year without an App Store"
    return date_damage(text) or f"not a day written {form.value}"


_REASONS: Mapping[Cell, Callable[[str], str]] = {
    Cell.NUMBER: why_no_number,
    Cell.REQUIRED_NUMBER: why_no_number,
    Cell.APPLE_ID: _why_no_apple_id,
    Cell.IDENTIFIER: _why_no_identifier,
    Cell.CURRENCY: _why_no_currency,
    Cell.RETURN_FLAG: _why_no_flag,
}
