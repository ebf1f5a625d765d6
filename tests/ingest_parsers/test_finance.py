from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from reports.ingest.tally import TotalCheck
from tests.ingest_parsers.given import DETAIL, detail_file, detail_row, ingested, line_of, region_file, region_row

RETURN = {"Quantity": "-1", "Extended_Partner_Share": "-3.50", "Sales_or_Return": "R", "Customer_Price": "-5.00"}
# Two rows: 2 sold for 7.00 and 1 returned for 3.50, so 3.50 in all, net 1 unit, 2 units sold.
TOTALS = ("Total_Rows\t2", "Total_Amount\t3.5")


def read_totals(tmp_path: Path, *totals: str) -> list[TotalCheck]:
    return ingested(tmp_path, region_file(region_row(), region_row(**RETURN), totals=totals)).tally.totals


def test_it_adds_up_the_extended_partner_share(tmp_path: Path) -> None:
    found = ingested(tmp_path, region_file(region_row(), region_row(**RETURN), totals=TOTALS))

    assert found.tally.sums == {"CHF": Decimal("3.50")}
    assert found.tally.units == 1
    assert (found.tally.refund_rows, found.tally.partial_refund_rows) == (1, 0)
    assert (found.tally.start_day, found.tally.end_day) == (date(2026, 8, 30), date(2026, 9, 26))
    assert found.tally.warnings == []
    row = found.rows[1]
    assert (row["sales_or_return"], row["quantity"], row["extended_partner_share"]) == ("R", "-1", "-3.50")
    assert (row["transaction_day"], row["settlement_day"], row["province"]) == (None, None, "")


@pytest.mark.parametrize(("units", "reading"), [("1", "all rows"), ("2", "sales rows only")])
def test_it_takes_total_units_with_or_without_returns_and_names_the_reading(
    tmp_path: Path, units: str, reading: str
) -> None:
    rows, amount, quantity = read_totals(tmp_path, *TOTALS, f"Total_Units\t{units}")

    assert rows.ties
    assert amount.ties
    assert (quantity.ties, quantity.found, quantity.reading) == (True, Decimal(units), reading)


@pytest.mark.parametrize(
    ("total", "found"),
    [
        ("Total_Rows\t3", Decimal(2)),
        ("Total_Amount\t3.51", Decimal("3.50")),
        ("Total_Units\t3", Decimal(1)),
        ("Total_Amount:4", Decimal("3.50")),
    ],
)
def test_it_notices_a_total_that_does_not_tie(tmp_path: Path, total: str, found: Decimal) -> None:
    (check,) = read_totals(tmp_path, total)

    assert (check.ties, check.found, check.line) == (False, found, 4)


@pytest.mark.parametrize("total", ["Total_Amount:3.50", "Total\t3.50 CHF", "\t\tTotal\t3.5 CHF"])
def test_it_reads_the_totals_of_old_files(tmp_path: Path, total: str) -> None:
    (check,) = read_totals(tmp_path, total)

    assert (check.ties, check.stated) == (True, Decimal("3.5"))


def test_it_does_not_tie_a_total_over_several_currencies(tmp_path: Path) -> None:
    data = region_file(region_row(), region_row(Partner_Share_Currency="EUR"), totals=["Total_Amount\t14"])

    (check,) = ingested(tmp_path, data).tally.totals

    assert (check.ties, check.found) == (False, None)
    assert check.reading == "rows in several currencies, which are not added"


TABLE = "Country Of Sale\tPartner Share Currency\tQuantity\tExtended Partner Share"


def consolidated(*table: str) -> str:
    rows = (region_row(), region_row(Country_Of_Sale="DE", Partner_Share_Currency="EUR"), region_row())
    return region_file(*rows, totals=["Total_Rows\t3", TABLE, *table])


def test_it_checks_the_table_by_country_and_does_not_count_it(tmp_path: Path) -> None:
    found = ingested(tmp_path, consolidated("CH\tCHF\t4\t14.00", "DE\tEUR\t2\t7.00"))

    assert found.tally.sums == {"CHF": Decimal(14), "EUR": Decimal(7)}
    assert (found.tally.footer_lines, found.tally.totals_tie, len(found.tally.totals)) == (4, True, 5)


@pytest.mark.parametrize(
    "table",
    [
        ("CH\tCHF\t4\t14.01", "DE\tEUR\t2\t7.00"),
        ("CH\tCHF\t5\t14.00", "DE\tEUR\t2\t7.00"),
        ("CH\tCHF\t4\t14.00",),
        ("CH\tCHF\t4\t14.00", "DE\tEUR\t2\t7.00", "FR\tEUR\t1\t3.50"),
        ("CH\tCHF\t4\t14.00", "DE\tEUR\t2\t7.00", "DE\tEUR\t2\t7.00"),
    ],
)
def test_it_notices_a_table_that_does_not_tie(tmp_path: Path, table: tuple[str, ...]) -> None:
    assert ingested(tmp_path, consolidated(*table)).tally.totals_tie is False


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Total_Amount\tmany", "a total that is no number"),
        ("Total_Rows\t2", "Total_Rows stands twice"),
        ("Total_Units\t1\t2", "Total_Units with 2 values"),
        ("Country Of Sale\tQuantity\tQuantity\tPartner Share Currency", "the header of a totals table"),
        ("so long", "a line after the totals that is no total"),
        (region_file(region_row()).split("\n")[1], "a line after the totals that is no total"),
    ],
)
def test_it_rejects_a_line_after_the_totals_that_is_none(tmp_path: Path, line: str, why: str) -> None:
    found = ingested(tmp_path, region_file(region_row(), totals=["Total_Rows\t1", line]))

    (reject,) = found.tally.rejects
    assert reject.line == 4
    assert reject.why.startswith(why)


def test_it_warns_of_a_region_file_without_totals(tmp_path: Path) -> None:
    found = ingested(tmp_path, region_file(region_row()))

    assert found.tally.warnings == ["no totals in the file: it may be cut or re-saved"]


def test_it_warns_where_a_row_does_not_add_up_and_keeps_the_row(tmp_path: Path) -> None:
    rows = (region_row(Extended_Partner_Share="7.01"), region_row(Sales_or_Return="R"))
    found = ingested(tmp_path, region_file(*rows, totals=["Total_Rows\t2"]))

    assert found.tally.rows_accepted == 2
    assert found.tally.warnings == [
        "extended partner share is not quantity x partner share: line 2",
        "quantity and Sale or Return contradict each other: line 3",
    ]


@pytest.mark.parametrize(
    ("change", "column"),
    [({"Partner_Share_Currency": ""}, "Partner Share Currency"), ({"Sales_or_Return": "X"}, "Sales or Return")],
)
def test_it_rejects_a_row_without_currency_or_flag(tmp_path: Path, change: dict[str, str], column: str) -> None:
    found = ingested(tmp_path, region_file(region_row(**change), totals=["Total_Rows\t1"]))

    assert [reject.column for reject in found.tally.rejects] == [column]


def test_it_reads_detail_rows_with_their_last_empty_cell(tmp_path: Path) -> None:
    returned = {"Quantity": "-1", "Sale_or_Return": "R", "Customer_Price": "-2.500"}
    partial = detail_row(**returned, Partner_Share="2.10", Extended_Partner_Share="-2.10")
    whole = detail_row(**returned, Partner_Share="4.240", Extended_Partner_Share="-4.24")
    found = ingested(tmp_path, detail_file(partial, detail_row(), detail_row(), whole))

    # 2 x 4.24 - 2.10 - 4.24 = 2.14; only the return of 2.10 has no sale at its price
    assert found.tally.sums == {"CAD": Decimal("2.14")}
    assert (found.tally.refund_rows, found.tally.partial_refund_rows) == (2, 1)
    assert (found.tally.header_lines, found.tally.rows_rejected) == (4, 0)
    row = found.rows[0]
    assert (row["start_day"], row["end_day"]) == ("2026-08-30", "2026-09-26")
    assert (row["transaction_day"], row["settlement_day"]) == ("2026-08-28", "2026-08-31")
    assert (row["province"], row["preorder_flag"], row["customer_price"]) == ("AB", "", "-2.500")


def test_it_warns_of_rows_settled_outside_of_the_period(tmp_path: Path) -> None:
    late = [detail_row(Settlement_Date=day) for day in ("09/26/2026", "09/27/2026", "08/29/2026")]
    found = ingested(tmp_path, detail_file(*late))

    assert "settled outside of the file's period: lines 6, 7" in found.tally.warnings


def test_it_rejects_a_total_with_bytes_that_are_no_text(tmp_path: Path) -> None:
    data = region_file(region_row(Title="Müsli"), totals=["Total_Rows\t1", "Total_Amount\t7"]).encode()
    found = ingested(tmp_path, data.replace(b"Amount\t7", b"Amount\t7\0"))

    assert [(reject.line, reject.why) for reject in found.tally.rejects] == [(4, "a line that cannot be read as text")]


def test_it_takes_detail_rows_with_and_without_the_last_tab_in_one_file(tmp_path: Path) -> None:
    data = detail_file(detail_row(), detail_row()) + line_of(detail_row(), DETAIL) + "\n"
    found = ingested(tmp_path, data)

    assert [row["id"] for row in found.rows] == [str(9 << 32 | line) for line in (5, 6, 7)]


def test_it_rejects_text_in_the_cell_beyond_the_header(tmp_path: Path) -> None:
    data = detail_file(detail_row()) + line_of(detail_row(), DETAIL) + "\tmore\n"
    found = ingested(tmp_path, data)

    assert [(reject.line, reject.seen) for reject in found.tally.rejects] == [(6, "more")]


def test_it_checks_the_table_at_the_end_of_a_detail_file(tmp_path: Path) -> None:
    found = ingested(tmp_path, detail_file(detail_row(), totals=[TABLE, "CA\tCAD\t1\t4.24"]))

    assert (found.tally.totals_tie, found.tally.footer_lines) == (True, 2)


def test_it_says_where_the_period_before_the_header_is_missing(tmp_path: Path) -> None:
    data = detail_file(detail_row()).replace("End Date\t09/26/2026", "Ende\t09/26/2026")
    found = ingested(tmp_path, data)

    assert found.tally.end_day is None
    assert "no readable Start Date and End Date before the header" in found.tally.warnings


def test_it_warns_of_a_detailed_file_that_lost_its_totals(tmp_path: Path) -> None:
    table = "Country Of Sale\tPartner Share Currency\tQuantity\tExtended Partner Share"
    whole = ingested(tmp_path, detail_file(detail_row(), totals=[table, "CA\tCAD\t1\t4.24"]))
    cut = ingested(tmp_path, detail_file(detail_row()))

    assert whole.tally.warnings == []
    assert cut.tally.warnings == ["no totals in the file: it may be cut or re-saved"]


def test_it_notices_a_table_of_which_only_the_heading_is_left(tmp_path: Path) -> None:
    table = "Country Of Sale\tPartner Share Currency\tQuantity\tExtended Partner Share"
    (check,) = ingested(tmp_path, detail_file(detail_row(), totals=[table])).tally.totals

    assert (check.line, check.country, check.currency, check.ties) == (6, "CA", "CAD", False)
    assert check.reading == "rows that the totals table leaves out"
