"""A text cut into blocks of whole lines, and a block cut into cells by pyarrow."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from reports.files.decode import BadLine, Text
from reports.files.dialect import Dialect

BLOCK_SIZE = 4 << 20
MOST_LINES = 100_000
MAX_LINE = 1 << 20
NO_TEXT = "a line that cannot be read as text"

Lines = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a text as bytes; `first_line` is the number of the first."""

    data: bytes
    first_line: int
    line_count: int

    @classmethod
    def of(cls, data: bytes, first_line: int) -> Block:
        """A block of these bytes; the last line may lack its line end."""
        return cls(data, first_line, data.count(b"\n") + bool(data) * (not data.endswith(b"\n")))


@dataclass(frozen=True, slots=True)
class OddLine:
    """A line that gives no row: its number, its text, and why ('' where only its count of cells is wrong)."""

    line: int
    text: str
    why: str
    cells: int = 0


@dataclass(frozen=True, slots=True)
class Parsed:
    """The rows of a block as strings, the line of each row, and the lines that gave none."""

    rows: pa.Table
    lines: Lines
    odd: tuple[OddLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """Cells per row as the header has them, and whether one empty cell more is lawful."""

    width: int
    trailing_cell: bool
    dialect: Dialect

    @property
    def widths(self) -> tuple[int, ...]:
        """Lawful numbers of cells, the usual one first."""
        return (self.width + 1, self.width) if self.trailing_cell else (self.width,)

    def names(self, width: int) -> list[str]:
        """Column names of a parsed table: the cell's index."""
        return [str(index) for index in range(width)]


def blocks(text: Text, skip_lines: int) -> Iterator[Block]:
    """The text after its first lines, in blocks of about 4 MB."""
    line = skip_lines + 1
    with text.path.open("rb") as file:
        for _ in range(skip_lines):
            file.readline()
        while data := file.read(BLOCK_SIZE):
            block = Block.of(data + file.readline(), line)
            yield from _of_bounded_lines(block)
            line += block.line_count


def _of_bounded_lines(block: Block) -> Iterator[Block]:
    """A block of very short lines in pieces: an odd line takes a hundred times its size while it is looked at."""
    if block.line_count <= MOST_LINES:
        yield block
        return
    ends = np.flatnonzero(np.frombuffer(block.data, dtype=np.uint8) == ord("\n")) + 1
    cuts = [0, *map(int, ends[MOST_LINES - 1 :: MOST_LINES]), len(block.data)]
    for number, (start, end) in enumerate(pairwise(cuts)):
        if start < end:
            yield Block.of(block.data[start:end], block.first_line + number * MOST_LINES)


class BlockParser:
    """Cuts blocks into cells: quickly where all lines are sound, else line by line for the odd ones."""

    def __init__(self, shape: Shape, bad_lines: Sequence[BadLine]) -> None:
        self.shape = shape
        self.bad_lines = bad_lines
        self.bad_numbers = [bad.line for bad in bad_lines]
        self.closed = _closed_line(shape.dialect.delimiter)
        self.open_since = 0

    def parse(self, block: Block) -> Parsed:
        """Rows and odd lines of a block; together they are all its lines."""
        bad = self._bad_in(block)
        if not (bad or self.open_since or _may_hold_long_line(block.data)):
            for width in self.shape.widths:
                rows = self._all_sound(block, width)
                if rows is not None:
                    return Parsed(rows, np.arange(block.first_line, block.first_line + rows.num_rows))
        return self._sift(block, bad)

    def _bad_in(self, block: Block) -> dict[int, str]:
        start = bisect_left(self.bad_numbers, block.first_line)
        end = bisect_left(self.bad_numbers, block.first_line + block.line_count)
        return {bad.line: f"{NO_TEXT}: {bad.what}" for bad in self.bad_lines[start:end]}

    def _all_sound(self, block: Block, width: int) -> pa.Table | None:
        """All lines as rows of one width, or None. A quoted cell over two lines shows as a row too few."""
        try:
            rows = self._read(block.data, width, csv.ParseOptions(**self._parse_options()))
        except pa.ArrowInvalid:
            return None
        return rows if rows.num_rows == block.line_count else None

    def _sift(self, block: Block, bad: dict[int, str]) -> Parsed:
        lines = block.data.removesuffix(b"\n").split(b"\n")
        odd = self._odd_lines(lines, block.first_line, bad)
        dropped = {line.line for line in odd}
        numbers = [n for n in range(block.first_line, block.first_line + len(lines)) if n not in dropped]
        parts: list[tuple[pa.Table, list[int]]] = []
        for width in reversed(self.shape.widths):
            rows, taken, ragged = self._read_ragged(lines, numbers, block.first_line, width)
            parts.append((rows, taken))
            numbers = [line.line for line in ragged]
        return self._joined(parts, [*odd, *ragged])

    def _odd_lines(self, lines: list[bytes], first_line: int, bad: dict[int, str]) -> list[OddLine]:
        why = {n: "a line of more than 1 MB" for n, line in enumerate(lines, first_line) if len(line) > MAX_LINE}
        why |= bad
        if self.shape.dialect.quoting:
            why |= self._open_quotes(lines, first_line)
        return [OddLine(n, _shown(lines[n - first_line]), why[n]) for n in sorted(why)]

    def _open_quotes(self, lines: list[bytes], first_line: int) -> dict[int, str]:
        """Lines from one that leaves a quote open to the next with an unpaired quote: no cell spans lines."""
        why = {}
        for number, line in enumerate(lines, first_line):
            closes = self.open_since > 0 and line.count(b'"') % 2 == 1
            opens = not self.open_since and b'"' in line and not self.closed.fullmatch(line)
            self.open_since = number if opens else self.open_since
            if self.open_since:
                why[number] = f"a quoted cell goes over the line end (opened in line {self.open_since})"
            self.open_since = 0 if closes else self.open_since
        return why

    def _read_ragged(
        self, lines: list[bytes], numbers: list[int], first_line: int, width: int
    ) -> tuple[pa.Table, list[int], list[OddLine]]:
        ragged: dict[int, OddLine] = {}

        def skip(row: csv.InvalidRow) -> str:
            index = row.number - 1
            ragged[index] = OddLine(numbers[index], row.text, "", row.actual_columns)
            return "skip"

        if not numbers:
            return pa.table({name: pa.array([], pa.string()) for name in self.shape.names(width)}), [], []
        data = b"\n".join(lines[number - first_line] for number in numbers) + b"\n"
        options = csv.ParseOptions(**self._parse_options(), invalid_row_handler=skip)
        rows = self._read(data, width, options)
        taken = [number for index, number in enumerate(numbers) if index not in ragged]
        if len(taken) != rows.num_rows:
            raise ArithmeticError(f"{rows.num_rows} rows from {len(taken)} lines after line {first_line}")
        return rows, taken, list(ragged.values())

    def _joined(self, parts: list[tuple[pa.Table, list[int]]], odd: list[OddLine]) -> Parsed:
        widest = max(self.shape.widths)
        tables = [_widened(rows, self.shape.names(widest)) for rows, _ in parts]
        numbers = np.array([number for _, taken in parts for number in taken], dtype=np.int64)
        order = np.argsort(numbers, kind="stable")
        rows = pa.concat_tables(tables).take(pa.array(order)).combine_chunks()
        return Parsed(rows, numbers[order], tuple(odd))

    def _parse_options(self) -> dict[str, object]:
        quote = '"' if self.shape.dialect.quoting else False
        return {"delimiter": self.shape.dialect.delimiter, "quote_char": quote, "ignore_empty_lines": False}

    def _read(self, data: bytes, width: int, options: csv.ParseOptions) -> pa.Table:
        """The text was decoded before, so it is not checked again; the other processor works for the database."""
        names = self.shape.names(width)
        text = dict.fromkeys(names, pa.string())
        return csv.read_csv(
            pa.BufferReader(data),
            read_options=csv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
            parse_options=options,
            convert_options=csv.ConvertOptions(column_types=text, strings_can_be_null=False, check_utf8=False),
        )


def _closed_line(delimiter: str) -> re.Pattern[bytes]:
    """A line whose quoted cells all end in it; text after a closing quote belongs to the cell."""
    d = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"(?!")[^{d}]*|[^"{d}][^{d}]*|)'
    return re.compile(rf"{cell}(?:{d}{cell})*".encode())


def _may_hold_long_line(data: bytes) -> bool:
    """Whether some half of the longest lawful line passes without a line end; false rules a longer one out."""
    half = MAX_LINE // 2
    return any(data.find(b"\n", start, start + half) < 0 for start in range(0, len(data), half))


def _shown(line: bytes) -> str:
    return line[:1000].decode("utf-8", "replace")


def _widened(rows: pa.Table, names: list[str]) -> pa.Table:
    for name in names[rows.num_columns :]:
        rows = rows.append_column(name, pa.repeat(pa.scalar(""), rows.num_rows))
    return rows
