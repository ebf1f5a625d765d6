from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from reports.files.errors import BadFile
from tests.console.given import cell, read, values

# currency, balance, earned, subtotal, withholding, input tax, adjustments, owed, rate, proceeds, bank
PASTED = (
    "AUD\t 1.50\t 12.50\t 14.00\t 0.00\t 1.40\t 0.00\t 15.40\t 0.70000\t 10.78\tEUR\n"
    "JPY\t 0\t 1200\t 1200\t -122\t 0\t 0\t 1078\t 0.00800\t 8.62\tEUR\n"
    "USD\t 0.00\t 70.10\t 70.10\t 0.00\t 0.00\t 0.00\t 70.10\t 0.68939\t 48.32\tEUR"
)


def test_it_reads_the_table_copied_from_the_page() -> None:
    document = read(PASTED, "table.txt")

    assert (document.kind, document.variant, document.needs) == ("P", "pasted table", ("fiscal_month",))
    assert (document.currency, document.grain, document.paid) == ("EUR", "fiscal_month", ("unstated",))
    # no region stands in the table: it is cut by currency
    assert values(document, "earned") == {
        (None, "AUD"): Decimal("12.50"),
        (None, "JPY"): Decimal("1200"),
        (None, "USD"): Decimal("70.10"),
    }
    assert cell(document.lines[0], "balance") == Decimal("1.50")
    assert cell(document.lines[0], "input_tax") == Decimal("1.40")
    assert cell(document.lines[1], "withholding_tax") == -122
    assert document.untied == ()


def test_it_reads_the_table_with_blanks_instead_of_tabs() -> None:
    assert values(read(PASTED.replace("\t", "  ")), "earned") == values(read(PASTED), "earned")


def test_it_tells_a_row_that_does_not_add_up_where_the_others_prove_the_columns() -> None:
    document = read(PASTED.replace(" 15.40", " 15.50"))

    assert [(total.line, total.stated, total.computed) for total in document.untied] == [
        (1, Decimal("15.50"), Decimal("15.40"))
    ]


@pytest.mark.parametrize(
    "content",
    [
        "AUD\t12.50\t0.00\t14.00\t1.50\t0\t0\t15.00\t0.7\t1.00\tEUR\n",
        "AUD\t0\t12.50\t12.50\t0\t0\t0\t12.50\t0.70000\t9.99\tEUR\n",
        "AUD\t12.50\t12.50\t0.70000\t8.75\tEUR\n",
    ],
)
def test_it_refuses_a_table_whose_columns_arithmetic_does_not_prove(content: str) -> None:
    with pytest.raises(BadFile, match="only 0 of its lines add up") as refusal:
        read(content)

    assert refusal.value.line == 1


def test_it_refuses_a_line_of_another_shape_by_name() -> None:
    (reject,) = read(PASTED + "\nTotal\t67.72 EUR\n").rejects

    assert (reject.line, reject.seen) == (4, "Total\t67.72 EUR")


def test_it_reads_the_real_table_of_fifteen_currencies(samples: Path) -> None:
    path = samples / "payments_console" / "dasdom_factors_2012-12_copied_table.txt"
    document = read(path.read_bytes())

    earned = values(document, "earned")
    assert (document.rows_accepted, len(earned)) == (15, 15)
    assert earned[None, "EUR"] == Decimal("247.84")
    assert earned[None, "GBP"] == Decimal("4.55")
    assert earned[None, "USD"] == Decimal("58.10")
    assert values(document, "withholding_tax")[None, "JPY"] == -37
    assert document.untied == ()


def test_it_reads_the_anonymised_real_table(samples: Path) -> None:
    path = samples / "payments_console" / "apple-slicer_currency_data_2014_copied_table.txt"

    assert len(values(read(path.read_bytes()), "earned")) == 3
