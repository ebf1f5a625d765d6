"""Tables for people, in plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBER = re.compile(r"[\d.,]+( s)?|-")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; cells that are numbers to the right."""
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    lines = [_line(row, widths) for row in (head, ["-" * width for width in widths], *rows)]
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.rjust(w) if NUMBER.fullmatch(cell) else cell.ljust(w) for cell, w in zip(row, widths, strict=True))
    return "  ".join(cells).rstrip()
