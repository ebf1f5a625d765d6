"""Delimiter and quoting of a text table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

CANDIDATES = ("\t", ";", ",")
SEP_LINE = re.compile(r'"?sep=([\t;,])"?[\t;, ]*', re.IGNORECASE)
DELIMITER_NAMES = {"\t": "tab", ";": "semicolon", ",": "comma"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How lines are cut into cells.

    `quoting` tells whether a double quote at the start of a cell encloses it. Apple's tab files know no
    quoting (a title may hold a lone quote); comma and semicolon files do. `sep_line` is true where the first
    line is Excel's `sep=;` and is no data.
    """

    delimiter: str
    quoting: bool
    sep_line: bool = False

    @property
    def name(self) -> str:
        """The delimiter in words."""
        return DELIMITER_NAMES.get(self.delimiter, repr(self.delimiter))


def dialect_of(delimiter: str, *, sep_line: bool = False) -> Dialect:
    """The dialect that goes with a delimiter: tab without quoting, all others with."""
    return Dialect(delimiter=delimiter, quoting=delimiter != "\t", sep_line=sep_line)


def choose_dialect(lines: Sequence[str]) -> Dialect:
    """The dialect of a file, by its first lines (20 are plenty).

    A first line `sep=;` decides (Excel writes and obeys it). Else the delimiter that cuts the most lines into
    the same, largest number of cells; a file with none of them counts as tab.
    """
    announced = SEP_LINE.fullmatch(lines[0]) if lines else None
    if announced is not None:
        return dialect_of(announced[1], sep_line=True)
    return dialect_of(max(CANDIDATES, key=lambda delimiter: _weight(lines, delimiter)))


def split(line: str, dialect: Dialect) -> list[str]:
    """The cells of one line without its line end, untrimmed. Text after a closing quote stays in its cell."""
    if not dialect.quoting:
        return line.split(dialect.delimiter)
    try:
        return next(csv.reader([line], delimiter=dialect.delimiter), [""])
    except csv.Error:  # a cell of more than 128 KB: no row, but its line is still to be named
        return line.split(dialect.delimiter)


def quote_stays_open(line: str, dialect: Dialect) -> bool:
    """Whether a cell that begins with a double quote goes on beyond the line: cut off, or in the next line."""
    if not dialect.quoting or '"' not in line:
        return False
    return _closed_line(dialect.delimiter).fullmatch(line) is None


@lru_cache(maxsize=len(CANDIDATES))
def _closed_line(delimiter: str) -> re.Pattern[str]:
    d = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"(?!")[^{d}]*|[^"{d}][^{d}]*|)'
    return re.compile(rf"{cell}(?:{d}{cell})*")


def has_open_quote(line: str) -> bool:
    """Whether a quoted cell goes on beyond the line (an odd number of double quotes)."""
    return line.count('"') % 2 == 1


def _weight(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    dialect = dialect_of(delimiter)
    counts = Counter(len(split(line, dialect)) for line in lines if line.strip())
    tables = {cells: seen for cells, seen in counts.items() if cells > 1}
    if not tables:
        return (0, 0)
    cells = max(tables)
    return (cells, tables[cells])
