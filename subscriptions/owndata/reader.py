"""A file of own data as a stream of COPY bytes, with a tally of every line; memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reports.files.decode import Text
from reports.files.dialect import Dialect, choose_dialect, dialect_of, split
from reports.files.errors import BadFile
from reports.files.numbers import MixedNumbers, NumberReading, choose_number_form
from reports.ingest.blocks import Block, BlockParser, OddLine, Shape, blocks
from reports.ingest.cells import Rows, mask_of
from reports.ingest.copy_text import copy_text
from reports.ingest.layouts import HeaderMatch, HeaderProblem, likeness, match_header
from reports.ingest.tally import Tally
from subscriptions.owndata.cells import Reader, readers
from subscriptions.owndata.layouts import LAYOUTS, Content, OwnColumn, OwnLayout

HEAD_LINES, FIRST_LINES = 1000, 40
LINE_BITS = 32
PUT_BACK = "name the columns as in the template"


@dataclass(frozen=True)
class Recognised:
    """How one file is to be read."""

    layout: OwnLayout
    header: HeaderMatch
    header_line: int
    dialect: Dialect
    numbers: NumberReading

    @property
    def warnings(self) -> list[str]:
        """What was not read, and what was read in one of two ways."""
        found = [f"The column {name} is not read." for name in self.header.unknown]
        if self.numbers.doubtful:
            told = ", ".join(self.numbers.doubtful)
            found.append(f"Read with a decimal point, so that a comma parts thousands: {told}.")
        return found


def recognise(text: Text, layout: OwnLayout) -> Recognised:
    """Find the columns. Raises `BadFile` where some are missing, or where the file plainly is of another kind."""
    lines = text.head(HEAD_LINES)
    dialect = _dialect(lines[:FIRST_LINES])
    number = next((n for n, line in enumerate(lines, 1) if line.strip() and not (n == 1 and dialect.sep_line)), None)
    if number is None:
        raise BadFile(file=text.name, seen="a file without any text", do=PUT_BACK)
    cells = [split(line, dialect) for line in lines[number - 1 :]]
    _refuse_other_kinds(cells[0], layout, text.name, number)
    try:
        header = match_header(cells[0], layout.as_read)
    except HeaderProblem as problem:
        seen = f"{problem} (for {layout.kind.replace('_', ' ')})"
        raise BadFile(file=text.name, line=number, seen=seen, do=PUT_BACK) from problem
    _refuse_missing(header, layout, text.name, number)
    return Recognised(layout, header, number, dialect, _numbers(cells[1:], header, layout, text.name))


def _dialect(lines: Sequence[str]) -> Dialect:
    """A single column has no delimiter; its cells may stand in quotes all the same."""
    chosen = choose_dialect(lines)
    return chosen if any(chosen.delimiter in line for line in lines) else dialect_of(",")


def _refuse_other_kinds(cells: Sequence[str], layout: OwnLayout, file: str, line: int) -> None:
    """A list of users is part of every other list; one must not pass for the other."""
    fitting = [each for each in LAYOUTS.values() if likeness(cells, each.as_read) == 1]
    others = [each for each in fitting if each.kind != "users"]
    if layout.kind == "users" and others:
        _refuse(others[0], file, line)
    if fitting and layout not in fitting:
        _refuse((others or fitting)[0], file, line)


def _refuse(found: OwnLayout, file: str, line: int) -> None:
    kind = found.kind.replace("_", " ")
    raise BadFile(file=file, line=line, seen=f"the columns of {kind}", do=f"choose {kind}, or {PUT_BACK}")


def _refuse_missing(header: HeaderMatch, layout: OwnLayout, file: str, line: int) -> None:
    if layout.one_of and not any(all(name in header.positions for name in names) for names in layout.one_of):
        needed = ", or ".join(" and ".join(names) for names in layout.one_of)
        raise BadFile(file=file, line=line, seen=f"neither {needed}", do=PUT_BACK)


def _numbers(rows: Sequence[Sequence[str]], header: HeaderMatch, layout: OwnLayout, file: str) -> NumberReading:
    names = [column.name for column in layout.columns if column.content is Content.PRICE]
    where = [header.positions[name] for name in names]
    try:
        return choose_number_form(row[at] for row in rows for at in where if len(row) > at)
    except MixedNumbers as mixed:
        raise BadFile(file=file, seen=str(mixed), do="write all prices alike, such as 9.99") from mixed


class OwnReader:
    """Iterating yields the bytes of PostgreSQL's COPY in text format for `columns`. Iterate once.

    The id of a row is `upload << 32 | line`. `tally` is complete once the iteration has ended; a line that cannot be
    counted is in the tally's rejects.
    """

    def __init__(self, text: Text, found: Recognised, upload: int) -> None:
        self.text, self.found, self.upload = text, found, upload
        self.columns = found.header.layout.copy_columns
        self.tally = Tally(physical_lines=text.line_count, header_lines=found.header_line)
        self.readers = readers(found.numbers.form)

    def __iter__(self) -> Iterator[bytes]:
        shape = Shape(self.found.header.width, False, self.found.dialect)
        parser = BlockParser(shape, self.text.bad_lines)
        for block in blocks(self.text, self.found.header_line):
            yield from self._chunk(parser, block)
        self.tally.warnings += [*self.text.warnings, *self.found.warnings]
        self.tally.finish()

    def _chunk(self, parser: BlockParser, block: Block) -> Iterator[bytes]:
        parsed = parser.parse(block)
        for odd in parsed.odd:
            self._take_odd_line(odd)
        rows = Rows(parsed.rows, parsed.lines, self.found.header, self.tally)
        rows.check_cells()
        cells = {each.name: self._read(rows, each, self.readers[each.content]) for each in self.found.layout.columns}
        self._refuse_empty(rows)
        columns = rows.accepted({"line": pa.array(rows.lines), **cells})
        if count := len(columns["line"]):
            self.tally.rows_accepted += count
            yield self._copy_bytes(columns)

    def _take_odd_line(self, odd: OddLine) -> None:
        if not odd.why and not odd.text.strip(" \t,;\u00a0"):
            self.tally.blank_lines += 1
            return
        why = odd.why or f"{odd.cells} cells where the header has {self.found.header.width}"
        self.tally.reject(odd.line, "line", odd.text, why)

    def _read(self, rows: Rows, column: OwnColumn, reader: Reader) -> pa.Array:
        """The values of a column; an empty cell is null. Each different text is read once."""
        encoded = rows.column(column.name).dictionary_encode()
        values: list[str | None] = []
        faults: dict[str, str] = {}
        for text in encoded.dictionary.to_pylist():
            try:
                values.append(reader(text) if text else None)
            except ValueError as fault:
                values.append(None)
                faults[text] = str(fault)
        if column.required:
            faults.setdefault("", f"no {column.content.value}")
        if column.name in self.found.header.positions:
            bad = pc.is_in(rows.column(column.name), pa.array(list(faults), pa.string()))
            rows.refuse(mask_of(bad), column.name, lambda text: faults[text])
        return pa.array(values, pa.string()).take(encoded.indices)

    def _refuse_empty(self, rows: Rows) -> None:
        """Rows in which none of the sets of columns that belong together is filled."""
        sets = self.found.layout.one_of
        if not sets:
            return
        filled = [np.logical_and.reduce([mask_of(pc.not_equal(rows.column(n), "")) for n in names]) for names in sets]
        needed = ", or ".join(" and ".join(names) for names in sets)
        name = next(name for names in sets for name in names if name in self.found.header.positions)
        rows.refuse(~np.logical_or.reduce(filled), name, lambda _: f"a row needs {needed}")

    def _copy_bytes(self, columns: dict[str, pa.Array]) -> bytes:
        base = pa.scalar(self.upload << LINE_BITS, pa.int64())
        ids = pc.cast(pc.add(columns["line"], base), pa.string())
        texts = {each.name: self._stored(columns[each.name], each) for each in self.found.layout.columns}
        *first, last = (texts[name] for name in self.found.layout.names)
        return copy_text([ids, pa.scalar(str(self.upload)), *first, last])

    def _stored(self, values: pa.Array, column: OwnColumn) -> pa.Array:
        """Texts that are not told are empty, numbers, moments and days null."""
        texts = (Content.TOKEN, Content.ORIGINAL, Content.PRODUCT, Content.STOREFRONT, Content.CURRENCY)
        return pc.fill_null(values, "") if column.content in texts else values
