from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ascrecon.simulator.finance import (
    DETAIL_HEADER,
    HEADER,
    SUMMARY_HEADER,
    FinanceRow,
    detail_file,
    finance_file,
    short,
)
from ascrecon.simulator.fiscal import MONTHS
from ascrecon.simulator.sales import HEADER as SALES_HEADER
from ascrecon.simulator.sales import SalesRow, sales_file
from ascrecon.simulator.scenario import load_scenario
from ascrecon.simulator.truth import Truth
from tests.simulator.scenarios import scenario

DAY = date(2026, 11, 3)


def sample_lines(samples: Path, name: str) -> list[str]:
    return (samples / name).read_text(encoding="utf-8").splitlines()


def truth() -> Truth:
    return Truth(load_scenario(scenario()))


def sales_line(**changes: object) -> str:
    usual: dict[str, object] = {
        "app_id": 1,
        "content_id": 1,
        "sku": "NOTES",
        "type": "1F",
        "country": "US",
        "currency": "USD",
        "device": "iPhone",
        "version": "2.1.0",
        "subscription": "",
        "long_rate": False,
        "refund": False,
        "price": Decimal(0),
        "proceeds": Decimal(0),
        "units": 5,
    }
    row = SalesRow(**{**usual, **changes})  # type: ignore[arg-type]
    return sales_file(truth(), [row], DAY, DAY).decode().splitlines()[1]


def test_it_writes_the_header_of_real_sales_files(samples: Path) -> None:
    assert sample_lines(samples, "sales/appstore-sdk-go_sales.tsv")[0] == SALES_HEADER


def test_it_writes_the_header_of_real_finance_files(samples: Path) -> None:
    assert sample_lines(samples, "finance_report/45545510_0914_EU.txt")[0] == HEADER


def test_it_writes_the_header_of_real_detailed_finance_files(samples: Path) -> None:
    assert sample_lines(samples, "finance_detail/finance_detail_z1_2026-02.tsv")[3] == DETAIL_HEADER


def test_a_sales_header_has_28_columns_and_finance_headers_22_and_18() -> None:
    assert [len(header.split("\t")) for header in (SALES_HEADER, HEADER, DETAIL_HEADER)] == [28, 22, 18]


def test_a_free_download_has_one_space_for_every_blank_and_no_currency_of_proceeds() -> None:
    assert sales_line() == (
        "APPLE\tUS\tNOTES\tExample Developer\tAcme Notes\t2.1.0\t1F\t5\t0.00\t11/03/2026\t11/03/2026\tUSD\tUS\t \t1"
        "\t0.00\t \t \t \t \tProductivity\t\tiPhone\tiOS\t \t \t \t "
    )


def test_a_renewal_after_one_year_names_its_parent_and_its_reason() -> None:
    renewal = sales_line(
        content_id=11,
        sku="monthly",
        type="IAY",
        version="",
        subscription="Renewal",
        long_rate=True,
        price=Decimal("4.99"),
        proceeds=Decimal("4.24"),
    )
    assert renewal == (
        "APPLE\tUS\tmonthly\t \tmonthly\t \tIAY\t5\t4.24\t11/03/2026\t11/03/2026\tUSD\tUS\tUSD\t11\t4.99\t \tNOTES"
        "\tRenewal\t1 Month\tProductivity\t\tiPhone\tiOS\tRate After One Year\t \t \t "
    )


def test_a_refund_has_negative_units_and_price_and_positive_proceeds() -> None:
    cells = sales_line(content_id=12, sku="lifetime", type="IA1", refund=True, units=-2, price=Decimal("9.99"))
    assert cells.split("\t")[7] == "-2"
    cells = sales_line(refund=True, units=-1, price=Decimal("9.99"), proceeds=Decimal("6.99"))
    assert [cells.split("\t")[n] for n in (7, 8, 15)] == ["-1", "6.99", "-9.99"]


def test_yen_have_no_decimals_in_sales_files() -> None:
    cells = sales_line(country="JP", currency="JPY", price=Decimal(700), proceeds=Decimal(490)).split("\t")
    assert (cells[8], cells[15]) == ("490", "700")


def finance_row(**changes: object) -> FinanceRow:
    usual: dict[str, object] = {
        "sold": date(2026, 10, 30),
        "settled": date(2026, 10, 31),
        "region": "JP",
        "country": "JP",
        "currency": "JPY",
        "content_id": 11,
        "sku": "monthly",
        "type": "IAY",
        "share": Decimal(490),
        "price": Decimal(700),
        "returned": False,
        "quantity": 3,
    }
    return FinanceRow(**{**usual, **changes})  # type: ignore[arg-type]


def test_a_region_file_counts_its_sales_and_sums_its_money() -> None:
    rows = [finance_row(), finance_row(returned=True, quantity=-1)]
    lines = finance_file(truth(), MONTHS["2027-01"], rows, "JP").decode().splitlines()
    assert lines[1] == (
        "09/27/2026\t10/31/2026\t\t\tmonthly\t3\t490.00\t1470.00\tJPY\tS\t11\tExample Developer\tmonthly\t\t\tIAY"
        "\t\tJP\t\t\t700.00\tJPY"
    )
    assert lines[2].split("\t")[5:10] == ["-1", "490.00", "-490.00", "JPY", "R"]
    assert lines[2].split("\t")[20] == "-700.00"
    # 3 x 490 - 490 = 980; units count the sales alone, as in a real file with a return.
    assert lines[3:] == ["Total_Rows\t2", "Total_Amount\t980", "Total_Units\t3"]


def test_the_consolidated_file_closes_with_a_second_table() -> None:
    rows = [finance_row(), finance_row(country="US", region="US", currency="USD", share=Decimal("3.49"))]
    lines = finance_file(truth(), MONTHS["2027-01"], rows, "ZZ").decode().splitlines()
    assert lines[3:] == ["Total_Rows\t2", SUMMARY_HEADER, "JP\tJPY\t3\t1470.00", "US\tUSD\t3\t10.47"]


def test_the_detailed_file_has_three_key_lines_and_a_tab_more_in_its_rows() -> None:
    lines = detail_file(truth(), MONTHS["2027-01"], [finance_row(price=Decimal("2.99"))]).decode().splitlines()
    assert lines[:3] == ["Vendor Name\tExample Developer", "Start Date\t09/27/2026", "End Date\t10/31/2026"]
    assert lines[4] == (
        "10/30/2026\t10/31/2026\t11\tmonthly\tmonthly\t\tIAY\tJP\t3\t490.00\t1470.00\tJPY\t2.990\tJPY\tS\t\t\t\t"
    )


@pytest.mark.parametrize(
    ("amount", "text"), [("138.60", "138.6"), ("77.00", "77"), ("18.25", "18.25"), ("0.00", "0"), ("-5.50", "-5.5")]
)
def test_total_amount_drops_trailing_zeros(amount: str, text: str) -> None:
    assert short(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("name", "label"), [("2026-01", "1025"), ("2026-03", "1225"), ("2026-04", "0126"), ("2026-12", "0926")]
)
def test_console_file_names_carry_the_calendar_month(name: str, label: str) -> None:
    assert MONTHS[name].file_label == label


def test_fiscal_months_follow_each_other_without_a_gap() -> None:
    months = [*MONTHS.values()]
    assert all((b.start - a.end).days == 1 for a, b in zip(months, months[1:], strict=False))
    assert {(month.end - month.start).days + 1 for month in months} == {28, 35}
    assert all(month.published.isoweekday() == 5 and 0 < (month.published - month.end).days <= 6 for month in months)
