from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reports.files.dates import DateForm
from reports.files.errors import BadFile
from reports.ingest.layouts import FINANCE_COPY_COLUMNS, SALES_COPY_COLUMNS
from reports.ingest.recognise import recognise
from tests.ingest_parsers.given import (
    SALES_2009,
    SALES_2020,
    detail_file,
    detail_row,
    ingested,
    region_file,
    region_row,
    sales_file,
    sales_row,
    text_of,
)


@pytest.mark.parametrize(
    ("header", "generation"),
    [(SALES_2009, "2009"), (SALES_2020[:20], "2011"), (SALES_2020[:22], "2015"), (SALES_2020, "2020")],
)
def test_it_knows_every_generation_of_the_sales_header(tmp_path: Path, header: list[str], generation: str) -> None:
    layout = recognise(text_of(tmp_path, sales_file(header=header), name="anything.csv"))

    assert layout is not None
    assert (layout.kind, layout.header.generation, layout.warnings) == ("SALES", generation, ())
    assert layout.copy_columns == SALES_COPY_COLUMNS


def test_it_knows_region_and_detail_files(tmp_path: Path) -> None:
    region = recognise(text_of(tmp_path, region_file(region_row())))
    detail = recognise(text_of(tmp_path, detail_file(detail_row())))

    assert region is not None
    assert detail is not None
    assert (region.kind, region.header_line) == ("FINANCIAL", 1)
    assert (detail.kind, detail.header_line) == ("FINANCE_DETAIL", 4)
    assert detail.preamble.vendor_name == "Acme"
    assert (detail.preamble.start_day, detail.preamble.end_day) == (date(2026, 8, 30), date(2026, 9, 26))
    assert region.copy_columns == detail.copy_columns == FINANCE_COPY_COLUMNS


@pytest.mark.parametrize(
    "data",
    [
        "Date,Total Downloads\n10/12/26,5\n",
        "Name\tAcme\nStart Date\t10/12/26\n",
        "APPLE US notes.pro Notes Pro 1F 5 3.49\n",
        "x\n" * 50,
    ],
)
def test_it_says_nothing_of_other_files(tmp_path: Path, data: str) -> None:
    assert recognise(text_of(tmp_path, data, name="S_D_80000001_20261012.txt")) is None


def test_it_matches_names_without_case_blanks_and_punctuation(tmp_path: Path) -> None:
    data = region_file(region_row()).replace("Sales or Return", "SALE_OR_RETURN")
    data = data.replace("Country Of Sale", "Region of  Sale").replace("ISRC/ISBN", "ISRC / ISBN")

    layout = recognise(text_of(tmp_path, data))

    assert layout is not None
    assert layout.warnings == ()


def test_it_refuses_a_missing_column_and_names_the_one_that_looks_renamed(tmp_path: Path) -> None:
    data = sales_file(sales_row()).replace("Developer Proceeds", "Developer Proceed Value")

    with pytest.raises(BadFile) as caught:
        recognise(text_of(tmp_path, data))

    assert caught.value.line == 1
    assert caught.value.seen == ("missing columns: developer proceeds (looks renamed: Developer Proceed Value)")


def test_it_refuses_column_names_that_stand_twice(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="stand twice: Units, units"):
        recognise(text_of(tmp_path, sales_file(header=[*SALES_2020, "units"])))


def test_it_refuses_a_header_without_end(tmp_path: Path) -> None:
    header = [*SALES_2020, *(f"c{n}" for n in range(600))]

    with pytest.raises(BadFile, match="628 columns"):
        recognise(text_of(tmp_path, sales_file(header=header)))


def test_it_refuses_two_columns_for_one_value(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="two columns for the same value: SKU, Vendor Identifier"):
        recognise(text_of(tmp_path, sales_file(header=[*SALES_2020, "Vendor Identifier"])))


def test_it_keeps_unknown_columns_and_says_so(tmp_path: Path) -> None:
    header = [*SALES_2020, "Engagement Score", "Tax Note"]
    noted = {**sales_row(), "Tax Note": 'a "b"\\'}
    both = {**sales_row(), "Tax Note": "x", "Engagement Score": "7"}
    found = ingested(tmp_path, sales_file(noted, sales_row(), both, sales_row(), header=header))

    assert found.tally.warnings == ["unknown columns, kept with the rows: Engagement Score, Tax Note"]
    assert found.column("extra") == [
        '{"Tax Note": "a \\"b\\"\\\\"}',
        None,
        '{"Engagement Score": "7", "Tax Note": "x"}',
        None,
    ]


def test_it_says_which_column_of_a_generation_is_missing(tmp_path: Path) -> None:
    header = [name for name in SALES_2020 if name != "Client"]

    layout = recognise(text_of(tmp_path, sales_file(sales_row(), header=header)))

    assert layout is not None
    assert layout.warnings == ("columns missing, read as blank: client",)


@pytest.mark.parametrize(
    ("begin", "form"),
    [("2026-10-12", DateForm.ISO), ("12.10.2026", DateForm.DMY_DOT), ("10/12/26", DateForm.MDY_SLASH)],
)
def test_it_takes_the_form_of_days_from_the_file(tmp_path: Path, begin: str, form: DateForm) -> None:
    found = ingested(tmp_path, sales_file(sales_row(Begin_Date=begin, End_Date=begin)))

    assert found.layout.date_form is form
    assert found.column("day") == ["2026-10-12"]


def test_it_refuses_days_in_two_forms(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="days in different forms"):
        recognise(text_of(tmp_path, sales_file(sales_row(Begin_Date="2026-10-12"), sales_row())))
