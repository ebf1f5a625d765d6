"""What must hold for any console file: what is written is read, and nothing but ``BadFile`` is raised."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.console.documents import ConsoleDocument
from reports.console.vocabulary import PaymentsLayout, payments_layouts
from reports.files.errors import BadFile
from tests.console.given import outcome, read
from tests.console.test_analytics import DAILY
from tests.console.test_pasted import PASTED
from tests.console.test_payments import PENDING_WITH_BALANCE, SETTLED

NAMES = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=30).filter(
    lambda name: name == name.strip()
)
COUNTS = st.lists(st.none() | st.integers(0, 10**9), min_size=2, max_size=40)
AMOUNTS = st.decimals(Decimal(-(10**9)), Decimal(10**9), places=2)
ENGLISH = {
    "region": "Country or Region (Currency)",
    "units_sold": "Units Sold",
    "balance": "Balance",
    "earned": "Earned",
    "pre_tax_subtotal": "Pre-Tax Subtotal",
    "input_tax": "Input Tax",
    "adjustments": "Adjustments",
    "withholding_tax": "Withholding Tax",
    "total_owed": "Total Owed",
    "exchange_rate": "Exchange Rate",
    "proceeds": "Proceeds",
    "bank_currency": "Bank Account Currency",
}
REGIONS = {"US": "Americas (USD)", "WW": "Rest of World (USD)", "JP": "Japan (JPY)", "EU": "Euro-Zone (EUR)"}


@given(app=NAMES, first=st.dates(date(2009, 1, 1), date(2030, 1, 1)), counts=COUNTS, re_saved=st.booleans())
@settings(deadline=None)
def test_it_reads_back_any_analytics_export(app: str, first: date, counts: list[int | None], re_saved: bool) -> None:
    days = [first + timedelta(days=number) for number in range(len(counts))]
    document = read(_written_analytics(app, days, counts, re_saved=re_saved))

    assert document.app_name == app
    assert [line.values[0].period_start for line in document.lines] == days
    assert [line.values[0].value for line in document.lines] == counts
    assert (document.grain, document.rejects) == ("day", ())


@given(
    layout=st.sampled_from(payments_layouts()),
    amounts=st.dictionaries(st.sampled_from(sorted(REGIONS)), st.lists(AMOUNTS, min_size=12, max_size=12), min_size=1),
    grouped=st.booleans(),
)
@settings(deadline=None)
def test_it_reads_back_any_payments_layout(
    layout: PaymentsLayout, amounts: dict[str, list[Decimal]], grouped: bool
) -> None:
    document = read(_written_payments(layout, amounts, grouped=grouped))

    assert (document.variant, document.rejects) == (layout.name, ())
    for line, (region, cells) in zip(document.lines, amounts.items(), strict=True):
        for value in line.values:
            assert value.region == region
            assert value.value == _as_written(value.metric, cells[layout.columns.index(value.metric)])


@given(
    base=st.sampled_from([DAILY, SETTLED, PENDING_WITH_BALANCE, PASTED]),
    edits=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 12), st.binary(max_size=6)), min_size=1, max_size=6),
)
@settings(deadline=None, max_examples=300)
def test_it_answers_any_damage_with_a_document_or_a_sentence(base: str, edits: list[tuple[int, int, bytes]]) -> None:
    content = base.encode()
    for position, length, replacement in edits:
        start = position % len(content) if content else 0
        content = content[:start] + replacement + content[start + length :]

    answer, lines = outcome(content)
    if isinstance(answer, BadFile):
        assert answer.seen and answer.do
        return
    assert _counted(answer) == lines


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_it_answers_any_bytes_with_a_document_or_a_sentence(content: bytes) -> None:
    answer, _ = outcome(content)

    assert isinstance(answer, ConsoleDocument) or (answer.seen and answer.do)


def _counted(document: ConsoleDocument) -> int:
    return document.rows_read + document.heading_lines + document.footer_lines + document.blank_lines


def _written_analytics(app: str, days: list[date], counts: list[int | None], *, re_saved: bool) -> str:
    """Apple's English layout, or what a German spreadsheet makes of the German one."""
    written = [f"{day:%d.%m.%y}" if re_saved else f"{day.month}/{day.day}/{day:%y}" for day in days]
    keys = ("Startdatum", "Enddatum", "Datum") if re_saved else ("Start Date", "End Date", "Date")
    numbers = ["-" if count is None else f"{count}{',' if re_saved else '.'}0" for count in counts]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if re_saved else ",", lineterminator="\r\n" if re_saved else "\n")
    writer.writerow(["Name", app])
    writer.writerows([[keys[0], written[0]], [keys[1], written[-1]], [], [keys[2], "Sessions"]])
    writer.writerows(zip(written, numbers, strict=True))
    return out.getvalue()


def _written_payments(layout: PaymentsLayout, amounts: dict[str, list[Decimal]], *, grouped: bool) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["iTunes Connect - Payments and Financial Reports\t(May, 2021)"])
    writer.writerow([])
    writer.writerow([ENGLISH[column] for column in layout.columns])
    for region, cells in amounts.items():
        writer.writerow([_cell(name, region, cell, grouped) for name, cell in zip(layout.columns, cells, strict=False)])
    return out.getvalue()


def _cell(column: str, region: str, amount: Decimal, grouped: bool) -> str:
    if column == "region":
        return REGIONS[region]
    if column == "bank_currency":
        return "EUR"
    number = _as_written(column, amount)
    return f"{number:,}" if grouped else f"{number}"


def _as_written(column: str, amount: Decimal) -> Decimal:
    return Decimal(int(amount)) if column == "units_sold" else amount
