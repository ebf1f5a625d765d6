"""Exact sums over the rows of a block: decimals of pyarrow, never a float."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from reports.ingest.tally import Tally

NUMBER = pa.decimal128(21, 6)
# 21 digits each: their product has 42, its sums have room for more rows than a file can hold.
WIDE = pa.decimal256(21, 6)
TOTAL = pa.decimal256(76, 12)


def numbers(cells: pa.Array) -> pa.Array:
    """Text that was checked before, as exact numbers; null stays null."""
    return pc.cast(cells, NUMBER)


def product(left: pa.Array, right: pa.Array) -> pa.Array:
    """Row by row product, exact; null where one side is null."""
    return pc.multiply(pc.cast(left, WIDE), pc.cast(right, WIDE))


def total(values: pa.Array) -> Decimal:
    """The sum of a column; 0 where all is null."""
    return pc.sum(pc.cast(values, pa.decimal256(76, values.type.scale))).as_py() or Decimal(0)


def sums_by(keys: dict[str, pa.Array], values: dict[str, pa.Array]) -> list[dict[str, object]]:
    """One record for each combination of keys: the keys, and the sum of each value column under its name."""
    table = pa.table({**keys, **values})
    grouped = table.group_by(list(keys), use_threads=False).aggregate([(name, "sum") for name in values])
    named = grouped.rename_columns([name.removesuffix("_sum") for name in grouped.column_names])
    records: list[dict[str, object]] = named.to_pylist()
    return records


def add_sums(tally: Tally, currency: pa.Array, amounts: pa.Array) -> None:
    """Add the amounts of a block to those of the tally, by currency."""
    moved = not_zero(amounts)
    records = sums_by({"currency": currency.filter(moved)}, {"amount": amounts.filter(moved)})
    tally.add_sums({str(record["currency"]): as_decimal(record["amount"]) for record in records})


def not_zero(values: pa.Array) -> pa.Array:
    """Where a value is another than zero; null where it is null."""
    return pc.not_equal(values, pa.scalar(Decimal(0), values.type))


def as_decimal(value: object) -> Decimal:
    """A sum as what it must be; raises `TypeError` for anything else."""
    if not isinstance(value, Decimal):
        raise TypeError(f"a sum that is no decimal: {value!r}")
    return value
