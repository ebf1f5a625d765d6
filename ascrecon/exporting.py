"""Tables as CSV and XLSX for spreadsheets: streamed, amounts as numbers, text that no spreadsheet takes for a formula.

Source of the formula rule: OWASP, CSV Injection (a cell that begins with = + - @ TAB or CR, also full-width).
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from django.http import FileResponse, StreamingHttpResponse
from django.utils.text import slugify
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Cell = object
Response = TypeVar("Response", StreamingHttpResponse, FileResponse)

FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
ROWS_PER_CHUNK = 2000
XLSX_MAX_ROWS = 1_048_576
XLSX_MAX_TEXT = 32_767
XLSX_MAX_DIGITS = 15
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TooManyRows(ValueError):
    """More rows than a sheet of Excel can hold."""


@dataclass(frozen=True)
class Table:
    """What is exported: `rows` are read once; `criteria` are (name, value) pairs that say what was selected."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    criteria: Sequence[tuple[str, str]] = ()

    def file_name(self, extension: str, day: date) -> str:
        return f"{slugify(self.title) or 'export'}-{day.isoformat()}.{extension}"


def safe_text(text: str) -> str:
    """Text as CSV may carry it: an apostrophe in front of what a spreadsheet would calculate.

    Text that has such an apostrophe already gets one more, so that taking one off always gives the text back.
    """
    return f"'{text}" if is_formula(text.lstrip("'")) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take the text for a formula; some skip blanks at the beginning."""
    return text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS)


def plain(value: Cell) -> str | int | Decimal | date | bool | None:
    """A value in the form that both writers take: moments as ISO text in UTC, mappings and lists as readable text."""
    if value is None or isinstance(value, str | bool | int | Decimal):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value
    if isinstance(value, dict):
        return "; ".join(f"{amount} {name}" for name, amount in sorted(value.items()))
    return str(value)


def csv_response(table: Table, day: date) -> StreamingHttpResponse:
    """UTF-8 with a byte order mark, so that Excel reads it as UTF-8; the criteria stand in front of the columns."""
    response = StreamingHttpResponse(_csv_chunks(table), content_type="text/csv; charset=utf-8")
    return _as_download(response, table.file_name("csv", day))


def _csv_chunks(table: Table) -> Iterator[str]:
    head = [[table.title], *([f"{name}: {value}"] for name, value in table.criteria), [], list(table.columns)]
    yield "\ufeff" + _csv_text(head)
    rows = iter(table.rows)
    while chunk := list(islice(rows, ROWS_PER_CHUNK)):
        yield _csv_text(chunk)


def _csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([_csv_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _csv_cell(value: Cell) -> str:
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return safe_text(value) if isinstance(value, str) else str(value)


def xlsx_response(table: Table, day: date) -> FileResponse:
    """A workbook with the rows and, on a second sheet, the criteria. Text is written as text, never as a formula.

    Raises TooManyRows above the 1,048,576 rows of a sheet.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Rows")
    sheet.freeze_panes = "A2"
    _write_rows(sheet, table)
    criteria = book.create_sheet("Criteria")
    for row in ((table.title,), *table.criteria):
        criteria.append([_xlsx_cell(criteria, value) for value in row])
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it when it was sent)
    book.save(file)
    file.seek(0)
    response = FileResponse(file, content_type=XLSX_TYPE)
    return _as_download(response, table.file_name("xlsx", day))


def _write_rows(sheet: WriteOnlyWorksheet, table: Table) -> None:
    header = [_xlsx_cell(sheet, column) for column in table.columns]
    for cell in header:
        cell.font = Font(bold=True)
    sheet.append(header)
    for number, row in enumerate(table.rows, start=2):
        if number > XLSX_MAX_ROWS:
            sheet.close()  # it writes to a file of its own
            raise TooManyRows(f"Excel holds at most {XLSX_MAX_ROWS:,} rows: narrow the filter, or take the CSV.")
        sheet.append([_xlsx_cell(sheet, value) for value in row])


def _xlsx_cell(sheet: WriteOnlyWorksheet, value: Cell) -> Any:
    value = plain(value)
    if isinstance(value, int) and not isinstance(value, bool) and len(str(abs(value))) > XLSX_MAX_DIGITS:
        value = str(value)
    if not isinstance(value, str):
        cell = WriteOnlyCell(sheet, value)  # type: ignore[arg-type]  # the stubs do not know Decimal and date
        if isinstance(value, date):
            cell.number_format = "yyyy-mm-dd"
        return cell
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)[:XLSX_MAX_TEXT])
    cell.data_type = "s"
    return cell


WRITERS: dict[str, Callable[[Table, date], StreamingHttpResponse | FileResponse]] = {
    "csv": csv_response,
    "xlsx": xlsx_response,
}


def _as_download(response: Response, name: str) -> Response:
    response["Content-Disposition"] = f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]", "_", name)}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
