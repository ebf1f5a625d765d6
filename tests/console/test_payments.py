from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from reports.console.documents import placed, with_currency
from reports.files.errors import BadFile
from tests.console.given import cell, read, recognise, values

SETTLED = """"iTunes Connect - Payments and Financial Reports\t(September, 2020)",,,,,,,,,,,,
,,,,,,,,,,,,
Region (Currency),Units Sold,Earned,Pre-Tax Subtotal,Input Tax,Adjustments,Withholding Tax,Total Owed,\
Exchange Rate,Proceeds,Bank Account Currency,
Americas (USD),"10","70.10","70.10","0","0","0","70.10","0.68939","48.32","EUR",
Euro-Zone (EUR),"7","20.00","20.00","3.80","0","0","23.80","1.00000","23.80","EUR",
Japan (JPY),"3","1200","1200","0","0","-122","1078","0.00800","8.62","EUR",
Mexico (MXN),"5","2999.72","2999.72","0","479.92","0","3479.64","0.05000","173.98","EUR",
,,,,,,,,,,,,
,,,,,,,,,,"254.72" EUR,,
,,,,,,,,,,Paid to EXAMPLE SAVINGS -****4711,,
,,,,,,,,,,,,
"""
# 48.32 + 23.80 + 8.62 + 173.98 = 254.72

WITH_BALANCE = """"iTunes Connect - Payments and Financial Reports\t(March, 2026)",,,,,,,,,,,,
,,,,,,,,,,,,
Country or Region (Currency),Units Sold,Balance,Earned,Pre-Tax Subtotal,Input Tax,Adjustments,\
Withholding Tax,Total Owed,Exchange Rate,Proceeds,Bank Account Currency,
Norway (NOK),"2","30.50","12.00","42.50","0","0","0","42.50","0.08500","3.61","EUR",
,,,,,,,,,,,,
,,,,,,,,,,"3.61" EUR,,
"""

PENDING = """"iTunes Connect - Payments and Financial Reports\t(July, 2026)",,,,,,,,,
,,,,,,,,,
Country or Region (Currency),Units Sold,Earned,Input Tax,Adjustments,Withholding Tax,Total Owed,Proceeds,\
Bank Account Currency
Canada (CAD),"4","11.20","0","0","0","11.20","7.50","EUR"
"""

PENDING_WITH_BALANCE = """"iTunes Connect - Payments and Financial Reports\t(July, 2026)",,,,,,,,,,
,,,,,,,,,,
Territory (Currency),Units Sold,Balance,Earned,Input Tax,Adjustments,Withholding Tax,Total Owed,Proceeds,\
Bank Account Currency,
Canada (CAD),"4","5.00","11.20","0","0","-1.20","15.00","10.05","EUR",
"""


def test_it_reads_a_settled_and_paid_month() -> None:
    document = read(SETTLED)

    assert (document.kind, document.variant, document.language) == ("P", "settled", "en")
    assert (document.fiscal_label, document.fiscal_month) == ((2020, 9), "2020-12")
    assert (document.grain, document.currency, document.needs) == ("fiscal_month", "EUR", ())
    assert values(document, "earned") == {
        ("US", "USD"): Decimal("70.10"),
        ("EU", "EUR"): Decimal("20.00"),
        ("JP", "JPY"): Decimal("1200"),
        ("MX", "MXN"): Decimal("2999.72"),
    }
    assert values(document, "units_sold")["US", "USD"] == 10
    assert values(document, "withholding_tax")["JP", "JPY"] == -122
    assert values(document, "total_owed")["JP", "JPY"] == 1078
    assert values(document, "exchange_rate")["US", "USD"] == Decimal("0.68939")
    assert values(document, "proceeds")["MX", "EUR"] == Decimal("173.98")


def test_it_reads_the_total_with_text_after_the_quote_and_ties_it() -> None:
    document = read(SETTLED)

    (payout,) = document.payouts
    assert (payout.state, payout.total, payout.currency, payout.rows) == ("paid", Decimal("254.72"), "EUR", 4)
    assert document.untied == ()
    # two sums for each of the four rows and the payout's own
    assert len(document.totals) == 9


def test_it_counts_every_physical_line_once() -> None:
    document = read(SETTLED)

    assert (document.heading_lines, document.rows_read, document.footer_lines, document.blank_lines) == (
        2,
        4,
        2,
        3,
    )


def test_it_never_keeps_the_bank_or_the_account() -> None:
    assert "EXAMPLE" not in repr(read(SETTLED))
    assert "4711" not in repr(read(SETTLED.replace("Paid to EXAMPLE", "Gezahlt an EXAMPLE")))
    assert "EXAMPLE" not in repr(read(SETTLED.replace("-****4711", "-****")))


def test_it_reads_the_columns_by_name_with_a_balance_between() -> None:
    document = read(WITH_BALANCE)

    assert document.variant == "settled with balance"
    assert cell(document.lines[0], "balance") == Decimal("30.50")
    assert cell(document.lines[0], "earned") == Decimal("12.00")
    # 30.50 + 12.00 = 42.50, and nothing was paid out yet
    assert document.untied == ()
    assert document.paid == ("not_paid",)


def test_it_marks_a_month_without_exchange_rates_as_an_estimate() -> None:
    document = read(PENDING)

    assert (document.variant, document.paid) == ("pending", ("estimate",))
    assert cell(document.lines[0], "proceeds") == Decimal("7.50")
    assert document.warnings == (
        "The amounts from line 4 on are estimates: the month is pending.",
        "No total stands below the regions from line 4 on.",
    )


def test_it_ties_a_pending_row_with_its_balance() -> None:
    document = read(PENDING_WITH_BALANCE)

    assert document.variant == "pending with balance"
    # 5.00 + 11.20 - 1.20 = 15.00
    assert [(total.stated, total.computed) for total in document.totals] == [(Decimal("15.00"), Decimal("15.00"))]


def test_it_reads_columns_in_any_order_by_their_names() -> None:
    document = read(
        '"iTunes Connect - Payments and Financial Reports\t(July, 2026)"\n\n'
        "Country or Region (Currency),Earned,Units Sold,Input Tax,Withholding Tax,Adjustments,Total Owed,"
        "Proceeds,Bank Account Currency\nCanada (CAD),11.20,4,0,-1.20,0,10.00,7.50,EUR\n"
    )

    assert cell(document.lines[0], "earned") == Decimal("11.20")
    assert cell(document.lines[0], "withholding_tax") == Decimal("-1.20")


def test_it_reads_a_german_file_by_the_order_of_its_columns() -> None:
    document = read(
        '"iTunes Connect - Zahlungen und Finanzberichte\t(Januar, 2016)",,,,,,,,,,,,\n,,,,,,,,,,,,\n'
        "Region (W\u00e4hrung),A,B,C,D,E,F,G,H,I,J,\n"
        'Nord- und S\u00fcdamerika (USD),"3","6.00","6.00","0","0","0","6.00","0.90000","5.40","EUR",\n'
        'Rest der Welt (USD),"1","2.00","2.00","0","0","0","2.00","0.91000","1.82","EUR",\n'
        'Schweiz (CHF),"1","1.00","1.00","0","0","0","1.00","0.90000","0.90","EUR",\n'
    )

    assert (document.language, document.fiscal_label) == ("de", (2016, 1))
    assert values(document, "earned") == {
        ("US", "USD"): 6,
        ("WW", "USD"): 2,
        ("CH", "CHF"): 1,
    }
    assert "columns are read by their order" in document.warnings[0]


def test_it_reads_a_month_of_any_language() -> None:
    french = SETTLED.replace("(September, 2020)", "(septembre, 2020)").replace("Earned", "Gains")

    document = read(french)
    assert (document.fiscal_label, document.language) == ((2020, 9), "fr")


def test_it_asks_for_the_month_where_no_language_knows_it() -> None:
    document = read(SETTLED.replace("(September, 2020)", "(Nonember, 2020)"))

    assert (document.fiscal_label, document.needs) == (None, ("fiscal_month",))


def test_it_keeps_usd_regions_with_their_own_rates_apart() -> None:
    rows = (
        "Americas (USD),1,1.00,1.00,0,0,0,1.00,0.90000,0.90,EUR\n"
        "Latin America and the Caribbean (USD),1,2.00,2.00,0,0,0,2.00,0.91000,1.82,EUR\n"
        "South Asia and Pacific (USD),1,3.00,3.00,0,0,0,3.00,0.92000,2.76,EUR\n"
        "Rest of World (USD),1,4.00,4.00,0,0,0,4.00,0.93000,3.72,EUR\n"
        "Atlantis (USD),1,5.00,5.00,0,0,0,5.00,0.93000,4.65,EUR\n"
    )
    header = SETTLED[: SETTLED.index("Americas")]

    assert values(read(header + rows), "exchange_rate") == {
        ("US", "USD"): Decimal("0.90000"),
        ("LL", "USD"): Decimal("0.91000"),
        ("AP", "USD"): Decimal("0.92000"),
        ("WW", "USD"): Decimal("0.93000"),
        ("Atlantis", "USD"): Decimal("0.93000"),
    }


def test_it_reads_several_blocks_each_with_its_state() -> None:
    second = SETTLED[SETTLED.index("Region (Currency)") :].replace("Japan (JPY)", "Peru (PEN)")
    document = read(SETTLED + second.replace(",,,,,,,,,,Paid to EXAMPLE SAVINGS -****4711,,\n", ""))

    assert document.paid == ("paid", "not_paid")
    assert document.rows_accepted == 8
    assert {line.block for line in document.lines[4:]} == {1}
    assert document.untied == ()


def test_it_begins_a_new_block_after_a_total_without_a_second_heading() -> None:
    row = 'Norway (NOK),"2","42.50","42.50","0","0","0","42.50","0.08500","3.61","EUR",\n'
    more = row + ',,,,,,,,,,"3.61" EUR,,\n'

    assert [payout.total for payout in read(SETTLED + more).payouts] == [Decimal("254.72"), Decimal("3.61")]


def test_it_tells_sums_that_do_not_tie_and_refuses_nothing() -> None:
    document = read(SETTLED.replace('"254.72" EUR', '"1,554.72" EUR').replace('"23.80","1.0', '"23.90","1.0'))

    assert [(total.line, total.stated, total.computed) for total in document.untied] == [
        (5, Decimal("23.90"), Decimal("23.80")),
        (9, Decimal("1554.72"), Decimal("254.72")),
    ]
    assert document.rows_rejected == 0


def test_it_warns_of_a_total_it_cannot_read() -> None:
    document = read(SETTLED.replace('"254.72" EUR', '"25,4.72" EUR'))

    assert document.warnings == ("Line 9: the total cannot be read, so nothing ties to it.",)
    assert document.payouts[0].total is None


def test_it_keeps_a_blank_rate_unknown() -> None:
    document = read(SETTLED.replace('"0.68939"', '""'))

    assert values(document, "exchange_rate")["US", "USD"] is None
    assert document.rows_accepted == 4


def test_it_reads_the_tab_separated_variant() -> None:
    document = read(
        "iTunes Connect - Payments and Financial Reports\t(March, 2026)\n\n"
        "Country or Region (Currency)\tUnits Sold\tEarned\tPre-Tax Subtotal\tInput Tax\tAdjustments\t"
        "Withholding Tax\tTotal Owed\tExchange Rate\tProceeds\tBank Account Currency\n"
        'Norway (NOK)\t"2"\t"42.50"\t"42.50"\t"0"\t"0"\t"0"\t"42.50"\t"0.08500"\t"3.61"\t"EUR"\n'
        '\t\t\t\t\t\t\t\t\t"3.61" EUR\n\t\t\t\t\t\t\t\t\tPaid to EXAMPLE -****4711\n'
    )

    assert (document.delimiter, document.fiscal_label, document.paid) == ("tab", (2026, 3), ("paid",))
    assert cell(document.lines[0], "earned") == Decimal("42.50")
    assert document.untied == ()


def test_it_reads_a_spreadsheet_file_with_semicolons_and_decimal_commas() -> None:
    resaved = SETTLED.replace(",", ";").replace(".", ",").replace("(September; 2020)", "(September, 2020)")
    document = read(("\ufeff" + resaved.replace("\n", "\r\n")).encode("utf-16-le"))

    assert (document.encoding, document.delimiter) == ("utf-16-le", "semicolon")
    assert values(document, "earned")["MX", "MXN"] == Decimal("2999.72")
    assert document.untied == ()


@pytest.mark.parametrize(
    ("change", "column", "why"),
    [
        (('"70.10","70.10"', '"70,10","70.10"'), "", ""),
        (('"10","70.10"', '"1.5","70.10"'), "Units Sold", "a fraction of a unit"),
        (('"10","70.10"', '"10","$70.10"'), "Earned", "not a number with decimal point"),
        (('"48.32","EUR"', '"48.32","EURO"'), "Bank Account Currency", "not an ISO 4217 currency code"),
        (('"48.32","EUR",', '"48.32","EUR","7"'), "", "12 cells where the heading has 11"),
        (('"70.10","0.68939","48.32","EUR",', '"70.10"'), "", "8 cells where the heading has 11"),
    ],
)
def test_it_refuses_a_row_it_cannot_read_strictly(change: tuple[str, str], column: str, why: str) -> None:
    content = SETTLED.replace(*change, 1)
    if not why:
        with pytest.raises(BadFile) as refusal:
            read(content)
        assert refusal.value.line == 4
        return

    (reject,) = read(content).rejects
    assert (reject.line, reject.column, reject.why) == (4, column, why)


def test_it_refuses_a_line_that_is_neither_region_nor_total() -> None:
    (reject,) = read(SETTLED.replace("Japan (JPY)", "Japan")).rejects

    assert reject.line == 6
    assert reject.why == "neither a region with its currency, nor a total, nor a paid line"


def test_it_refuses_a_heading_of_no_known_layout() -> None:
    with pytest.raises(BadFile, match="fits no known layout") as refusal:
        read(SETTLED.replace("Input Tax,", "Input Tax,Stamp Duty,Levy,"))

    assert refusal.value.line == 3


def test_it_refuses_two_months_in_one_file() -> None:
    with pytest.raises(BadFile, match="titles of different months"):
        read(SETTLED + SETTLED.replace("September", "October"))


def test_it_warns_of_yen_with_decimals() -> None:
    assert (
        "Line 6: 1200.50 has more decimals than JPY uses." in read(SETTLED.replace('"1200"', '"1200.50"', 1)).warnings
    )


def test_it_sums_a_metric_currency_by_currency() -> None:
    document = read(SETTLED.replace("Mexico (MXN)", "Rest of World (USD)"))

    # USD 70.10 + 2999.72
    assert document.by_currency("earned") == {
        "USD": Decimal("3069.82"),
        "EUR": Decimal("20.00"),
        "JPY": Decimal("1200"),
    }
    assert document.by_currency("proceeds") == {"EUR": Decimal("254.72")}


def test_it_takes_the_answers_of_a_person() -> None:
    document = placed(
        read(SETTLED.replace("(September, 2020)", "(Nonember, 2020)")), date(2020, 8, 30), date(2020, 9, 26)
    )
    assert (document.needs, document.period_start) == ((), date(2020, 8, 30))
    assert {value.period_end for line in document.lines for value in line.values} == {date(2020, 9, 26)}

    homeless = read(SETTLED.replace('"EUR"', '""'))
    assert homeless.needs == ("currency",)
    assert values(with_currency(homeless, "EUR"), "proceeds")["US", "EUR"] == Decimal("48.32")


def test_it_does_not_take_other_files_with_currencies_in_parentheses() -> None:
    assert recognise("Price list\nAmericas (USD),1,2\n") is None


def test_it_reads_the_anonymised_real_file(samples: Path) -> None:
    path = samples / "payments_console" / "apple-slicer_financial_report_2014-09.csv"
    document = read(path.read_bytes())

    assert (document.fiscal_label, document.fiscal_month) == ((2014, 9), "2014-12")
    assert values(document, "earned") == {
        ("CH", "CHF"): Decimal("33.15"),
        ("EU", "EUR"): Decimal("206.89"),
        ("JP", "JPY"): Decimal("179"),
    }
    assert values(document, "withholding_tax")["JP", "JPY"] == -37
    assert values(document, "total_owed")["JP", "JPY"] == 142
    assert [(payout.state, payout.total, payout.currency) for payout in document.payouts] == [
        ("paid", Decimal("234.58"), "EUR")
    ]
    assert (document.rows_accepted, document.untied, document.warnings) == (3, (), ())


def test_it_ties_every_total_below_a_payment() -> None:
    document = read(SETTLED.replace('"254.72" EUR,,\n', '"254.72" EUR,,\n,,,,,,,,,,"1.00" EUR,,\n'))

    (untied,) = document.untied
    assert (untied.line, untied.stated, untied.computed) == (10, Decimal("1.00"), Decimal("254.72"))


def test_it_refuses_a_region_name_without_end() -> None:
    document = read(SETTLED.replace("Japan (JPY)", f"{'x' * 300} (JPY)"))

    assert [(r.line, r.why) for r in document.rejects] == [(6, "a region name beyond all measure")]
