"""The payments table copied from the web page as text: no heading, a currency code instead of a region."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from reports.console.amounts import doubtful_numbers, is_iso_currency, number_form
from reports.console.documents import ConsoleDocument, ConsoleLine, Payout, Reject
from reports.console.payments import bank_currencies
from reports.console.payments_rows import RowReading, number_cells, odd_decimals, read_row, value_of
from reports.console.payments_totals import OWED_RULE, SUBTOTAL_RULE, row_totals
from reports.console.table import Row, Table
from reports.console.titles import UNKNOWN_LANGUAGE
from reports.console.vocabulary import pasted_layout
from reports.files.errors import BadFile

COPY_AGAIN = "download financial_report.csv from Payments and Financial Reports, or copy the whole table again"
FEWEST_CELLS = 5
LONGEST_QUOTE = 120
RATE_STEP = Decimal("0.00001")

_BLANKS = re.compile(r"\s+")


def read_pasted(table: Table) -> ConsoleDocument | None:
    """The document of a pasted table; None where it does not begin like one.

    The columns have no names, so their order is proved by arithmetic: subtotals and amounts owed must add up
    and owed times rate must come near the proceeds in most rows. Raises ``BadFile`` where it does not.
    Source: dasdom/CreateAppStoreBill and fedoco/apple-slicer, tables copied in 2012 and 2014.
    """
    if not is_pasted(table.rows):
        return None
    rows = [_cut_at_blanks(row) for row in table.rows if not row.blank]
    lines, rejects, warnings = _read(table, rows)
    _check_roles(table.file, lines, rows[0])
    banks = bank_currencies(lines)
    return ConsoleDocument(
        kind="P",
        variant=pasted_layout().name,
        language=UNKNOWN_LANGUAGE,
        encoding=table.encoding,
        delimiter=table.dialect.name,
        grain="fiscal_month",
        currency=next(iter(banks)) if len(banks) == 1 else None,
        payouts=(Payout(0, "unstated", None, None, len(rows)),),
        lines=tuple(lines),
        rejects=tuple(rejects),
        totals=tuple(total for line in lines for total in row_totals(line, line.label)),
        warnings=(*table.text_warnings, *warnings, *filter(None, map(odd_decimals, lines))),
        needs=("fiscal_month",),
        blank_lines=sum(row.blank for row in table.rows),
    )


def is_pasted(rows: Sequence[Row]) -> bool:
    """True where the first filled line goes from one currency code to another."""
    first = next((row for row in rows if not row.blank), None)
    return first is not None and _is_currency_row(_cut_at_blanks(first))


def _read(table: Table, rows: Sequence[Row]) -> tuple[list[ConsoleLine], list[Reject], tuple[str, ...]]:
    columns = pasted_layout().columns
    positions = {name: position for position, name in enumerate(columns)}
    known = [row for row in rows if _is_currency_row(row)]
    numbers = number_form(table.file, (cell for row in known for cell in number_cells(row, positions)))
    reading = RowReading(positions, dict(enumerate(columns)), len(columns), numbers.form, table.bad, 0)
    read = [_read_one(row, reading) for row in rows]
    lines = [line for line in read if isinstance(line, ConsoleLine)]
    rejects = [line for line in read if isinstance(line, Reject)]
    return lines, rejects, doubtful_numbers(numbers)


def _read_one(row: Row, reading: RowReading) -> ConsoleLine | Reject:
    if not _is_currency_row(row):
        seen = "\t".join(row.cells)
        return Reject(row.line, "", seen, "not a line from a currency code to the bank account's currency code")
    return read_row(row, None, row.first, reading)


def _cut_at_blanks(row: Row) -> Row:
    """Blanks separate cells where a program made blanks of the tabs; no cell of this table holds one."""
    if len(row.cells) > 1:
        return row
    cells = tuple(_BLANKS.split(row.first))
    return Row(row.line, cells, len(cells))


def _is_currency_row(row: Row) -> bool:
    return len(row.cells) >= FEWEST_CELLS and is_iso_currency(row.first) and is_iso_currency(row.cells[-1])


def _check_roles(file: str, lines: Sequence[ConsoleLine], first: Row) -> None:
    proved = sum(map(_proves_roles, lines))
    if lines and proved * 2 > len(lines):
        return
    columns = ", ".join(pasted_layout().columns)
    begins = " ".join(first.cells)[:LONGEST_QUOTE]
    seen = f"a table that begins {begins!r}; read as {columns}, only {proved} of its lines add up"
    raise BadFile(file=file, line=first.line, seen=seen, do=COPY_AGAIN)


def _proves_roles(line: ConsoleLine) -> bool:
    ties = {total.rule: total.tied for total in row_totals(line, line.label)}
    return ties.get(SUBTOTAL_RULE, False) and ties.get(OWED_RULE, False) and _rate_fits(line)


def _rate_fits(line: ConsoleLine) -> bool:
    """Owed times rate near the proceeds: the rate is rounded to five decimals, proceeds to its last place."""
    owed, rate, proceeds = (value_of(line, name) for name in ("total_owed", "exchange_rate", "proceeds"))
    if owed is None or rate is None or proceeds is None:
        return False
    last_place = Decimal(1).scaleb(int(proceeds.as_tuple().exponent))
    return abs(owed * rate - proceeds) <= last_place + abs(owed) * RATE_STEP
