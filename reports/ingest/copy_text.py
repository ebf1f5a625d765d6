"""Columns as the text that PostgreSQL's COPY reads: a tab between cells, \\N for null, a line feed after each row."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

NULL = r"\N"
#: What ends a cell or a row, and the backslash itself, are written with a backslash (PostgreSQL, COPY, text format).
ESCAPES = (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"))


def copy_text(columns: Sequence[pa.Array | pa.Scalar]) -> bytes:
    """Text columns, one of them at least an array and not the last, as rows; a scalar stands in every row."""
    *cells, last = (_cells(column) for column in columns)
    rows = pc.binary_join_element_wise(*cells, pc.binary_join_element_wise(last, "\n", ""), "\t")
    data: bytes = rows.buffers()[2].to_pybytes()
    return data


def _cells(column: pa.Array | pa.Scalar) -> pa.Array | pa.Scalar:
    if isinstance(column, pa.Scalar):
        return column if column.is_valid else pa.scalar(NULL)
    if column.null_count == len(column):
        return pa.scalar(NULL)
    for sign, escape in _escapes_in(column):
        column = pc.replace_substring(column, sign, escape)
    return pc.fill_null(column, NULL) if column.null_count else column


def _escapes_in(column: pa.Array) -> list[tuple[str, str]]:
    """The signs that may stand in the column; looking through its bytes at once costs next to nothing."""
    data = column.buffers()[2]
    held = b"" if data is None else data.to_pybytes()
    return [(sign, escape) for sign, escape in ESCAPES if sign.encode() in held]
