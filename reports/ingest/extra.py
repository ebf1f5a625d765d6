"""Values of columns that have no place of their own in the table, as one JSON object a row."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

from reports.ingest.cells import Rows, blank_to_null

COMMA = ", "
NOTHING = pa.scalar(None, pa.string())


def extra_column(rows: Rows) -> pa.Array:
    """A JSON object of strings with the values that are not blank, null where all are."""
    pairs = [_pairs(header, rows.cells[index]) for header, index in rows.header.kept.items()]
    pairs = [pair for pair in pairs if pair.null_count < len(pair)]
    if not pairs:
        return pa.nulls(len(rows), pa.string())
    # Not null_handling="skip": pyarrow 26 then drops the rows in which all is null.
    joined = pc.binary_join_element_wise(*pairs, "", null_handling="replace", null_replacement="")
    objects = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(joined, len(COMMA)), "}", "")
    return pc.if_else(pc.equal(joined, ""), NOTHING, objects)


def _pairs(header: str, cells: pa.Array) -> pa.Array:
    """`, "header": "value"` for each cell, null for a blank one; every different value is written once."""
    encoded = blank_to_null(cells).dictionary_encode()
    key = json.dumps(header, ensure_ascii=False)
    texts = [f"{COMMA}{key}: {json.dumps(text, ensure_ascii=False)}" for text in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)
