"""Report files with invented values, and the way from their bytes to what the database would be given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reports.files.decode import Text, decode
from reports.files.unpack import unpack
from reports.ingest.reader import read
from reports.ingest.recognise import ReportLayout, recognise
from reports.ingest.tally import Tally

FILE_ID = 9
TAB = "\t"

SALES_2009 = (
    "Provider\tProvider Country\tVendor Identifier\tUPC\tISRC\tArtist / Show\tTitle / Episode / Season\t"
    "Label/Studio/Network\tProduct Type Identifier\tUnits\tRoyalty Price\tBegin Date\tEnd Date\t"
    "Customer Currency\tCountry Code\tRoyalty Currency\tPreorder\tSeason Pass\tISAN\tApple Identifier\t"
    "Customer Price\tCMA\tAsset/Content Flavor\tVendor Offer Code\tGrid\tPromo Code\tParent Identifier"
).split(TAB)
SALES_2020 = (
    "Provider\tProvider Country\tSKU\tDeveloper\tTitle\tVersion\tProduct Type Identifier\tUnits\t"
    "Developer Proceeds\tBegin Date\tEnd Date\tCustomer Currency\tCountry Code\tCurrency of Proceeds\t"
    "Apple Identifier\tCustomer Price\tPromo Code\tParent Identifier\tSubscription\tPeriod\tCategory\tCMB\t"
    "Device\tSupported Platforms\tProceeds Reason\tPreserved Pricing\tClient\tOrder Type"
).split(TAB)
FINANCIAL = (
    "Start Date\tEnd Date\tUPC\tISRC/ISBN\tVendor Identifier\tQuantity\tPartner Share\t"
    "Extended Partner Share\tPartner Share Currency\tSales or Return\tApple Identifier\t"
    "Artist/Show/Developer/Author\tTitle\tLabel/Studio/Network/Developer/Publisher\tGrid\t"
    "Product Type Identifier\tISAN/Other Identifier\tCountry Of Sale\tPre-order Flag\tPromo Code\t"
    "Customer Price\tCustomer Currency"
).split(TAB)
DETAIL = (
    "Transaction Date\tSettlement Date\tApple Identifier\tSKU\tTitle\tDeveloper Name\t"
    "Product Type Identifier\tCountry of Sale\tQuantity\tPartner Share\tExtended Partner Share\t"
    "Partner Share Currency\tCustomer Price\tCustomer Currency\tSale or Return\tPromo Code\tOrder Type\tRegion"
).split(TAB)

SALE = {
    "Provider": "APPLE", "Provider Country": "US", "SKU": "notes.pro", "Title": "Notes Pro",
    "Product Type Identifier": "IAY", "Units": "3", "Developer Proceeds": "3.49", "Begin Date": "10/12/2026",
    "End Date": "10/12/2026", "Customer Currency": "USD", "Country Code": "US", "Currency of Proceeds": "USD",
    "Apple Identifier": "1500000101", "Customer Price": "4.99", "Parent Identifier": "NOTES",
    "Subscription": "Renewal", "Period": "1 Month", "Category": "Productivity", "Device": "iPhone",
    "Supported Platforms": "iOS",
}  # fmt: skip
REGION_SALE = {
    "Start Date": "08/30/2026", "End Date": "09/26/2026", "Vendor Identifier": "notes.pro", "Quantity": "2",
    "Partner Share": "3.50", "Extended Partner Share": "7.00", "Partner Share Currency": "CHF",
    "Sales or Return": "S", "Apple Identifier": "1500000101", "Artist/Show/Developer/Author": "Acme",
    "Title": "Notes Pro", "Product Type Identifier": "IAY", "Country Of Sale": "CH", "Customer Price": "5.00",
    "Customer Currency": "CHF",
}  # fmt: skip
DETAIL_SALE = {
    "Transaction Date": "08/28/2026", "Settlement Date": "08/31/2026", "Apple Identifier": "1500000101",
    "SKU": "notes.pro", "Title": "Notes Pro", "Product Type Identifier": "IAY", "Country of Sale": "CA",
    "Quantity": "1", "Partner Share": "4.24", "Extended Partner Share": "4.24",
    "Partner Share Currency": "CAD", "Customer Price": "4.990", "Customer Currency": "CAD",
    "Sale or Return": "S", "Region": "AB",
}  # fmt: skip
PREAMBLE = ["Vendor Name\tAcme", "Start Date\t08/30/2026", "End Date\t09/26/2026"]


def sales_row(**changes: str) -> dict[str, str]:
    """A sales row; keywords are header names with `_` for a blank."""
    return {**SALE, **_named(changes)}


def region_row(**changes: str) -> dict[str, str]:
    """A row of a region file."""
    return {**REGION_SALE, **_named(changes)}


def detail_row(**changes: str) -> dict[str, str]:
    """A row of a FINANCE_DETAIL file."""
    return {**DETAIL_SALE, **_named(changes)}


def _named(changes: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", " "): value for name, value in changes.items()}


def line_of(row: Mapping[str, str], header: Sequence[str], blank: str = "") -> str:
    """One tab-separated line."""
    return "\t".join(row.get(name, blank) for name in header)


def sales_file(*rows: Mapping[str, str], header: Sequence[str] = SALES_2020) -> str:
    """A sales report; blanks are one space, as Apple writes them."""
    return "".join(f"{line}\n" for line in ["\t".join(header), *(line_of(row, header, " ") for row in rows)])


def region_file(*rows: Mapping[str, str], totals: Sequence[str] = ()) -> str:
    """A FINANCIAL report."""
    lines = ["\t".join(FINANCIAL), *(line_of(row, FINANCIAL) for row in rows), *totals]
    return "".join(f"{line}\n" for line in lines)


def detail_file(*rows: Mapping[str, str], totals: Sequence[str] = ()) -> str:
    """A FINANCE_DETAIL report: three key lines, the header, rows with one tab more."""
    lines = [*PREAMBLE, "\t".join(DETAIL), *(line_of(row, DETAIL) + "\t" for row in rows), *totals]
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Ingested:
    """What came of a file: rows as COPY would load them (null is None), tally, layout, clean text."""

    rows: list[dict[str, str | None]]
    tally: Tally
    layout: ReportLayout
    text: Text

    def column(self, name: str) -> list[str | None]:
        """One column of all rows."""
        return [row[name] for row in self.rows]


def text_of(tmp_path: Path, data: str | bytes, name: str = "report.txt") -> Text:
    """The clean text of a file with these bytes."""
    path = tmp_path / "handed-in"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (file,) = unpack(path, name, tmp_path)
    return decode(file, tmp_path)


def ingested(tmp_path: Path, data: str | bytes, name: str = "report.txt") -> Ingested:
    """The whole way of one file."""
    text = text_of(tmp_path, data, name)
    layout = recognise(text)
    assert layout is not None, "not recognised"
    reader = read(text, layout, file_id=FILE_ID)
    stream = b"".join(reader).decode()
    rows = [dict(zip(reader.copy_columns, cells, strict=True)) for cells in _copy_rows(stream)]
    assert_conserved(reader.tally, len(rows))
    return Ingested(rows, reader.tally, layout, text)


def assert_conserved(tally: Tally, rows: int) -> None:
    """Every physical line has ended in exactly one place."""
    ends = (tally.header_lines, rows, tally.rows_rejected, tally.blank_lines, tally.footer_lines)
    assert sum(ends) == tally.physical_lines
    assert (tally.rows_accepted, tally.rows_read) == (rows, rows + tally.rows_rejected)


ESCAPED = re.compile(r"\\(.)")
SIGNS = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def _copy_rows(stream: str) -> list[list[str | None]]:
    """COPY's own reading of its text format."""
    return [[_cell(cell) for cell in line.split("\t")] for line in stream.removesuffix("\n").split("\n") if stream]


def _cell(cell: str) -> str | None:
    return None if cell == r"\N" else ESCAPED.sub(lambda found: SIGNS[found[1]], cell)
