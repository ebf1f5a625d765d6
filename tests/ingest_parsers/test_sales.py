from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.ingest_parsers.given import (
    FILE_ID,
    SALES_2009,
    SALES_2020,
    ingested,
    line_of,
    sales_file,
    sales_row,
)


def test_it_makes_one_typed_row_of_each_line(tmp_path: Path) -> None:
    found = ingested(tmp_path, sales_file(sales_row(), sales_row(Apple_Identifier=" ", Customer_Price="")))

    first, second = found.rows
    assert (first["id"], second["id"]) == (str(FILE_ID << 32 | 2), str(FILE_ID << 32 | 3))
    assert (first["day"], first["end_day"]) == ("2026-10-12", "2026-10-12")
    assert (first["sku"], first["units"], first["developer_proceeds"]) == ("notes.pro", "3", "3.49")
    assert (first["promo_code"], first["developer"], first["extra"]) == ("", "", None)
    assert (second["apple_id"], second["customer_price"]) == (None, None)


def test_it_multiplies_units_by_per_unit_proceeds_and_never_adds_currencies(tmp_path: Path) -> None:
    yen = {"Currency of Proceeds": "JPY", "Developer Proceeds": "490.00"}
    refund = sales_row(Units="-1", Customer_Price="-4.99")
    found = ingested(tmp_path, sales_file(sales_row(), refund, sales_row(**yen, Units="2")))

    # USD: 3 x 3.49 - 1 x 3.49 = 6.98; JPY: 2 x 490 = 980; units: 3 - 1 + 2 = 4
    assert found.tally.sums == {"USD": Decimal("6.98"), "JPY": Decimal(980)}
    assert str(found.tally.sums["JPY"]) == "980.00"
    assert found.tally.units == 4
    assert (found.tally.start_day, found.tally.end_day) == (date(2026, 10, 12), date(2026, 10, 12))


def test_it_sums_beyond_the_digits_of_a_float(tmp_path: Path) -> None:
    huge = sales_row(Units="999999999999999", Developer_Proceeds="999999999999999.999999")
    found = ingested(tmp_path, sales_file(huge, sales_row(Units="1", Developer_Proceeds="0.000001")))

    # (10^15 - 1) x (10^15 - 10^-6) + 10^-6 = 10^30 - 10^15 - 10^9 + 10^-6 + 10^-6
    expected = Decimal("999999999999998999999000000000.000002")
    assert found.tally.sums == {"USD": expected}


def test_it_counts_refunds_and_those_at_a_price_that_no_sale_has(tmp_path: Path) -> None:
    refund = {"Units": "-1", "Customer_Price": "-4.99"}
    found = ingested(
        tmp_path,
        sales_file(
            sales_row(**refund),
            sales_row(**refund, Developer_Proceeds="1.20"),
            sales_row(**refund, SKU="notes.lifetime"),
            sales_row(**refund, CMB="CMB-C"),
            sales_row(Developer_Proceeds="3.490"),
        ),
    )

    # 1.20 was never sold, nor was notes.lifetime; a CMB-C row is a bundle's credit, no refund.
    assert (found.tally.refund_rows, found.tally.partial_refund_rows) == (3, 2)


def test_it_counts_rows_of_no_units_that_have_a_price(tmp_path: Path) -> None:
    found = ingested(tmp_path, sales_file(sales_row(Units="0"), sales_row(Units="0.00")))

    assert found.tally.zero_unit_priced_rows == 2
    assert found.tally.sums == {}


def test_it_keeps_rows_that_are_lawfully_equal(tmp_path: Path) -> None:
    found = ingested(tmp_path, sales_file(sales_row(), sales_row()))

    assert found.tally.units == 6
    assert len({row["id"] for row in found.rows}) == 2


def test_it_lets_proceeds_of_zero_go_without_currency(tmp_path: Path) -> None:
    free = sales_row(Developer_Proceeds="0.00", Currency_of_Proceeds=" ")
    found = ingested(tmp_path, sales_file(free, sales_row(Currency_of_Proceeds=" ")))

    assert found.tally.rows_accepted == 1
    (reject,) = found.tally.rejects
    assert (reject.line, reject.column, reject.why) == (
        3,
        "Currency of Proceeds",
        "an amount without a currency",
    )


def test_it_reads_the_header_of_2009(tmp_path: Path) -> None:
    row = {
        **sales_row(),
        "Vendor Identifier": "NOTES",
        "Title / Episode / Season": "Notes",
        "Artist / Show": "Acme",
        "Royalty Price": "0.7",
        "Royalty Currency": "USD",
        "UPC": "123",
    }
    found = ingested(tmp_path, sales_file(row, header=SALES_2009))

    assert found.tally.sums == {"USD": Decimal("2.10")}  # 3 x 0.7
    assert (found.rows[0]["sku"], found.rows[0]["title"], found.rows[0]["developer"]) == (
        "NOTES",
        "Notes",
        "Acme",
    )
    assert (found.rows[0]["extra"], found.rows[0]["device"]) == ('{"UPC": "123"}', "")
    assert found.tally.warnings == []


@pytest.mark.parametrize("title", ['5" phone', '"', "a\u2028b", "=SUM(A1)", "<b>x</b>", "日本語, x;y", "\\N", "\\."])
def test_it_carries_any_title_unchanged(tmp_path: Path, title: str) -> None:
    found = ingested(tmp_path, sales_file(sales_row(Title=title), sales_row()))

    assert found.column("title") == [title, "Notes Pro"]


@pytest.mark.parametrize(
    ("change", "column", "why"),
    [
        ({"Units": " "}, "Units", "no number"),
        ({"Units": "1e3"}, "Units", "a spreadsheet's exponent instead of all digits"),
        ({"Units": "1,5"}, "Units", "a comma in a number"),
        ({"Developer_Proceeds": "NaN"}, "Developer Proceeds", "not a plain number"),
        ({"Customer_Price": "1.1234567"}, "Customer Price", "a number with more than 15 digits before or 6"),
        ({"Apple_Identifier": "1.5E+09"}, "Apple Identifier", "a spreadsheet's exponent"),
        ({"Currency_of_Proceeds": "usd"}, "Currency of Proceeds", "not a currency code"),
        ({"Begin_Date": "13/40/2026"}, "Begin Date", "not a day written MM/DD/YYYY"),
        ({"End_Date": "46307"}, "End Date", "a spreadsheet's serial number"),
        ({"End_Date": " "}, "End Date", "no day"),
        ({"Begin_Date": "10/11/2026"}, "Begin Date", "another period than the rows before"),
        ({"End_Date": "10/11/2026"}, "End Date", "the last day is before the first"),
        ({"Title": "a\tb"}, "line", "29 cells where the header has 28"),
    ],
)
def test_it_rejects_a_line_with_its_column_what_was_seen_and_why(
    tmp_path: Path, change: dict[str, str], column: str, why: str
) -> None:
    found = ingested(tmp_path, sales_file(sales_row(), sales_row(**change), sales_row()))

    (reject,) = found.tally.rejects
    assert (reject.line, reject.column) == (3, column)
    assert reject.why.startswith(why)
    assert column == "line" or reject.seen == next(iter(change.values())).strip()
    assert found.tally.sums == {"USD": Decimal("20.94")}  # 2 rows x 3 x 3.49


def test_it_rejects_a_short_line_and_counts_blank_ones(tmp_path: Path) -> None:
    data = sales_file(sales_row(), sales_row()) + "APPLE\tUS\n\n  \n" + "\t" * 27 + "\n"
    found = ingested(tmp_path, data)

    assert [(reject.line, reject.why) for reject in found.tally.rejects] == [(4, "2 cells where the header has 28")]
    assert found.tally.blank_lines == 3


def test_it_rejects_lines_that_are_no_text(tmp_path: Path) -> None:
    good = line_of(sales_row(Title="Müsli"), SALES_2020)
    cut = line_of(sales_row(), SALES_2020).encode().replace(b"Notes Pro", b"Notes \xc3")
    nul = line_of(sales_row(), SALES_2020).encode().replace(b"Notes Pro", b"Notes\0")
    data = b"\n".join(["\t".join(SALES_2020).encode(), good.encode(), cut, nul, good.encode(), b""])

    found = ingested(tmp_path, data)

    assert [reject.line for reject in found.tally.rejects] == [3, 4]
    assert all(reject.why.startswith("a line that cannot be read as text") for reject in found.tally.rejects)
    assert found.column("title") == ["Müsli", "Müsli"]


def test_it_carries_a_long_title_and_rejects_an_endless_one(tmp_path: Path) -> None:
    long, endless = "x" * 200_000, "y" * (2 << 20)
    found = ingested(tmp_path, sales_file(sales_row(Title=long), sales_row(Title=endless), sales_row()))

    assert [(reject.line, reject.why) for reject in found.tally.rejects] == [(3, "a line of more than 1 MB")]
    assert found.column("title") == [long, "Notes Pro"]


def test_it_reads_a_header_without_rows(tmp_path: Path) -> None:
    found = ingested(tmp_path, sales_file())

    assert (found.rows, found.tally.rows_read, found.tally.start_day) == ([], 0, None)


def test_it_warns_where_the_last_line_has_no_end(tmp_path: Path) -> None:
    found = ingested(tmp_path, sales_file(sales_row())[:-1])

    assert found.tally.rows_accepted == 1
    assert found.tally.warnings == ["the last line has no line end: the file may be cut"]


def test_it_keeps_all_rejected_line_numbers_but_the_words_of_only_the_first_thousand(tmp_path: Path) -> None:
    rows = [sales_row(Units="x")] * 1200
    found = ingested(tmp_path, sales_file(sales_row(), *rows))

    assert (found.tally.rows_rejected, len(found.tally.rejects)) == (1200, 1000)
    assert list(found.tally.rejected_lines) == list(range(3, 1203))


def test_it_reads_the_same_over_many_blocks(tmp_path: Path) -> None:
    line = line_of(sales_row(), SALES_2020) + "\n"
    count = 20_000
    found = ingested(tmp_path, sales_file() + line * count + "broken\n" + line * count)

    assert found.text.path.stat().st_size > 5 << 20
    assert list(found.tally.rejected_lines) == [count + 2]
    assert found.tally.units == 2 * count * 3
    assert found.tally.sums == {"USD": Decimal("3.49") * 6 * count}
    assert found.rows[-1]["id"] == str(FILE_ID << 32 | (2 * count + 2))


@pytest.mark.parametrize(
    ("column", "length"),
    [("SKU", 256), ("Parent_Identifier", 256), ("Country_Code", 41), ("Product_Type_Identifier", 41), ("Device", 41)],
)
def test_it_rejects_a_name_that_no_list_can_hold(tmp_path: Path, column: str, length: int) -> None:
    longest, longer = sales_row(**{column: "x" * (length - 1)}), sales_row(**{column: "x" * length})
    found = ingested(tmp_path, sales_file(longest, longer))

    (reject,) = found.tally.rejects
    assert (reject.line, reject.column, len(reject.seen)) == (3, column.replace("_", " "), min(length, 200))
    assert reject.why == f"a text of {length} characters, more than any of Apple's"


@pytest.mark.parametrize("day", ["12/31/9999", "01/01/0001", "10/12/2007"])
def test_it_rejects_a_day_without_an_app_store(tmp_path: Path, day: str) -> None:
    found = ingested(tmp_path, sales_file(sales_row(Begin_Date=day, End_Date=day)))

    assert [(r.line, r.column, r.why) for r in found.tally.rejects] == [
        (2, "Begin Date", "a year without an App Store")
    ]


def test_it_rejects_the_one_damaged_day_instead_of_reading_all_others_day_first(tmp_path: Path) -> None:
    found = ingested(tmp_path, sales_file(*[sales_row()] * 5, sales_row(Begin_Date="13/12/2026")))

    assert found.column("day") == ["2026-10-12"] * 5
    assert [(r.line, r.column, r.seen) for r in found.tally.rejects] == [(7, "Begin Date", "13/12/2026")]


def test_it_counts_every_one_of_very_many_short_lines(tmp_path: Path) -> None:
    found = ingested(tmp_path, sales_file(sales_row()) + "x\n" * 250_000 + sales_file(sales_row()).split("\n")[1])

    assert found.tally.rows_accepted == 2
    assert found.tally.rows_rejected == 250_000
    assert (found.tally.rejected_lines[0], found.tally.rejected_lines[-1]) == (3, 250_002)
