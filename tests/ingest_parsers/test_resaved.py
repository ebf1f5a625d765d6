"""Files that went through a spreadsheet or an editor."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest

from tests.ingest_parsers.given import Ingested, ingested, region_file, region_row, sales_file, sales_row

ROWS = (sales_row(Title='Notes, "Pro"; max'), sales_row(Units="-1", Customer_Price="-4.99"))


def resaved(data: str, delimiter: str, quoting: Literal[0, 1, 2, 3] = csv.QUOTE_MINIMAL) -> str:
    lines = [line.split("\t") for line in data.removesuffix("\n").split("\n")]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerows(lines)
    return buffer.getvalue()


def content(found: Ingested) -> Sequence[object]:
    return found.rows, found.tally.sums, found.tally.units, found.tally.rejects


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_it_reads_a_resaved_file_as_the_original(tmp_path: Path, delimiter: str, quoting: Literal[0, 1]) -> None:
    data = sales_file(*ROWS)

    assert content(ingested(tmp_path, resaved(data, delimiter, quoting))) == content(ingested(tmp_path, data))


def test_it_skips_the_line_that_names_the_delimiter(tmp_path: Path) -> None:
    found = ingested(tmp_path, "sep=;\r\n" + resaved(sales_file(*ROWS), ";"))

    assert (found.tally.header_lines, found.tally.rows_accepted, found.tally.warnings) == (2, 2, [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_it_reads_the_same_rows_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    data = sales_file(sales_row(Title="Bäckerei"), sales_row())

    assert content(ingested(tmp_path, data.encode(encoding))) == content(ingested(tmp_path, data))


def test_it_rejects_a_quoted_cell_that_goes_over_the_line_end(tmp_path: Path) -> None:
    broken = sales_row(Title="Notes\nPro")
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(sales_row()), lineterminator="\n")
    writer.writeheader()
    writer.writerows([sales_row(), broken, sales_row()])

    found = ingested(tmp_path, buffer.getvalue())

    assert [(reject.line, reject.why) for reject in found.tally.rejects] == [
        (3, "a quoted cell goes over the line end (opened in line 3)"),
        (4, "a quoted cell goes over the line end (opened in line 3)"),
    ]
    assert found.tally.sums == {"USD": Decimal("20.94")}  # 2 x 3 x 3.49


def test_it_never_lets_a_lone_quote_swallow_the_rows_after_it(tmp_path: Path) -> None:
    data = resaved(sales_file(sales_row(), sales_row(Title="Caller"), sales_row()), ",")

    found = ingested(tmp_path, data.replace("Caller", '"Caller'))

    assert list(found.tally.rejected_lines) == [3, 4]


def test_it_reads_totals_that_a_spreadsheet_padded(tmp_path: Path) -> None:
    data = resaved(region_file(region_row(), totals=["Total_Rows\t1", "Total_Amount\t7", "Total_Units\t2"]), ",")
    padded = "".join(line + "," * (21 - line.count(",")) + "\r\n" for line in data.removesuffix("\r\n").split("\r\n"))

    found = ingested(tmp_path, padded)

    assert found.tally.totals_tie is True
    assert found.tally.footer_lines == 3
