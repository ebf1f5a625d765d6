from __future__ import annotations

from decimal import Decimal

import pytest

from reports.files.numbers import (
    MixedNumbers,
    NumberForm,
    choose_number_form,
    decimal_of,
    number_damage,
    number_of,
)

NO_NUMBERS = [
    *("", " ", "NaN", "Infinity", "1_000", "１２", "٣", "1e4", "1.23E+09", "+1", ".5", "5.", "1,5", "1,234.5"),
    *("(5.00)", "5-", "$5", "\u22125", "\u00a012", " 1", "1 ", "1\n", "--1", "0x10"),
    *("1234567890123456", "0.1234567"),
]


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", "0"), ("-74.13", "-74.13"), ("2.990", "2.990"), ("007", "7"), ("123456789012345.123456",) * 2],
)
def test_it_reads_plain_numbers_exactly(text: str, value: str) -> None:
    assert str(decimal_of(text)) == value


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_it_refuses_what_decimal_alone_would_take(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decimal_of(text)


def test_it_reads_minus_zero_as_zero() -> None:
    assert str(decimal_of("-0.00")) == "0.00"


def test_it_recognises_a_number_that_a_spreadsheet_damaged() -> None:
    assert "re-saved from Excel" in (number_damage("1.23E+09") or "")
    assert number_damage("1230000000") is None


@pytest.mark.parametrize(
    ("samples", "form", "proof"),
    [
        (["3,479.64", "1,234"], NumberForm.POINT, "3,479.64"),
        (["1.234,56", "1.234"], NumberForm.COMMA, "1.234,56"),
        (["12", "0,5"], NumberForm.COMMA, "0,5"),
        (["0.80030"], NumberForm.POINT, "0.80030"),
        (["1,234,567"], NumberForm.POINT, "1,234,567"),
        (["12", "-", ""], NumberForm.POINT, None),
    ],
)
def test_it_chooses_the_form_by_file(samples: list[str], form: NumberForm, proof: str | None) -> None:
    reading = choose_number_form(samples)

    assert (reading.form, reading.proof, reading.doubtful) == (form, proof, ())


def test_it_names_the_cells_that_could_be_read_two_ways() -> None:
    assert choose_number_form(["1,234", "7"]).doubtful == ("1,234",)


def test_it_refuses_a_file_that_proves_both_forms() -> None:
    with pytest.raises(MixedNumbers, match=r"1\.5.*1,5"):
        choose_number_form(["1.5", "1,5"])


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("3,479.64", NumberForm.POINT, "3479.64"),
        (" -37", NumberForm.POINT, "-37"),
        ("1.234,56", NumberForm.COMMA, "1234.56"),
        ("1\u00a0234,50", NumberForm.COMMA, "1234.50"),
    ],
)
def test_it_reads_grouped_numbers_in_the_files_form(text: str, form: NumberForm, value: str) -> None:
    assert number_of(text, form) == Decimal(value)


@pytest.mark.parametrize("text", ["", " ", "\u00a0", "-", "\u2013"])
def test_it_reads_blank_and_dash_as_unknown_not_as_zero(text: str) -> None:
    assert number_of(text, NumberForm.POINT) is None


@pytest.mark.parametrize("text", ["1.234,56", "12,34", "1,2345", "a", "1.23E+09"])
def test_it_never_guesses_inside_one_cell(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        number_of(text, NumberForm.POINT)
