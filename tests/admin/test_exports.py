from __future__ import annotations

import csv
import io
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.http import FileResponse, StreamingHttpResponse
from django.test import Client
from openpyxl import load_workbook

from ascrecon import exporting
from ascrecon.exporting import Table, TooManyRows, csv_response, safe_text, xlsx_response
from tests import factories as make
from tests.admin.conftest import Cast

DANGEROUS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠1", '=HYPERLINK("http://x")']


def body(response: object) -> bytes:
    assert isinstance(response, StreamingHttpResponse | FileResponse)
    content = response.getvalue()
    assert isinstance(content, bytes)
    return content


def csv_rows(response: object) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body(response).decode("utf-8-sig"))))


@pytest.mark.parametrize("text", DANGEROUS)
def test_it_disarms_what_a_spreadsheet_would_calculate(text: str) -> None:
    assert safe_text(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", [*DANGEROUS, *(f"'{text}" for text in DANGEROUS), *(f"''{text}" for text in DANGEROUS)]
)
def test_it_gives_the_text_back_when_the_apostrophe_is_taken_off(text: str) -> None:
    assert safe_text(text)[0] == "'"
    assert safe_text(text)[1:] == text


@pytest.mark.parametrize("text", ["", "Acme Notes", "a=b", "1-2", "'quoted"])
def test_it_leaves_harmless_text_as_it_is(text: str) -> None:
    assert safe_text(text) == text


def test_it_writes_amounts_as_numbers_and_text_as_text() -> None:
    table = Table("T", ["Title", "Amount"], [["=cmd", Decimal("-12.30")]], [("Selection", "all")])
    assert csv_rows(csv_response(table, make.DAY))[-1] == ["'=cmd", "-12.30"]
    sheet = load_workbook(io.BytesIO(body(xlsx_response(table, make.DAY))))["Rows"]
    title, amount = sheet["A2"], sheet["B2"]
    assert (title.value, title.data_type) == ("=cmd", "s")
    assert (Decimal(str(amount.value)), amount.data_type) == (Decimal("-12.3"), "n")


def test_it_writes_the_criteria_in_front_of_the_rows_and_on_a_second_sheet() -> None:
    table = Table("Findings", ["A"], [["x"]], [("Selection", "state = open")])
    assert csv_rows(csv_response(table, make.DAY))[:4] == [["Findings"], ["Selection: state = open"], [], ["A"]]
    book = load_workbook(io.BytesIO(body(xlsx_response(table, make.DAY))))
    assert [cell.value for cell in book["Criteria"][2]] == ["Selection", "state = open"]


def test_it_keeps_control_characters_out_of_a_workbook() -> None:
    table = Table("T", ["A"], [["a\x00b"]])
    assert load_workbook(io.BytesIO(body(xlsx_response(table, make.DAY))))["Rows"]["A2"].value == "a\ufffdb"


def test_it_refuses_more_rows_than_a_sheet_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "XLSX_MAX_ROWS", 2)
    with pytest.raises(TooManyRows, match="take the CSV"):
        xlsx_response(Table("T", ["A"], [["1"], ["2"]]), make.DAY)


def test_it_exports_the_rows_of_the_filtered_list(cast: Cast, login: Callable[[str], Client]) -> None:
    make.SalesRowFactory.make(delivery=cast.instance, line=3, country="JP", title="=evil")
    response = login("Viewer").get(f"/admin/reports/salesrow/export/csv/?delivery={cast.instance.pk}&country=jp")
    rows = csv_rows(response)
    header = next(row for row in rows if row[:2] == ["Delivery", "Line"])
    line = dict(zip(header, rows[-1], strict=True))
    assert rows.index(header) == len(rows) - 2
    assert line["Line"] == "3"
    assert line["Title"] == "'=evil"
    assert line["Proceeds per unit"] == "3.49"
    assert ["Selection: delivery = " + str(cast.instance.pk) + "; country = jp"] in rows


def test_it_exports_the_side_by_side_table_of_a_run(cast: Cast, login: Callable[[str], Client]) -> None:
    url = f"/admin/reports/run/{cast.run.pk}/lines/xlsx/?currency=USD"
    sheet = load_workbook(io.BytesIO(body(login("Viewer").get(url))))["Rows"]
    header, *lines = [[cell.value for cell in row] for row in sheet.rows]
    assert len(lines) == 1
    line = dict(zip(header, lines[0], strict=True))
    # console 10.47 less API -3.49 = 13.96
    assert Decimal(str(line["Difference"])) == Decimal("13.96")
    assert line["Finding"] == cast.finding.public_id


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_it_sends_exports_as_attachments(form: str, cast: Cast, login: Callable[[str], Client]) -> None:
    response = login("Viewer").get(f"/admin/reports/finding/export/{form}/")
    assert response["Content-Disposition"].startswith('attachment; filename="findings-')
    assert response["X-Content-Type-Options"] == "nosniff"
