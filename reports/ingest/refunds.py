"""Refund rows, and which of them look partial."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

COMPACT_FROM = 250_000
KEY = ["product", "currency", "price"]

Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class KeySet:
    """Different keys, gathered block by block; they are made unique again whenever they have doubled."""

    parts: list[pa.Table] = field(default_factory=list)
    compact_at: int = COMPACT_FROM

    def add(self, keys: pa.Table) -> None:
        """Add the keys of a block."""
        self.parts.append(_distinct(keys))
        if sum(part.num_rows for part in self.parts) > self.compact_at:
            self.parts = [_distinct(pa.concat_tables(self.parts))]
            self.compact_at = max(COMPACT_FROM, 2 * self.parts[0].num_rows)


@dataclass(slots=True)
class RefundWatch:
    """Counts refund rows, and those at a per-unit price at which no sale of that product and currency stands.

    Such a refund is likely a partial one: in a FINANCE_DETAIL file of November 2025 returns of 11.34 and
    14.21 stand among sales at 18.53 and 12.64.
    """

    sales: KeySet = field(default_factory=KeySet)
    refunds: list[pa.Table] = field(default_factory=list)

    @property
    def refund_rows(self) -> int:
        """All refund rows so far."""
        return sum(part.num_rows for part in self.refunds)

    def add(self, product: pa.Array, currency: pa.Array, price: pa.Array, *, sale: Mask, refund: Mask) -> None:
        """Take the rows of a block: product, currency, per-unit price; which are sales, which refunds."""
        price = pc.fill_null(price, pa.scalar(0, price.type))
        keys = pa.table({"product": product, "currency": currency, "price": price})
        self.sales.add(keys.filter(pa.array(sale)))
        if refund.any():
            self.refunds.append(keys.filter(pa.array(refund)))

    def partial_rows(self) -> int:
        """How many refund rows stand at a price without a sale."""
        if not self.refunds:
            return 0
        refunds = pa.concat_tables(self.refunds)
        unmatched = refunds.join(pa.concat_tables(self.sales.parts), keys=KEY, join_type="left anti")
        return int(unmatched.num_rows)


def _distinct(keys: pa.Table) -> pa.Table:
    return keys.group_by(KEY, use_threads=False).aggregate([])
