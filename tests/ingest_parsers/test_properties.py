"""Any damage to a report file gives the sums of a plain reader over the accepted lines, or a named refusal."""

from __future__ import annotations

import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.files.errors import BadFile
from reports.ingest.reader import read
from reports.ingest.recognise import recognise
from reports.ingest.tally import Tally
from tests.ingest_parsers.given import (
    FINANCIAL,
    SALES_2020,
    Ingested,
    assert_conserved,
    ingested,
    line_of,
    region_file,
    region_row,
    sales_file,
    sales_row,
    text_of,
)

FIXTURE = [HealthCheck.function_scoped_fixture]  # the folder is only written to
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=FIXTURE)

units = st.integers(-50, 5000).map(str)
amounts = st.decimals(0, 9999, places=2).map(str)
currencies = st.sampled_from(["USD", "EUR", "JPY", "KZT"])
titles = st.text(st.characters(exclude_characters="\t\r\n\0", exclude_categories=["Cs", "Cn"]), max_size=12)
sales_rows = st.lists(
    st.builds(
        lambda u, p, c, t: sales_row(Units=u, Developer_Proceeds=p, Currency_of_Proceeds=c, Title=t),
        units,
        amounts,
        currencies,
        titles,
    ),
    min_size=1,
    max_size=12,
)


def plain_sums(rows: list[dict[str, str]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["Currency of Proceeds"]] += Decimal(row["Units"]) * Decimal(row["Developer Proceeds"])
    return sums


def same_amounts(left: dict[str, Decimal], right: dict[str, Decimal]) -> bool:
    return all(left.get(key, Decimal(0)) == right.get(key, Decimal(0)) for key in {*left, *right})


def without_extra(found: Ingested) -> list[dict[str, str | None]]:
    return [{name: value for name, value in row.items() if name != "extra"} for row in found.rows]


@QUICK
@given(rows=sales_rows)
def test_it_conserves_sums_and_units(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    found = ingested(tmp_path, sales_file(*rows))

    assert found.tally.rows_accepted == len(rows)
    assert found.tally.units == sum(int(row["Units"]) for row in rows)
    assert same_amounts(found.tally.sums, plain_sums(rows))
    assert found.column("title") == [row["Title"].strip() for row in rows]


@QUICK
@given(rows=sales_rows, seed=st.integers(0, 10**6), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_it_reads_the_same_rows_whatever_order_of_columns_and_line_end(
    tmp_path: Path, rows: list[dict[str, str]], seed: int, end: str
) -> None:
    header = random.Random(seed).sample([*SALES_2020, "New Column"], 29)  # noqa: S311
    mixed = ingested(tmp_path, sales_file(*rows, header=header).replace("\n", end))

    assert without_extra(mixed) == without_extra(ingested(tmp_path, sales_file(*rows)))


@QUICK
@given(rows=sales_rows, encoding=st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]))
def test_it_reads_the_same_rows_whatever_the_encoding(
    tmp_path: Path, rows: list[dict[str, str]], encoding: str
) -> None:
    data = sales_file(*rows)

    assert ingested(tmp_path, data.encode(encoding)).rows == ingested(tmp_path, data).rows


def plain_reading(data: str, tally: Tally) -> tuple[dict[str, Decimal], Decimal]:
    """Sums and units over the lines that were not rejected, read as plainly as can be."""
    lines = data.removesuffix("\n").split("\n")
    rejected = set(tally.rejected_lines)
    names = ["".join(filter(str.isalnum, name.lower())) for name in lines[0].split("\t")]
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in line.split("\t")]
        if line.strip(" \t,;\u00a0") and number not in rejected:
            rows.append(dict(zip(names, cells, strict=True)))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        amount = Decimal(row["units"]) * Decimal(row["developerproceeds"] or 0)
        sums[row["currencyofproceeds"]] += amount
    return sums, sum((Decimal(row["units"]) for row in rows), Decimal(0))


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with a few changes: bytes put in, taken out or replaced, lines lost, doubled or cut."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(changed)))
        span = draw(st.sampled_from([0, 1, 1, 2, 30, 400]))
        new = draw(
            st.one_of(
                st.binary(max_size=3),
                st.sampled_from([b"\t", b"\n", b'"', b"\r", b"\0", b"-", b"9", b".", b",", b"\xc3", b"1e5"]),
                st.just(bytes(changed[at : at + 200])),
            )
        )
        changed[at : at + span] = new
    return bytes(changed)


SALES_BYTES = sales_file(
    sales_row(),
    sales_row(Units="-1", Title="Müsli"),
    sales_row(Currency_of_Proceeds="JPY", Developer_Proceeds="490"),
    sales_row(Units="12", Developer_Proceeds="0.70"),
).encode()


@settings(max_examples=400, deadline=None, suppress_health_check=FIXTURE)
@given(data=mutated(SALES_BYTES))
def test_it_gives_the_sums_of_a_plain_reader_or_a_named_refusal(tmp_path: Path, data: bytes) -> None:
    try:
        text = text_of(tmp_path, data)
        layout = recognise(text)
    except BadFile as refusal:
        assert refusal.seen
        assert refusal.do
        return
    if layout is None or layout.dialect.delimiter != "\t" or layout.header_line != 1:
        return
    reader = read(text, layout, file_id=1)
    stream = b"".join(reader)
    assert_conserved(reader.tally, stream.count(b"\n"))
    sums, total = plain_reading(text.path.read_text(encoding="utf-8"), reader.tally)
    assert same_amounts(reader.tally.sums, sums)
    assert reader.tally.units == total
    assert all(reject.why and reject.line for reject in reader.tally.rejects)


REGION_LINES = region_file(
    region_row(),
    region_row(Quantity="5", Extended_Partner_Share="17.50"),
    region_row(Quantity="-1", Extended_Partner_Share="-3.50", Sales_or_Return="R"),
    totals=["Total_Rows\t3", "Total_Amount\t21", "Total_Units\t6"],
).split("\n")
CHANGES = st.tuples(
    st.integers(1, 3),
    st.integers(0, len(FINANCIAL) - 1),
    st.sampled_from(["", "0", "1", "-1", "99.99", "USD", "R", "S", "x", "08/29/2026", "1.5E+09"]),
)


@settings(max_examples=300, deadline=None, suppress_health_check=FIXTURE)
@given(change=CHANGES)
def test_it_notices_every_change_of_an_amount_in_a_file_with_totals(
    tmp_path: Path, change: tuple[int, int, str]
) -> None:
    number, column, value = change
    lines = [line.split("\t") for line in REGION_LINES]
    lines[number][column] = value
    tally = ingested(tmp_path, "\n".join("\t".join(cells) for cells in lines)).tally

    if tally.sums == {"CHF": Decimal(21)} and tally.units == 6 and tally.rows_accepted == 3:
        return
    assert tally.rejects or tally.totals_tie is False or tally.warnings


@settings(max_examples=20, deadline=None, suppress_health_check=FIXTURE)
@given(lost=st.integers(1, 3))
def test_it_notices_a_lost_row(tmp_path: Path, lost: int) -> None:
    tally = ingested(tmp_path, "\n".join(line for n, line in enumerate(REGION_LINES) if n != lost)).tally

    assert tally.totals_tie is False


def test_it_reads_what_the_plain_line_says(tmp_path: Path) -> None:
    found = ingested(tmp_path, sales_file() + line_of(sales_row(Units="2"), SALES_2020) + "\n")

    assert found.tally.sums == {"USD": Decimal("6.98")}  # 2 x 3.49
