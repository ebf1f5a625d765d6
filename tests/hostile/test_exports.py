"""Every list as a file: what a spreadsheet would calculate is text, amounts are numbers, and text can be had back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import models
from django.http import StreamingHttpResponse
from django.test import Client
from openpyxl import load_workbook

from reports.models import ConsoleRow, FinanceRow, SalesRow
from tests.admin.conftest import Cast
from tests.doors import told
from tests.hostile.payloads import quoted
from tests.hostile.walk import Page, files_to_save, registered
from tests.make_files import DAY, download, metric_export, sale, sales_report

pytestmark = pytest.mark.django_db
DANGEROUS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1:A9)",
    "\t=1",
    "\r=1",
    "＝1+1",
    '=HYPERLINK("http://elsewhere.example","x")',
    "=cmd|' /C calc'!A0",
    "'=1",
    " =1",
)
STARTS = tuple("=+-@\t\r\n＝＋－＠")
#: Texts that stand for something: a state, a zone, a name in addresses.
TOKENS = ("report", "grain", "granularity", "state", "kind", "cause", "severity")


def body(response: Any) -> bytes:
    assert response.status_code == 200
    content = response.getvalue() if isinstance(response, StreamingHttpResponse) else response.content
    return bytes(content)


def plant(model: type[models.Model], text: str) -> None:
    """The text in every field of every row that can hold it, as a file or a person may have put it there."""
    fields = [f for f in model._meta.concrete_fields if isinstance(f, models.CharField | models.TextField)]
    free = [f for f in fields if not f.choices and not f.unique and f.name not in TOKENS]
    long = [f for f in free if not f.max_length or f.max_length >= len(text)]
    model._base_manager.update(**{f.name: text for f in long})


def plant_everywhere(text: str) -> None:
    for owner in registered():
        if owner.opts.app_label != "auth":  # a password that is no hash would sign everybody out
            plant(owner.model, text)
    ConsoleRow.objects.update(cells={"Date": text})
    SalesRow.objects.update(units=Decimal("-3"), developer_proceeds=Decimal("-1.25"))
    FinanceRow.objects.update(extended_partner_share=Decimal("-980.10"))


def rows_of_csv(content: bytes) -> list[list[str]]:
    """As docs of the export say: UTF-8 with a mark; the rows follow the first empty line and the header."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return rows[rows.index([]) + 2 :]


def is_number(cell: str) -> bool:
    return cell.lstrip("-").replace(".", "", 1).isdigit()


def cells(client: Client, page: Page) -> Iterator[tuple[Any, str]]:
    """The value and the type of each cell of a file: `s` is text, `n` a number, `f` a formula."""
    content = body(client.get(page.url))
    if "/csv/" in page.url:
        yield from ((cell, "n" if is_number(cell) else "s") for row in rows_of_csv(content) for cell in row)
        return
    for row in load_workbook(io.BytesIO(content))["Rows"].iter_rows(min_row=2):
        yield from ((cell.value, cell.data_type) for cell in row)


def test_every_list_but_four_has_an_export() -> None:
    without = {str(owner.opts.model_name) for owner in registered() if not getattr(owner, "export_fields", {})}
    assert without == {"rawfile", "digestschedule", "user", "serverkey"}


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_export_holds_a_formula(text: str, owner: Client, cast: Cast) -> None:
    plant_everywhere(text)
    pages = [page for page in files_to_save("export", "lines") if "/csv/" in page.url]
    found = {page.url: list(cells(owner, page)) for page in pages}
    armed = {url: cell for url, kept in found.items() for cell, kind in kept if kind == "s" and cell.startswith(STARTS)}
    assert armed == {}
    # Taking one apostrophe off gives the text back.
    with_text = {url for url, kept in found.items() if any(cell == f"'{text}" for cell, _ in kept)}
    assert {url.split("/")[3] for url in with_text} >= {"salesrow", "financerow", "consolerow", "finding", "app", "run"}


@pytest.mark.parametrize("text", ["=1+1", "-1", "@SUM(A1:A9)", "\t=1", "＝1+1"])
def test_no_workbook_holds_a_formula(text: str, owner: Client, cast: Cast) -> None:
    plant_everywhere(text)
    pages = [page for page in files_to_save("export", "lines") if "/xlsx/" in page.url]
    found = {page.url: list(cells(owner, page)) for page in pages}
    assert {url for url, kept in found.items() if any(kind == "f" for _, kind in kept)} == set()
    as_text = {url.split("/")[3] for url, kept in found.items() if (text, "s") in kept}
    assert as_text >= {"salesrow", "financerow", "consolerow", "finding", "app", "run"}


def test_negative_amounts_stay_numbers(owner: Client, cast: Cast) -> None:
    plant_everywhere("=1")
    for form in ("csv", "xlsx"):
        sales = list(cells(owner, Page("", "", f"/admin/reports/salesrow/export/{form}/")))
        finance = list(cells(owner, Page("", "", f"/admin/reports/financerow/export/{form}/")))
        numbers = {Decimal(str(value)) for value, kind in [*sales, *finance] if kind == "n" and value not in (None, "")}
        assert {Decimal(-3), Decimal("-1.25"), Decimal("-980.1")} <= numbers


def test_a_report_keeps_such_text_to_the_letter(tmp_path: Path) -> None:
    texts = [text for text in DANGEROUS if not set(text) & set("\t\r") and text.strip() == text]
    report = sales_report(tmp_path, *(sale(SKU=text, Title=text) for text in texts))
    told("load_report", report)
    assert list(SalesRow.objects.order_by("pk").values_list("sku", "title")) == [(text, text) for text in texts]


@pytest.mark.parametrize("text", [text for text in DANGEROUS if not set(text) & set("\t\r") and text.strip() == text])
def test_an_export_of_the_console_keeps_such_text_to_the_letter(text: str, tmp_path: Path) -> None:
    path = metric_export(tmp_path, {DAY: 7}, app=quoted(text), filters=[f"{quoted('Source')},{quoted(text)}"])
    (export,) = told("import_export", path)
    assert export["app"] == text
    assert ConsoleRow.objects.get().cells["App Units"] == "7.0"


def test_an_app_called_like_a_formula_leaves_and_returns_unchanged(owner: Client, tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(5, title="=1+1")))
    (row,) = rows_of_csv(body(owner.get("/admin/reports/salesrow/export/csv/")))
    (disarmed,) = [cell for cell in row if "1+1" in cell]
    told("load_report", sales_report(tmp_path / "again", download(5, title=disarmed.removeprefix("'"))))
    assert set(SalesRow.objects.values_list("title", flat=True)) == {"=1+1"}
