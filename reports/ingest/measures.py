"""What the rows of a report add up to, and the rules that look at several cells of a row."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reports.ingest.cells import NO_CURRENCY, Mask, Rows, mask_of, refuse_no_currency
from reports.ingest.recognise import ReportLayout
from reports.ingest.refunds import RefundWatch
from reports.ingest.subscription_measures import EventMeasures, StateMeasures, SubscriberMeasures
from reports.ingest.sums import add_sums, as_decimal, not_zero, numbers, product, sums_by, total
from reports.ingest.tally import EXACT, Tally, lines_in_words

LINES_KEPT = 5

Columns = Mapping[str, pa.Array]


class Measures(Protocol):
    """What is counted over the accepted rows of one report type."""

    def refuse(self, rows: Rows) -> None:
        """Reject rows whose cells contradict each other so that they cannot be counted."""

    def add(self, columns: Columns, tally: Tally) -> None:
        """Add the accepted rows of a block; `columns` has `line` beside the layout's columns."""

    def finish(self, tally: Tally) -> None:
        """Put what is known only at the end into the tally."""


@dataclass(slots=True)
class SalesMeasures:
    """Sales reports: proceeds = units x per-unit proceeds.

    Apple Help: refunds have negative units and customer price, and positive per-unit proceeds; `CMB-C` rows
    are credits of a bundle, no refunds. Rows of 0 units with a price give no amount and are only counted.
    """

    refunds: RefundWatch = field(default_factory=RefundWatch)

    def refuse(self, rows: Rows) -> None:
        """Proceeds need a currency; rows without proceeds may lack it, as files of 2020 do."""
        refuse_no_currency(rows, "proceeds_currency", "developer_proceeds")

    def add(self, columns: Columns, tally: Tally) -> None:
        """Units, proceeds by currency, refunds."""
        units, proceeds = numbers(columns["units"]), numbers(columns["developer_proceeds"])
        tally.units = EXACT.add(tally.units, total(units))
        add_sums(tally, columns["proceeds_currency"], product(units, proceeds))
        sign = pc.sign(units).to_numpy(zero_copy_only=False).astype(np.int8)
        priced = mask_of(pc.or_kleene(not_zero(proceeds), not_zero(numbers(columns["customer_price"]))))
        tally.zero_unit_priced_rows += int(((sign == 0) & priced).sum())
        credit = mask_of(pc.equal(columns["cmb"], "CMB-C"))
        sold_at_price = (sign > 0) & mask_of(pc.is_valid(proceeds))
        key = columns["sku"], columns["proceeds_currency"], proceeds
        self.refunds.add(*key, sale=sold_at_price, refund=(sign < 0) & ~credit)

    def finish(self, tally: Tally) -> None:
        """Refund rows and likely partial ones."""
        tally.refund_rows = self.refunds.refund_rows
        tally.partial_refund_rows = self.refunds.partial_rows()


@dataclass(slots=True)
class LinesNoted:
    """Lines that deserve a warning: how many, and the first few."""

    what: str
    count: int = 0
    first: array[int] = field(default_factory=lambda: array("q"))

    def add(self, lines: pa.Array, noted: Mask) -> None:
        """Note lines of a block."""
        found = lines.to_numpy()[noted]
        self.count += len(found)
        self.first.extend(int(line) for line in found[: LINES_KEPT - len(self.first)])

    def warn(self, tally: Tally) -> None:
        """One warning for all of them, if any."""
        if self.count:
            tally.warnings.append(f"{self.what}: {lines_in_words(self.first, self.count)}")


@dataclass(slots=True)
class CountrySum:
    """Sums over the rows of one country and currency: net quantity, quantity of sales rows, amount."""

    quantity: Decimal = Decimal(0)
    sold: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)


@dataclass(slots=True)
class FinanceMeasures:
    """Finance reports: the extended partner share is the amount to add up, signed as it stands.

    Apple Help: extended partner share = quantity x partner share, the share always positive, R rows with a
    negative quantity.
    """

    period: tuple[str, str] | None = None
    refunds: RefundWatch = field(default_factory=RefundWatch)
    by_country: dict[tuple[str, str], CountrySum] = field(default_factory=dict)
    not_extended: LinesNoted = field(
        default_factory=lambda: LinesNoted("extended partner share is not quantity x partner share")
    )
    odd_sign: LinesNoted = field(
        default_factory=lambda: LinesNoted("quantity and Sale or Return contradict each other")
    )

    outside: LinesNoted = field(default_factory=lambda: LinesNoted("settled outside of the file's period"))

    def refuse(self, rows: Rows) -> None:
        """Every amount needs its currency."""
        rows.refuse(mask_of(pc.equal(rows.column("currency"), "")), "currency", lambda _: NO_CURRENCY)

    def add(self, columns: Columns, tally: Tally) -> None:
        """Amounts by currency and by country, quantities, returns."""
        quantity, extended = numbers(columns["quantity"]), numbers(columns["extended_partner_share"])
        share = numbers(columns["partner_share"])
        expected = product(quantity, share)
        tally.units = EXACT.add(tally.units, total(quantity))
        add_sums(tally, columns["currency"], extended)
        differs = pc.not_equal(expected, pc.cast(extended, expected.type))
        self.not_extended.add(columns["line"], mask_of(differs))
        returned = mask_of(pc.equal(columns["sales_or_return"], "R"))
        negative = mask_of(pc.less(quantity, pa.scalar(Decimal(0), quantity.type)))
        self.odd_sign.add(columns["line"], (returned ^ negative) & mask_of(not_zero(quantity)))
        self._note_outside(columns)
        self._add_countries(columns, quantity, extended)
        self.refunds.add(columns["sku"], columns["currency"], share, sale=~returned, refund=returned)

    def _note_outside(self, columns: Columns) -> None:
        """The day of settlement decides the fiscal month: so in all rows of a file of November 2025."""
        days = columns.get("settlement_day")
        if days is None or self.period is None:
            return
        start, end = self.period
        self.outside.add(columns["line"], mask_of(pc.or_(pc.less(days, start), pc.greater(days, end))))

    def _add_countries(self, columns: Columns, quantity: pa.Array, extended: pa.Array) -> None:
        nothing = pa.scalar(Decimal(0), quantity.type)
        sold = pc.if_else(pc.greater(quantity, nothing), quantity, nothing)
        keys = {"country": columns["country"], "currency": columns["currency"]}
        values = {"quantity": quantity, "sold": sold, "amount": extended}
        for record in sums_by(keys, values):
            found = self.by_country.setdefault((str(record["country"]), str(record["currency"])), CountrySum())
            found.quantity = EXACT.add(found.quantity, as_decimal(record["quantity"]))
            found.sold = EXACT.add(found.sold, as_decimal(record["sold"]))
            found.amount = EXACT.add(found.amount, as_decimal(record["amount"]))

    def finish(self, tally: Tally) -> None:
        """Returns, likely partial ones, and the warnings."""
        tally.refund_rows = self.refunds.refund_rows
        tally.partial_refund_rows = self.refunds.partial_rows()
        self.not_extended.warn(tally)
        self.odd_sign.warn(tally)
        self.outside.warn(tally)


@dataclass(slots=True)
class AnalyticsMeasures:
    """Analytics reports: the rows of each day. Each report counts something else, so nothing is added up here."""

    apple_id: int | None = None

    def refuse(self, rows: Rows) -> None:
        """A report is of one app; a row of another one would be counted for the wrong app."""
        if self.apple_id is None or "apple_id" not in rows.header.positions:
            return
        cells = rows.column("apple_id")
        other = mask_of(pc.not_equal(cells, str(self.apple_id))) & ~mask_of(pc.equal(cells, ""))
        rows.refuse(other, "apple_id", lambda _: f"another app than the one asked for ({self.apple_id})")

    def add(self, columns: Columns, tally: Tally) -> None:
        """Rows by day."""
        for record in pc.value_counts(columns["day"]).to_pylist():
            if record["values"] is not None:
                tally.days[date.fromisoformat(record["values"])] += record["counts"]

    def finish(self, tally: Tally) -> None:
        """First and last day."""
        if tally.days:
            tally.start_day, tally.end_day = min(tally.days), max(tally.days)


#: Report types that need nothing else to be counted.
PLAIN: Mapping[str, Callable[[], Measures]] = {
    "SALES": SalesMeasures,
    "SUBSCRIPTION": StateMeasures,
    "SUBSCRIPTION_EVENT": EventMeasures,
    "SUBSCRIBER": SubscriberMeasures,
}


def measures_of(layout: ReportLayout, apple_id: int | None) -> Measures:
    """What is counted for a report type; the days are those of the lines before the header, if it has any."""
    if layout.kind in PLAIN:
        return PLAIN[layout.kind]()
    start_day, end_day = layout.preamble.start_day, layout.preamble.end_day
    if layout.kind not in ("FINANCIAL", "FINANCE_DETAIL"):
        return AnalyticsMeasures(apple_id)
    known = start_day is not None and end_day is not None
    return FinanceMeasures(period=(f"{start_day}", f"{end_day}") if known else None)
