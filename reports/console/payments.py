"""The file of the Payments and Financial Reports page (P): what each region earned and what was paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports.console.amounts import doubtful_numbers, number_form
from reports.console.documents import (
    ConsoleDocument,
    ConsoleLine,
    MonthLabel,
    Need,
    Payout,
    PayoutState,
    Reject,
    Total,
)
from reports.console.payments_blocks import Block, PaymentsParts, is_payments, split_blocks, title_text
from reports.console.payments_footer import masked
from reports.console.payments_layout import region_of_row
from reports.console.payments_rows import IN_BANK_CURRENCY, RowReading, number_cells, odd_decimals, read_row
from reports.console.payments_totals import payout_total, row_totals
from reports.console.table import Row, Table
from reports.console.titles import UNKNOWN_LANGUAGE, month_label, title_language
from reports.files.errors import BadFile
from reports.files.numbers import NumberForm

SPLIT_MONTHS = "upload the file of each month on its own"


@dataclass(frozen=True)
class _ReadBlock:
    payout: Payout
    lines: list[ConsoleLine]
    rejects: list[Reject]
    totals: list[Total]


def read_payments(table: Table) -> ConsoleDocument | None:
    """The document of a payments file, or None where the shape is another.

    Amounts stay in each region's currency, proceeds in the bank account's; the title's month is Apple's
    fiscal month named like a calendar month, so no days are set here. Raises ``BadFile`` for a heading of no
    known layout, for two months in one file and for numbers in two forms. Source: fedoco/apple-slicer's
    sample and issues, and the programs named in its neighbourhood that read real files.
    """
    if not is_payments(table.rows):
        return None
    parts = split_blocks(table)
    label = _month(table.file, parts.titles)
    reading = number_form(table.file, _all_numbers(parts))
    blocks = [_read_block(number, block, reading.form, table) for number, block in enumerate(parts.blocks)]
    lines = tuple(line for block in blocks for line in block.lines)
    rejects = [reject for block in blocks for reject in block.rejects]
    rejects += [_unknown_line(row) for row in parts.unknown]
    banks = bank_currencies(lines)
    return ConsoleDocument(
        kind="P",
        variant=_variant(parts.blocks),
        language=_language(parts),
        encoding=table.encoding,
        delimiter=table.dialect.name,
        fiscal_label=label,
        grain="fiscal_month",
        currency=next(iter(banks)) if len(banks) == 1 else None,
        payouts=tuple(block.payout for block in blocks),
        lines=lines,
        rejects=tuple(sorted(rejects, key=lambda reject: reject.line)),
        totals=tuple(total for block in blocks for total in block.totals),
        warnings=(
            *table.text_warnings,
            *doubtful_numbers(reading),
            *_warnings(parts.blocks, blocks, reading.form),
            *filter(None, map(odd_decimals, lines)),
        ),
        needs=_needs(label, banks),
        heading_lines=len(parts.titles) + len(parts.headers),
        footer_lines=sum(len(block.footers) for block in parts.blocks),
        blank_lines=sum(row.blank for row in table.rows),
    )


def bank_currencies(lines: Iterable[ConsoleLine]) -> set[str | None]:
    """Currencies of the bank accounts; None among them where a row does not say it."""
    return {value.currency for line in lines for value in line.values if value.metric == IN_BANK_CURRENCY}


def _read_block(number: int, block: Block, form: NumberForm, table: Table) -> _ReadBlock:
    columns = block.columns
    reading = RowReading(columns.positions, columns.headings, columns.width, form, table.bad, number)
    lines: list[ConsoleLine] = []
    rejects: list[Reject] = []
    totals: list[Total] = []
    for row in block.regions:
        label, currency = region_of_row(row) or ("", "")
        line = read_row(row, label, currency, reading)
        if isinstance(line, Reject):
            rejects.append(line)
            continue
        lines.append(line)
        totals += row_totals(line, currency)
    stated = (payout_total(total.line, total.value(form), total.currency, lines) for total in block.totals)
    return _ReadBlock(_payout(number, block, form), lines, rejects, [*totals, *filter(None, stated)])


def _payout(number: int, block: Block, form: NumberForm) -> Payout:
    footer = next(iter(block.totals), None)
    total = footer.value(form) if footer else None
    return Payout(number, _state(block), total, footer.currency if footer else None, len(block.regions))


def _state(block: Block) -> PayoutState:
    """Money came only with a paid line; without exchange rates the month is pending and all is estimated."""
    kinds = {footer.kind for footer in block.footers}
    if not block.columns.settled or "estimate" in kinds:
        return "estimate"
    return "paid" if "paid" in kinds else "not_paid"


def _month(file: str, titles: Sequence[Row]) -> MonthLabel | None:
    labels = {month_label(title_text(row)): row for row in titles}
    if len(labels) > 1:
        line = max(row.line for row in labels.values())
        months = " and ".join(repr(title_text(row)) for row in labels.values())
        raise BadFile(file=file, line=line, seen=f"titles of different months: {months}", do=SPLIT_MONTHS)
    return next(iter(labels), None)


def _all_numbers(parts: PaymentsParts) -> Iterator[tuple[int, str]]:
    for block in parts.blocks:
        for row in block.regions:
            yield from number_cells(row, block.columns.positions)
        yield from ((footer.line, footer.amount) for footer in block.footers if footer.amount)


def _unknown_line(row: Row) -> Reject:
    seen = masked(" ".join(row.filled))
    return Reject(row.line, "", seen, "neither a region with its currency, nor a total, nor a paid line")


def _variant(blocks: Sequence[Block]) -> str:
    """Name of the layout; of the first block where they differ."""
    names = ["settled" if block.columns.settled else "pending" for block in blocks]
    balance = any("balance" in block.columns.positions for block in blocks)
    return names[0] + (" with balance" if balance else "")


def _language(parts: PaymentsParts) -> str:
    known = {block.columns.language for block in parts.blocks} - {UNKNOWN_LANGUAGE}
    if known:
        return min(known)
    return next((title_language(title_text(row)) for row in parts.titles), UNKNOWN_LANGUAGE)


def _needs(label: MonthLabel | None, banks: set[str | None]) -> tuple[Need, ...]:
    needs: list[tuple[Need, bool]] = [("fiscal_month", label is None), ("currency", None in banks)]
    return tuple(need for need, wanted in needs if wanted)


def _warnings(blocks: Sequence[Block], read: Sequence[_ReadBlock], form: NumberForm) -> Iterator[str]:
    for block, result in zip(blocks, read, strict=True):
        first = block.regions[0].line
        if block.columns.by_position:
            yield f"Line {first - 1}: headings in a language not known here; columns are read by their order."
        if result.payout.state == "estimate":
            yield f"The amounts from line {first} on are estimates: the month is pending."
        for total in block.totals:
            if total.value(form) is None:
                yield f"Line {total.line}: the total cannot be read, so nothing ties to it."
        if not block.totals:
            yield f"No total stands below the regions from line {first} on."
        yield from _total_currency_warning(result)
        yield from _twice_warnings(result.lines)


def _total_currency_warning(result: _ReadBlock) -> Iterator[str]:
    banks = bank_currencies(result.lines) - {None, result.payout.currency}
    if result.payout.currency is not None and banks:
        named = ", ".join(sorted(filter(None, banks)))
        yield f"The total is in {result.payout.currency}, the proceeds of its regions are in {named}."


def _twice_warnings(lines: Sequence[ConsoleLine]) -> Iterator[str]:
    at: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        at[line.label].append(str(line.line))
    for label, numbers in at.items():
        if len(numbers) > 1:
            yield f"{label} stands on lines {', '.join(numbers)} of one payment; all of them count."
