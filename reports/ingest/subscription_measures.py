"""What the rows of the subscription reports add up to, and which day they tell.

Event and Subscriber rows carry their own day. Files of 2020 hold rows of the day before and after too, so the day of a
file is the one that most of its rows tell; every row counts on its own day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from reports.ingest.cells import Rows, mask_of, refuse_no_currency
from reports.ingest.subscription_layouts import ACTIVE
from reports.ingest.sums import add_sums, numbers, product, total
from reports.ingest.tally import EXACT, Tally

Columns = Mapping[str, pa.Array]


@dataclass(slots=True)
class StateMeasures:
    """Subscription report: units are the active subscriptions, whatever their price. A price is no amount to add."""

    def refuse(self, rows: Rows) -> None:
        """A price needs its currency."""
        refuse_no_currency(rows, "customer_currency", "customer_price")
        refuse_no_currency(rows, "proceeds_currency", "developer_proceeds")

    def add(self, columns: Columns, tally: Tally) -> None:
        """Active subscriptions; a kind of offer that the file does not tell adds nothing."""
        for column in ACTIVE:
            tally.units = EXACT.add(tally.units, total(numbers(columns[column.target])))

    def finish(self, tally: Tally) -> None:
        """No row tells a day."""


@dataclass(slots=True)
class EventMeasures:
    """Subscription Event report: the quantity of all events together."""

    def refuse(self, rows: Rows) -> None:
        """Nothing in one row contradicts another part of it."""

    def add(self, columns: Columns, tally: Tally) -> None:
        """Quantities, and rows by day."""
        tally.units = EXACT.add(tally.units, total(numbers(columns["quantity"])))
        _count_days(columns, tally)

    def finish(self, tally: Tally) -> None:
        """The day of the file."""
        _choose_day(tally)


@dataclass(slots=True)
class SubscriberMeasures:
    """Subscriber report: units, and units x proceeds by currency.

    A refund has a negative customer price and positive proceeds (Apple's field list), so its proceeds are taken away.
    Unconfirmed: a file of 2020 has a refund with 0 units, which adds nothing.
    """

    def refuse(self, rows: Rows) -> None:
        """A price needs its currency."""
        refuse_no_currency(rows, "customer_currency", "customer_price")
        refuse_no_currency(rows, "proceeds_currency", "developer_proceeds")

    def add(self, columns: Columns, tally: Tally) -> None:
        """Units, proceeds, refund rows, and rows by day."""
        units, proceeds = numbers(columns["units"]), numbers(columns["developer_proceeds"])
        price = numbers(columns["customer_price"])
        tally.units = EXACT.add(tally.units, total(units))
        amounts = product(pc.abs(units), pc.abs(proceeds))
        refunded = pc.fill_null(pc.less(price, pa.scalar(Decimal(0), price.type)), False)
        add_sums(tally, columns["proceeds_currency"], pc.if_else(refunded, pc.negate(amounts), amounts))
        tally.refund_rows += int(mask_of(pc.equal(pc.utf8_lower(columns["refund"]), "yes")).sum())
        _count_days(columns, tally)

    def finish(self, tally: Tally) -> None:
        """The day of the file."""
        _choose_day(tally)


def _count_days(columns: Columns, tally: Tally) -> None:
    for record in pc.value_counts(columns["day"]).to_pylist():
        if record["values"] is not None:
            tally.days[date.fromisoformat(record["values"])] += record["counts"]


def _choose_day(tally: Tally) -> None:
    if not tally.days:
        return
    day = max(tally.days, key=lambda each: (tally.days[each], each))
    tally.start_day = tally.end_day = day
    others = ", ".join(f"{each} ({count:,})" for each, count in sorted(tally.days.items()) if each != day)
    if others:
        tally.warnings.append(f"rows of other days than {day}, each counted on its own day: {others}")
