"""Lines of a console file as rows of trimmed cells, each with its physical line number."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reports.files.decode import Text
from reports.files.dialect import CANDIDATES, Dialect, choose_dialect, dialect_of, quote_stays_open, split
from reports.files.errors import BadFile

HEAD_LINES = 60
#: One row a day since 2008 is 7,000 lines; these bounds keep a file that is read whole within bounded memory.
MOST_LINES, MOST_BYTES = 10_000, 4 << 20
HAND_IN_LESS = "export a shorter period, or hand in the download as it came"


@dataclass(frozen=True, slots=True)
class Row:
    """One physical line, cells trimmed of blanks and enclosing quotes, empty cells at the end dropped.

    ``width`` counts the cells with the empty ones at the end: a blank cell is unknown, a missing one is damage.
    """

    line: int
    cells: tuple[str, ...]
    width: int

    @property
    def first(self) -> str:
        return self.cells[0] if self.cells else ""

    @property
    def blank(self) -> bool:
        return not self.cells

    @property
    def filled(self) -> tuple[str, ...]:
        return tuple(cell for cell in self.cells if cell)

    def cell(self, position: int) -> str:
        """The cell at a position from 0; empty where the row is shorter."""
        return self.cells[position] if position < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file cut with one delimiter. ``bad``: lines whose cells cannot be trusted, with the reason."""

    file: str
    rows: tuple[Row, ...]
    dialect: Dialect
    encoding: str
    bad: Mapping[int, str]
    text_warnings: tuple[str, ...]


def head_rows(text: Text, delimiter: str) -> list[Row]:
    """The first lines cut with one delimiter, to try a shape on."""
    return _cut(text.head(HEAD_LINES), dialect_of(delimiter, sep_line=_sep_line(text)))


def read_table(text: Text, delimiter: str, file_name: str) -> Table:
    """Every line of the file: console files are small, a row a day or a region. Raises ``BadFile`` for a huge one."""
    _check_size(text, file_name)
    dialect = dialect_of(delimiter, sep_line=_sep_line(text))
    return Table(
        file=file_name,
        rows=tuple(_cut(text.lines(), dialect)),
        dialect=dialect,
        encoding=text.encoding,
        bad=_bad_lines(text, dialect),
        text_warnings=text.warnings,
    )


def _check_size(text: Text, file_name: str) -> None:
    size = text.path.stat().st_size
    if text.line_count > MOST_LINES or size > MOST_BYTES:
        seen = f"an export of {text.line_count:,} lines and {size:,} bytes (at most {MOST_LINES:,} and {MOST_BYTES:,})"
        raise BadFile(file=file_name, seen=seen, do=HAND_IN_LESS)


def _bad_lines(text: Text, dialect: Dialect) -> dict[int, str]:
    """A quote that stays open may hide the rest of its cell, also where the file was cut."""
    open_quotes = (number for number, line in enumerate(text.lines(), start=1) if quote_stays_open(line, dialect))
    bad = dict.fromkeys(open_quotes, "a quoted cell goes over the line end")
    return bad | {line.line: "bytes that are no text in this line" for line in text.bad_lines}


def delimiters(text: Text) -> Sequence[str]:
    """Delimiters in the order to try: Excel's ``sep=`` line decides alone."""
    announced = choose_dialect(text.head(1))
    return (announced.delimiter,) if announced.sep_line else CANDIDATES


def _sep_line(text: Text) -> bool:
    return choose_dialect(text.head(1)).sep_line


def _cut(lines: Iterable[str], dialect: Dialect) -> list[Row]:
    rows = [_row(number, line, dialect) for number, line in enumerate(lines, start=1)]
    if dialect.sep_line and rows:
        rows[0] = Row(1, (), 0)
    return rows


def _row(number: int, line: str, dialect: Dialect) -> Row:
    try:
        cells = [_trimmed(cell, dialect) for cell in split(line, dialect)]
    except csv.Error:
        return Row(number, (line.strip(),), 1)
    width = len(cells)
    while cells and not cells[-1]:
        cells.pop()
    return Row(number, tuple(cells), width)


def _trimmed(cell: str, dialect: Dialect) -> str:
    """Tab files seen carry quotes around amounts although a tab needs none."""
    bare = cell.strip()
    if not dialect.quoting and len(bare) > 1 and bare[0] == bare[-1] == '"':
        return bare[1:-1].replace('""', '"').strip()
    return bare
