"""Cuts a payments file into its title and its blocks of heading, regions, total and paid line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reports.console.payments_footer import Footer, read_footer
from reports.console.payments_layout import PaymentsColumns, is_header, read_header, region_of_row
from reports.console.table import Row, Table
from reports.console.titles import has_month_and_year
from reports.console.vocabulary import payments_column


@dataclass
class Block:
    """One transfer: several stand in a file where amounts were paid apart or not at all."""

    columns: PaymentsColumns
    regions: list[Row] = field(default_factory=list)
    footers: list[Footer] = field(default_factory=list)

    @property
    def totals(self) -> list[Footer]:
        return [footer for footer in self.footers if footer.amount]


@dataclass
class PaymentsParts:
    """Every row of the file under its part; ``unknown`` rows fit nowhere and are refused."""

    titles: list[Row] = field(default_factory=list)
    headers: list[Row] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    unknown: list[Row] = field(default_factory=list)


def is_payments(rows: Sequence[Row]) -> bool:
    """True where a heading stands above a region row and a month title or a known heading proves the kind.

    Source: the titles keep month and year in parentheses at the end in all languages seen.
    """
    filled = [row for row in rows if not row.blank]
    header = next((at for at, row in enumerate(filled) if is_header(row, _after(filled, at))), None)
    if header is None:
        return False
    return payments_column(filled[header].first) is not None or any(map(is_title, filled[:header]))


def is_title(row: Row) -> bool:
    """A line such as ``iTunes Connect - Payments and Financial Reports<TAB>(September, 2014)``."""
    return region_of_row(row) is None and has_month_and_year(title_text(row))


def title_text(row: Row) -> str:
    """The title in one piece, also where a tab-separated file cut it in two."""
    return " ".join(row.filled)


def split_blocks(table: Table) -> PaymentsParts:
    """Raises ``BadFile`` for a heading that fits no layout."""
    parts = PaymentsParts()
    filled = [row for row in table.rows if not row.blank]
    for position, row in enumerate(filled):
        _place(row, _after(filled, position), parts, table.file)
    return parts


def _place(row: Row, following: Row | None, parts: PaymentsParts, file: str) -> None:
    if is_header(row, following):
        parts.headers.append(row)
        parts.blocks.append(Block(read_header(file, row)))
    elif region_of_row(row) is not None and parts.blocks:
        _open_block(parts).regions.append(row)
    elif is_title(row):
        parts.titles.append(row)
    else:
        _place_footer(row, parts)


def _open_block(parts: PaymentsParts) -> Block:
    """The block a region belongs to: after a total a new one begins, with or without a heading of its own."""
    last = parts.blocks[-1]
    if last.footers:
        last = Block(last.columns)
        parts.blocks.append(last)
    return last


def _place_footer(row: Row, parts: PaymentsParts) -> None:
    footer = read_footer(row)
    if footer is None or not parts.blocks:
        parts.unknown.append(row)
    else:
        parts.blocks[-1].footers.append(footer)


def _after(rows: Sequence[Row], position: int) -> Row | None:
    return rows[position + 1] if position + 1 < len(rows) else None
