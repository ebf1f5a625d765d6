"""One region row of a payments file, or of the payments table pasted from the page, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_precision

from reports.console.amounts import is_iso_currency
from reports.console.documents import ConsoleLine, ConsoleValue, Reject
from reports.console.table import Row
from reports.console.vocabulary import region_code
from reports.files.numbers import NumberForm, number_of

NOT_NUMBERS = frozenset({"region", "currency", "bank_currency"})
IN_BANK_CURRENCY = "proceeds"
NOT_AMOUNTS = frozenset({"units_sold", "exchange_rate"})
MOST_DECIMALS = 2
LONGEST_LABEL = 200


@dataclass(frozen=True)
class RowReading:
    """What holds for every row of a block: columns with headings, decimal sign, lines that are no text."""

    positions: Mapping[str, int]
    headings: Mapping[int, str]
    width: int
    numbers: NumberForm
    bad: Mapping[int, str]
    block: int


def number_cells(row: Row, positions: Mapping[str, int]) -> list[tuple[int, str]]:
    """(line, text) of the cells that hold numbers."""
    return [(row.line, row.cell(at)) for name, at in positions.items() if name not in NOT_NUMBERS]


def read_row(row: Row, label: str | None, currency: str, reading: RowReading) -> ConsoleLine | Reject:
    """Values of one region; a label without an Apple code stays as text, None leaves the region open.

    A blank cell is unknown.

    Every value is keyed by (region, currency): USD stands up to four times with different rates.
    """
    problem = _row_problem(row, reading)
    if problem is not None:
        return problem
    region = label and (region_code(label, currency) or label)
    bank = row.cell(reading.positions["bank_currency"]) if "bank_currency" in reading.positions else ""
    if bank and not is_iso_currency(bank):
        heading = reading.headings[reading.positions["bank_currency"]]
        return Reject(row.line, heading, bank, "not an ISO 4217 currency code")
    values: list[ConsoleValue] = []
    for name, position in reading.positions.items():
        if name in NOT_NUMBERS:
            continue
        try:
            number = _read_number(name, row.cell(position), reading.numbers)
        except ValueError as error:
            return Reject(row.line, reading.headings[position], row.cell(position), str(error))
        kept_in = (bank or None) if name == IN_BANK_CURRENCY else currency
        values.append(ConsoleValue(name, number, kept_in, region))
    cells = {heading: row.cell(position) for position, heading in reading.headings.items() if heading}
    return ConsoleLine(row.line, row.first, cells, tuple(values), reading.block)


def value_of(line: ConsoleLine, metric: str) -> Decimal | None:
    """One number of a row; None where it is unknown or the layout has no such column."""
    return next((value.value for value in line.values if value.metric == metric), None)


def odd_decimals(line: ConsoleLine) -> str | None:
    """A warning for an amount finer than its currency allows, the mark of a misread decimal sign."""
    for value in line.values:
        if value.value is None or value.currency is None or value.metric in NOT_AMOUNTS:
            continue
        finest = Decimal(1).scaleb(-min(get_currency_precision(value.currency), MOST_DECIMALS))
        if value.value % finest:
            return f"Line {line.line}: {value.value} has more decimals than {value.currency} uses."
    return None


def _row_problem(row: Row, reading: RowReading) -> Reject | None:
    if row.line in reading.bad:
        return Reject(row.line, "", ",".join(row.cells), reading.bad[row.line])
    if len(row.first) > LONGEST_LABEL:
        return Reject(row.line, reading.headings[0], row.first[:LONGEST_LABEL], "a region name beyond all measure")
    last_needed = max((at for name, at in reading.positions.items() if name != "bank_currency"), default=0)
    if len(row.cells) > reading.width or row.width <= last_needed:
        why = f"{row.width} cells where the heading has {reading.width}"
        return Reject(row.line, "", ",".join(row.cells), why)
    return None


def _read_number(name: str, cell: str, form: NumberForm) -> Decimal | None:
    number = number_of(cell, form)
    if name == "units_sold" and number is not None and number != number.to_integral_value():
        raise ValueError("a fraction of a unit")
    return number
