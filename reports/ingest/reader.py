"""A report file as a stream of COPY bytes, with a tally of every line; memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reports.files.decode import Text
from reports.files.dialect import has_open_quote, split
from reports.ingest.ahead import ahead
from reports.ingest.blocks import NO_TEXT, Block, BlockParser, OddLine, Shape, blocks
from reports.ingest.cells import NULL_WHEN_BLANK, Rows, blank_to_null, mask_of
from reports.ingest.copy_text import copy_text
from reports.ingest.extra import extra_column
from reports.ingest.footers import Footers, cut_at_footers
from reports.ingest.layouts import Cell, Column
from reports.ingest.measures import FinanceMeasures, measures_of
from reports.ingest.recognise import ReportLayout
from reports.ingest.tally import Tally
from reports.ingest.totals import check_totals

LINE_BITS = 32
DAYS_WITHOUT_BLANK = frozenset({"start_day", "end_day", "transaction_day", "settlement_day"})


def read(
    text: Text, layout: ReportLayout, *, file_id: int, lines_before: int = 0, apple_id: int | None = None
) -> Reader:
    """A reader over the rows of a report; iterate it to the end, then look at its tally.

    `lines_before`: of a file in several segments, the lines of those that come first; they are counted on.
    `apple_id`: the app that an analytics report was asked for; rows of another one are refused.
    """
    return Reader(text, layout, file_id=file_id, lines_before=lines_before, apple_id=apple_id)


class Reader:
    """Iterating yields the bytes of PostgreSQL's COPY in text format (UTF-8) for `copy_columns`.

    Iterate once. The id of a row is `file_id << 32 | line`, its line counted over all segments. `tally` is complete
    once the iteration has ended. A line that cannot be counted is in the tally's rejects; nothing is raised for it.
    """

    def __init__(
        self, text: Text, layout: ReportLayout, *, file_id: int, lines_before: int = 0, apple_id: int | None = None
    ) -> None:
        self.text = text
        self.layout = layout
        self.first_id = (file_id << LINE_BITS) + lines_before
        self.copy_columns = layout.copy_columns
        self.tally = Tally(physical_lines=text.line_count, header_lines=layout.header_line)
        self.footers = Footers()
        self.measures = measures_of(layout, apple_id)
        self.bad_lines = {bad.line for bad in text.bad_lines}
        self.period: tuple[str, str] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return ahead(self._chunks())

    def _chunks(self) -> Iterator[bytes]:
        header = self.layout.header
        shape = Shape(header.width, header.layout.trailing_cell, self.layout.dialect)
        parser = BlockParser(shape, self.text.bad_lines)
        in_footers = False
        for block in blocks(self.text, self.layout.header_line):
            rows, footers = (None, block) if in_footers else self._cut(block)
            if rows is not None and rows.data:
                yield from self._chunk(parser, rows)
            if footers is not None:
                in_footers = True
                self._read_footers(footers)
        self._finish()

    def _cut(self, block: Block) -> tuple[Block, Block | None]:
        return cut_at_footers(block) if self.layout.header.layout.totals else (block, None)

    def _chunk(self, parser: BlockParser, block: Block) -> Iterator[bytes]:
        parsed = parser.parse(block)
        for odd in parsed.odd:
            self._take_odd_line(odd)
        rows = Rows(parsed.rows, parsed.lines, self.layout.header, self.tally)
        columns = self._accepted_columns(rows)
        count = len(columns["line"])
        if not count:
            return
        self.tally.rows_accepted += count
        self.measures.add(columns, self.tally)
        yield self._copy_bytes(columns)

    def _take_odd_line(self, odd: OddLine) -> None:
        if not odd.why and not odd.text.strip(" \t,;\u00a0"):
            self.tally.blank_lines += 1
            return
        if self.layout.header.layout.totals and self.footers.read_old_total(odd.line, odd.text):
            self.tally.footer_lines += 1
            return
        why = odd.why or f"{odd.cells} cells where the header has {self.layout.header.width}"
        self.tally.reject(odd.line, "line", odd.text, why)

    def _accepted_columns(self, rows: Rows) -> dict[str, pa.Array]:
        rows.check_cells()
        self.measures.refuse(rows)
        columns = {"line": pa.array(rows.lines)}
        for column in self.layout.header.layout.columns:
            columns[column.target] = self._cells(rows, column)
        self._refuse_other_periods(rows, columns)
        columns["extra"] = extra_column(rows)
        return rows.accepted(columns)

    def _cells(self, rows: Rows, column: Column) -> pa.Array:
        if column.cell in (Cell.DAY, Cell.DAY_OR_BLANK):
            return rows.days(column.target, self.layout.date_form, blank=column.cell is Cell.DAY_OR_BLANK)
        cells = rows.column(column.target)
        return blank_to_null(cells) if column.cell in NULL_WHEN_BLANK else cells

    def _refuse_other_periods(self, rows: Rows, columns: dict[str, pa.Array]) -> None:
        """All rows of a sales or region file carry the same two days; the first row sets them."""
        start_name = "day" if "day" in columns else "start_day"
        if start_name not in columns or "end_day" not in columns:
            return
        start, end = columns[start_name], columns["end_day"]
        backwards = "the last day is before the first"
        rows.refuse(mask_of(pc.less(end, start)), "end_day", lambda _: backwards)
        if self.period is None and not rows.bad.all():
            first = int(np.argmin(rows.bad))
            self.period = (start[first].as_py(), end[first].as_py())
        if self.period is not None:
            other = f"another period than the rows before ({' to '.join(self.period)})"
            rows.refuse(mask_of(pc.not_equal(start, self.period[0])), start_name, lambda _: other)
            rows.refuse(mask_of(pc.not_equal(end, self.period[1])), "end_day", lambda _: other)

    def _copy_bytes(self, columns: dict[str, pa.Array]) -> bytes:
        constants = self._constants()
        base = pa.scalar(self.first_id, pa.int64())
        columns["id"] = pc.cast(pc.add(columns["line"], base), pa.string())
        return copy_text([columns.get(name, constants[name]) for name in self.copy_columns])

    def _constants(self) -> dict[str, pa.Scalar]:
        """Values of columns that this report type lacks: the preamble's period, null days, '' for text."""
        preamble = self.layout.preamble
        days = {"start_day": preamble.start_day, "end_day": preamble.end_day}
        nothing = dict.fromkeys(DAYS_WITHOUT_BLANK)
        texts = dict.fromkeys(self.copy_columns, "")
        values = {**texts, **nothing, **{name: day and day.isoformat() for name, day in days.items()}}
        return {name: pa.scalar(value, pa.string()) for name, value in values.items()}

    def _read_footers(self, block: Block) -> None:
        lines = block.data.decode("utf-8").removesuffix("\n").split("\n")
        for number, line in enumerate(lines, start=block.first_line):
            cells = [line] if has_open_quote(line) else split(line, self.layout.dialect)
            if not "".join(cells).strip():
                self.tally.blank_lines += 1
                continue
            why = NO_TEXT if number in self.bad_lines else self.footers.read(number, cells)
            if why is not None:
                self.tally.reject(number, "line", line, why)
                continue
            self.tally.footer_lines += 1

    def _finish(self) -> None:
        tally, preamble = self.tally, self.layout.preamble
        tally.warnings[:0] = [*self.text.warnings, *self.layout.warnings]
        tally.start_day, tally.end_day = preamble.start_day, preamble.end_day
        if self.period is not None:
            tally.start_day, tally.end_day = (date.fromisoformat(day) for day in self.period)
        self.measures.finish(tally)
        if isinstance(self.measures, FinanceMeasures):
            tally.totals = check_totals(
                self.footers.stated, self.measures.by_country, tally, table_line=self.footers.table_line
            )
        self._warn_of_a_cut_file()
        tally.finish()
        self._check_conservation()

    def _warn_of_a_cut_file(self) -> None:
        if not self.text.ends_with_newline:
            self.tally.warnings.append("the last line has no line end: the file may be cut")
        if self.layout.header.layout.totals and not self.footers.stated:
            self.tally.warnings.append("no totals in the file: it may be cut or re-saved")

    def _check_conservation(self) -> None:
        tally = self.tally
        ends = tally.rows_read + tally.blank_lines + tally.footer_lines + tally.header_lines
        if ends != tally.physical_lines:
            raise ArithmeticError(f"{self.text.name}: {ends} lines accounted for of {tally.physical_lines}")
