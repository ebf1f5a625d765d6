"""The independent reader: `csv`, `Decimal` and nothing of the product. Deliberately simple; it may say "cannot tell".

What it reads of each line is what a person would read with the file before them. Where a line or a file allows two
honest readings, or none, it says so, and then only a refusal is right:

- a line with another number of filled cells than the header, a cell that is no number where one is needed, text that is
  no text, a quote that stays open at the line end, a day that stands twice in an export: the line cannot be told. Every
  line is read on its own, so that an open quote never swallows the lines after it;
- no header with all needed columns, or a column twice: the file cannot be told;
- days of which one proves day-first while others do not: which day a line means cannot be told (`ANY_DAY`), its amounts
  can;
- a heading of a payments file in unknown words: columns by their order, if one of Apple's four layouts has as many;
- a number with one separator (`1,234`, `1.234`): a decimal point unless another number of the file proves a comma.

`untied`: what the file says about itself (a total, an end date) and its own lines do not keep.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext

ANY_DAY = date(1, 1, 1)
#: No amount has as many digits.
LONGEST = 100
Key = tuple[str, ...]
Values = dict[Key, Decimal]


@dataclass(frozen=True)
class Line:
    """A physical line; `sound` is false where it holds bytes that are no text."""

    text: str
    sound: bool = True


class CannotTell(Exception):
    """The file as a whole allows no plain reading."""


@dataclass
class Reading:
    """Line number to what it tells (None: cannot tell), and what does not tie."""

    lines: dict[int, Values | None] = field(default_factory=dict)
    untied: list[str] = field(default_factory=list)
    any_day: bool = False


def plain_reading(family: str, data: bytes) -> Reading:
    """What the bytes say; raises `CannotTell`."""
    lines = text_lines(data)
    if not lines:
        raise CannotTell("no text")
    with localcontext(prec=500):
        return READERS[family](lines)


# Bytes to lines -----------------------------------------------------------------------------------------------------


def text_lines(data: bytes) -> list[Line]:
    """Physical lines, decoded one by one."""
    data = _unpacked(data)
    if data.startswith(b"\xef\xbb\xbf"):
        return _byte_lines(data[3:])
    wide = _utf16(data)
    if wide is None:
        return _byte_lines(data)
    text = wide.replace("\r\n", "\n").replace("\r", "\n")
    return [Line(line, not re.search("[\ud800-\udfff\0]", line)) for line in text.removesuffix("\n").split("\n")]


def _unpacked(data: bytes) -> bytes:
    try:
        if data.startswith(b"\x1f\x8b"):
            return gzip.decompress(data)
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                (name,) = (n for n in archive.namelist() if not n.startswith("__MACOSX"))
                return archive.read(name)
    except Exception as error:
        raise CannotTell(f"a broken archive: {error}") from error
    return data


def _utf16(data: bytes) -> str | None:
    for bom, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(bom):
            return _decoded(data[2:], name)
    head = data[:512]
    if len(head) < 16 or head.count(0) < len(head) * 0.3:
        return None
    name = "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"
    return _decoded(data, name)


def _decoded(data: bytes, name: str) -> str:
    """Half characters stay half, so that their line is known."""
    half = len(data) % 2
    return data[: len(data) - half].decode(name, "surrogatepass") + "\ud800" * half


def _byte_lines(data: bytes) -> list[Line]:
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    return [_text(line) for line in lines] if data else []


def _text(line: bytes) -> Line:
    for encoding in ("utf-8", "cp1252"):
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            continue
        return Line(text, "\0" not in text)
    return Line(line.decode("utf-8", "replace"), sound=False)


# Lines to cells -----------------------------------------------------------------------------------------------------

csv.field_size_limit(1 << 24)
Cells = list[str]
#: What a spreadsheet writes above a table; no line of it.
SEP_LINE = re.compile(r'"?sep=.*', re.I)
#: The cells of each line, and whether they may be counted.
Rows = list[tuple[Cells, bool]]


def cells_of(lines: Sequence[Line], delimiter: str) -> Rows:
    """Trimmed cells of every line on its own; a tab file knows no quoting, a cell over the line end cannot be told."""
    rows: Rows = []
    for line in lines:
        if delimiter == "\t":
            cells, closed = line.text.split("\t"), True
        else:
            cells, closed = _quoted_cells(line.text, delimiter)
        cells = [] if SEP_LINE.fullmatch(line.text) else [cell.strip() for cell in cells]
        rows.append((cells, line.sound and closed) if any(cells) else ([], True))
    return rows


def _quoted_cells(line: str, delimiter: str) -> tuple[Cells, bool]:
    """A line ends in an open quote where the reader wants another one."""
    reader = csv.reader([line, ""], delimiter=delimiter)
    try:
        cells = next(reader, [])
    except csv.Error:
        return [line], False
    return [cell.removesuffix("\n") for cell in cells], reader.line_num == 1


def fold(text: str) -> str:
    """Without case, blanks, punctuation and whatever is no ASCII."""
    return "".join(sign for sign in text if sign.isalnum() and sign.isascii()).casefold()


def number(cell: str) -> Decimal:
    """Raises `ValueError`."""
    bare = cell.strip()
    if len(bare) > LONGEST or not re.fullmatch(r"[+-]?[0-9.]+([eE][+-]?[0-9]{1,3})?", bare):
        raise ValueError(cell)
    try:
        return Decimal(bare)
    except InvalidOperation as error:
        raise ValueError(cell) from error


# Days ---------------------------------------------------------------------------------------------------------------

SLASH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})", re.ASCII)
DOT = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})", re.ASCII)
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


def store_day(year: int, month: int, day: int) -> date:
    """Raises `ValueError` for what no calendar has and for years without an App Store."""
    if not 2008 <= year < 2100:
        raise ValueError(year)
    return date(year, month, day)


@dataclass
class Days:
    """How the days of a file are written, from all of them."""

    day_first: bool
    any_day: bool

    @classmethod
    def of(cls, cells: Iterable[str]) -> Days:
        found = [match for match in map(SLASH.fullmatch, cells) if match]
        day_first = [int(m[1]) > 12 >= int(m[2]) for m in found]
        forms = {form for cell in cells for form in (SLASH, DOT, ISO) if form.fullmatch(cell)}
        unsure = (any(day_first) and not all(day_first)) or len(forms) > 1
        return cls(any(day_first), unsure)

    def read(self, cell: str) -> date:
        """Raises `ValueError`."""
        if iso := ISO.fullmatch(cell):
            return store_day(int(iso[1]), int(iso[2]), int(iso[3]))
        slash = SLASH.fullmatch(cell)
        found = slash or DOT.fullmatch(cell)
        if not found:
            raise ValueError(cell)
        if self.any_day:
            return ANY_DAY
        year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
        first, second = int(found[1]), int(found[2])
        day, month = (first, second) if self.day_first or not slash else (second, first)
        return store_day(year, month, day)


# Sales and finance reports -------------------------------------------------------------------------------------------

SALES_COLUMNS = {
    "sku": ("SKU", "Vendor Identifier"), "title": ("Title", "Title / Episode / Season"),
    "type": ("Product Type Identifier",), "units": ("Units",),
    "proceeds": ("Developer Proceeds", "Developer Proceeds (per unit)", "Royalty Price"),
    "begin": ("Begin Date",), "end": ("End Date",), "customer_currency": ("Customer Currency",),
    "country": ("Country Code",), "currency": ("Currency of Proceeds", "Royalty Currency"),
    "id": ("Apple Identifier",), "price": ("Customer Price",), "parent": ("Parent Identifier",),
}  # fmt: skip
FINANCE_COLUMNS = {
    "sku": ("Vendor Identifier", "SKU"), "quantity": ("Quantity",), "share": ("Partner Share",),
    "earned": ("Extended Partner Share",), "currency": ("Partner Share Currency",),
    "flag": ("Sales or Return", "Sale or Return"), "id": ("Apple Identifier",), "title": ("Title",),
    "country": ("Country Of Sale", "Region Of Sale", "Country or Region of Sale"),
}  # fmt: skip
FINANCIAL_COLUMNS = FINANCE_COLUMNS | {"begin": ("Start Date",), "end": ("End Date",)}
DETAIL_COLUMNS = FINANCE_COLUMNS | {"begin": ("Transaction Date",), "end": ("Settlement Date",)}
TOTAL = re.compile(r'"?\s*(total_(rows|amount|units)|country (or region )?of sale|region of sale)', re.I)


@dataclass
class Report:
    """A report cut into cells: where the header stands, and which cell is which."""

    rows: Rows
    header: int
    at: dict[str, int]
    width: int

    def body(self) -> list[tuple[int, Cells, bool]]:
        """Line number, cells, whether they may be counted, of each line after the header that is not blank."""
        return [(n + 1, *row) for n, row in enumerate(self.rows) if n > self.header and row[0]]

    def named(self, cells: Cells, sound: bool = True) -> dict[str, str]:
        """Raises `ValueError` for a line with more or fewer cells than the header, or of which not all is text."""
        if not sound or len(cells) < self.width or any(cells[self.width :]):
            raise ValueError(cells)
        return {name: cells[index] for name, index in self.at.items()}


def find_report(lines: Sequence[Line], columns: dict[str, tuple[str, ...]]) -> Report:
    for delimiter in "\t,;":
        rows = cells_of(lines, delimiter)
        for index, (cells, _) in enumerate(rows[:40]):
            folded = [fold(cell) for cell in cells]
            at = {
                name: [folded.index(fold(c)) for c in called if fold(c) in folded] for name, called in columns.items()
            }
            if not all(at.values()):
                continue
            counts = Counter(filter(None, folded))
            if max(counts.values()) > 1 or any(len(found) > 1 for found in at.values()):
                raise CannotTell("a column stands twice")
            return Report(rows, index, {name: found[0] for name, found in at.items()}, len(cells))
    raise CannotTell("no header with all columns")


def _days_of(report: Report, extra: Iterable[str] = ()) -> Days:
    places = (report.at["begin"], report.at["end"])
    return Days.of([*(cells[n] for _, cells, _ in report.body() if len(cells) >= report.width for n in places), *extra])


def read_sales(lines: Sequence[Line]) -> Reading:
    report = find_report(lines, SALES_COLUMNS)
    days = _days_of(report)
    reading = Reading(any_day=days.any_day)
    for at, cells, sound in report.body():
        try:
            reading.lines[at] = _sale(report.named(cells, sound), days)
        except ValueError:
            reading.lines[at] = None
    return reading


def _sale(row: dict[str, str], days: Days) -> Values:
    period = (str(days.read(row["begin"])), str(days.read(row["end"])))
    units = number(row["units"])
    proceeds, price = number(row["proceeds"] or "0"), number(row["price"] or "0")
    return {
        ("units", row["sku"], *period, ""): units,
        ("proceeds", row["sku"], *period, row["currency"]): units * proceeds,
        ("sales", row["sku"], *period, row["customer_currency"]): units * abs(price),
    }


def read_financial(lines: Sequence[Line]) -> Reading:
    report = find_report(lines, FINANCIAL_COLUMNS)
    return _finance(report, _days_of(report), None)


def read_detail(lines: Sequence[Line]) -> Reading:
    report = find_report(lines, DETAIL_COLUMNS)
    stated = {fold(cells[0]): cells[1] for cells, _ in report.rows[: report.header] if len(cells) > 1}
    period = (stated.get("startdate", ""), stated.get("enddate", ""))
    return _finance(report, _days_of(report, period), period)


def _finance(report: Report, days: Days, stated: tuple[str, str] | None) -> Reading:
    reading, counted, body = Reading(any_day=days.any_day), [], report.body()
    cut = next((n for n, (_, cells, _) in enumerate(body) if TOTAL.match(cells[0])), len(body))
    for at, cells, sound in body[:cut]:
        try:
            row = report.named(cells, sound)
            reading.lines[at] = _earning(row, days, stated)
            counted.append(row)
        except ValueError:
            reading.lines[at] = None
    _check_finance_totals(body[cut:], counted, cut, reading)
    if stated is not None and not reading.any_day:
        _check_settled(stated, days, counted, reading)
    return reading


def _earning(row: dict[str, str], days: Days, stated: tuple[str, str] | None) -> Values:
    own = (days.read(row["begin"]), days.read(row["end"]))
    period = own if stated is None else _stated_period(stated, days)
    dates = (str(period[0]), str(period[1]))
    return {
        ("quantity", row["sku"], *dates, ""): number(row["quantity"]),
        ("earned", row["sku"], *dates, row["currency"]): number(row["earned"]),
    }


def _stated_period(stated: tuple[str, str], days: Days) -> tuple[date, date]:
    try:
        return days.read(stated[0]), days.read(stated[1])
    except ValueError:
        return ANY_DAY, ANY_DAY


def _check_finance_totals(
    footers: list[tuple[int, Cells, bool]], rows: list[dict[str, str]], count: int, reading: Reading
) -> None:
    """Totals by name, then the table by country and currency; a line below them that is neither cannot be told."""
    table: dict[str, int] = {}
    told: set[tuple[str, str]] = set()
    for at, cells, sound in footers:
        name = re.sub(r"[:\s].*", "", cells[0]).lower() if sound else ""
        value = " ".join(filter(None, [*re.split(r"[:\s]+", cells[0])[1:], *cells[1:]]))
        if name in ("total_rows", "total_amount", "total_units"):
            _check_total(name, value, rows, count, reading)
        elif sound and not table and _table_columns(cells):
            table = _table_columns(cells)
        elif not (table and sound and _check_table_row(cells, table, rows, told, reading)):
            reading.lines[at] = None
    here = {(row["country"], row["currency"]) for row in rows}
    if table and here - told:
        reading.untied.append("countries that the table leaves out")


def _table_columns(cells: Cells) -> dict[str, int]:
    """Where the four columns of the second table stand; empty for another line."""
    called = {fold(name): "country" for name in FINANCE_COLUMNS["country"]}
    at = {called.get(fold(cell), fold(cell)): index for index, cell in enumerate(cells)}
    return at if {"country", "partnersharecurrency", "quantity", "extendedpartnershare"} <= set(at) else {}


def _check_total(name: str, value: str, rows: list[dict[str, str]], count: int, reading: Reading) -> None:
    quantities = [number(row["quantity"]) for row in rows]
    sums = {
        "total_rows": [Decimal(count)],
        "total_amount": [sum((number(row["earned"]) for row in rows), Decimal(0))],
        "total_units": [sum(quantities, Decimal(0)), sum((q for q in quantities if q > 0), Decimal(0))],
    }
    try:
        stated = number(value)
    except ValueError:
        reading.untied.append(f"{name} {value!r}")
        return
    if stated not in sums[name]:
        reading.untied.append(f"{name} {stated}")


def _check_table_row(
    cells: Cells, table: dict[str, int], rows: list[dict[str, str]], told: set[tuple[str, str]], reading: Reading
) -> bool:
    try:
        country, currency = cells[table["country"]], cells[table["partnersharecurrency"]]
        quantity, amount = number(cells[table["quantity"]]), number(cells[table["extendedpartnershare"]])
    except (ValueError, IndexError, KeyError):
        return False
    mine = [row for row in rows if (row["country"], row["currency"]) == (country, currency)]
    sums = (
        sum((number(r["quantity"]) for r in mine), Decimal(0)),
        sum((number(r["earned"]) for r in mine), Decimal(0)),
    )
    sold = sum((q for q in (number(r["quantity"]) for r in mine) if q > 0), Decimal(0))
    if amount != sums[1] or quantity not in (sums[0], sold) or (country, currency) in told:
        reading.untied.append(f"table row {country} {currency}")
    told.add((country, currency))
    return True


def _check_settled(stated: tuple[str, str], days: Days, rows: list[dict[str, str]], reading: Reading) -> None:
    try:
        start, end = days.read(stated[0]), days.read(stated[1])
    except ValueError:
        reading.any_day = True
        reading.untied.append("no Start Date and End Date")
        return
    if any(not start <= days.read(row["end"]) <= end for row in rows):
        reading.untied.append("settled outside of the period")


# Console exports -------------------------------------------------------------------------------------------------


def console_numbers(cells: Iterable[str]) -> dict[str, Decimal | None]:
    """Each cell's number by the one form of the file; None is unknown. Cells that are no numbers are left out."""
    point = {cell: _grouped(cell, ",", ".") for cell in cells}
    comma = {cell: _grouped(cell, ".", ",") for cell in cells}
    if any(isinstance(comma[c], Decimal) and point[c] == "no" for c in point):
        point = comma
    return {cell: value for cell, value in point.items() if value is None or isinstance(value, Decimal)}


def _grouped(cell: str, thousands: str, decimals: str) -> Decimal | str | None:
    bare = "".join(sign for sign in cell if sign not in "\u00a0\u202f\u2009\u200e\u200f\ufeff").strip()
    if bare in ("", "-", "\u2013", "\u2014"):
        return None
    if len(bare) > LONGEST:
        return "no"
    whole = rf"([0-9]+|[0-9]{{1,3}}(\{thousands}[0-9]{{3}})+)"
    if not re.fullmatch(rf"-?{whole}(\{decimals}[0-9]+)?", bare):
        return "no"
    return Decimal(bare.replace(thousands, "").replace(decimals, "."))


def _console_rows(lines: Sequence[Line], delimiter: str) -> Rows:
    """Empty cells at the end are no cells; tab files of the console may carry quotes around cells all the same."""
    rows = cells_of(lines, delimiter)
    bare = [[c[1:-1].strip() if len(c) > 1 and c[0] == c[-1] == '"' else c for c in cells] for cells, _ in rows]
    return [(_trimmed(cells), sound) for cells, (_, sound) in zip(bare, rows, strict=True)]


def _trimmed(cells: Cells) -> Cells:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _from_first_filled(cells: Cells) -> Cells:
    while cells and not cells[0]:
        cells = cells[1:]
    return cells


def _looks_like_a_day(cell: str) -> bool:
    return any(form.fullmatch(cell) for form in (SLASH, DOT, ISO))


def read_metric(lines: Sequence[Line]) -> Reading:
    """Key lines; the heading begins with the word for Date, or stands above the first day; then one row a day."""
    for delimiter in "\t;,":
        rows = _console_rows(lines, delimiter)
        filled = [(n, *row) for n, row in enumerate(rows, start=1) if row[0]]
        heading = _heading_at([cells for _, cells, _ in filled])
        if heading:
            widths = {n: len(cells) for n, (cells, _) in enumerate(cells_of(lines, delimiter), start=1)}
            return _metric(filled[:heading], filled[heading][1], filled[heading + 1 :], widths, delimiter)
    raise CannotTell("no heading above a day")


def _heading_at(rows: list[Cells]) -> int | None:
    """The last heading before a day, by its word; without one what stands above the first day."""
    named = [n for n, cells in enumerate(rows) if _is_metric_heading(cells)]
    days = [n for n, cells in enumerate(rows) if _looks_like_a_day(cells[0])]
    first = next((n for n in days if not named or n > named[0]), len(rows))
    above = first - 1 if 1 < first < len(rows) and len(rows[first - 1]) > 1 else None
    return max((n for n in named if n < first), default=above)


def _is_metric_heading(cells: Cells) -> bool:
    named = fold(cells[0]) in ("date", "datum") and any(cells[1:])
    return named and not any(map(_looks_like_a_day, cells))


Numbered = list[tuple[int, Cells, bool]]


def _metric(keys: Numbered, heading: Cells, body: Numbered, widths: dict[int, int], delimiter: str) -> Reading:
    named = {fold(cells[0]): delimiter.join(_from_first_filled(cells[1:])) for _, cells, _ in keys}
    told_days = [value for value in named.values() if _looks_like_a_day(value)] or [""]
    app = named.get("name") or next(iter(named.values()))
    start = named.get("startdate") or named.get("startdatum") or told_days[0]
    end = named.get("enddate") or named.get("enddatum") or told_days[-1]
    days = Days.of([*(cells[0] for _, cells, _ in body), *filter(None, (start, end))])
    numbers = console_numbers([cell for _, cells, _ in body for cell in ["", *cells[1:]]])
    reading, seen = Reading(any_day=days.any_day), Counter[date]()
    for at, cells, sound in body:
        try:
            day = days.read(cells[0])
            seen[day] += 1
            if not sound or widths[at] < len(heading) or len(cells) > len(heading):
                raise ValueError(cells)
            reading.lines[at] = _metric_values(cells, heading, day, numbers, fold(app))
        except (ValueError, KeyError):
            reading.lines[at] = None
    _check_metric_days(reading, seen, days, start, end)
    return reading


def _metric_values(cells: Cells, heading: Cells, day: date, numbers: dict[str, Decimal | None], app: str) -> Values:
    """Raises for a number below no heading."""
    padded = [*cells, *[""] * len(heading)]
    if any(cell and not name for name, cell in zip(heading, padded, strict=False)):
        raise ValueError(cells)
    told = {
        (fold(name), app, str(day), ""): numbers[cell] for name, cell in list(zip(heading, padded, strict=False))[1:]
    }
    return {key: value for key, value in told.items() if value is not None and key[0]}


def _check_metric_days(reading: Reading, seen: Counter[date], days: Days, start: str | None, end: str | None) -> None:
    if not seen or days.any_day:
        return
    twice = {str(day) for day, count in seen.items() if count > 1}
    for at, values in reading.lines.items():
        if values and any(key[2] in twice for key in values):
            reading.lines[at] = None
    try:
        if (days.read(start or ""), days.read(end or "")) != (min(seen), max(seen)):
            reading.untied.append("the days are not those that the file states")
    except ValueError:
        reading.untied.append("the file states no days")


PAYMENT_HEADINGS = {
    "units_sold": "Units Sold", "balance": "Balance", "earned": "Earned", "pre_tax_subtotal": "Pre-Tax Subtotal",
    "input_tax": "Input Tax", "adjustments": "Adjustments", "withholding_tax": "Withholding Tax",
    "total_owed": "Total Owed", "exchange_rate": "Exchange Rate", "proceeds": "Proceeds",
    "bank": "Bank Account Currency",
}  # fmt: skip
NOT_PENDING = ("pre_tax_subtotal", "exchange_rate")
FOUR_LAYOUTS = [
    ["region", *(name for name in PAYMENT_HEADINGS if name not in left_out)]
    for left_out in (("balance",), (), ("balance", *NOT_PENDING), NOT_PENDING)
]  # fmt: skip
REGION = re.compile(r"(.*\S)\s*\(([A-Z]{3})\)", re.ASCII)
BLOCK_TOTAL = re.compile(r"(-?[\d.,\s]*\d)\s*([A-Z]{3})", re.ASCII)
TITLE = re.compile(r"\(\s*(\w+)[\s,./-]*(\d{4})[\s,./-]*\)")


def read_payments(lines: Sequence[Line]) -> Reading:
    for delimiter in "\t;,":
        rows = [(n, *row) for n, row in enumerate(_console_rows(lines, delimiter), start=1) if row[0]]
        if any(_is_heading(cells, rows, n) for n, (_, cells, _) in enumerate(rows)):
            widths = {n: len(cells) for n, (cells, _) in enumerate(cells_of(lines, delimiter), start=1)}
            return _payments(rows, widths)
    raise CannotTell("no heading above a region")


def _payments(rows: Numbered, widths: dict[int, int]) -> Reading:
    reading, columns = Reading(), None
    month = _title_month(rows)
    blocks: list[_Block] = []
    of_regions = [cells[1:] for _, cells, _ in rows if REGION.fullmatch(cells[0])]
    numbers = console_numbers(
        [cell for cells in [*of_regions, *map(_block_totals, (r[1] for r in rows))] for cell in ["", *cells]]
    )
    for n, (at, cells, sound) in enumerate(rows):
        region = REGION.fullmatch(cells[0])
        if _is_heading(cells, rows, n):
            columns = _payment_columns(cells)
            blocks.append(_Block())
        elif region and columns:
            if blocks[-1].closed:
                blocks.append(_Block())
            whole = sound and blocks[-1].add(cells, widths[at], region[2], columns, numbers, month)
            reading.lines[at] = whole or None
        elif TITLE.search(" ".join(cells)):
            continue
        elif blocks and (_is_paid(cells) or (_block_totals(cells) and len(list(filter(None, cells))) == 1)):
            totals = [] if _is_paid(cells) else _block_totals(cells)
            blocks[-1].close([numbers.get(text) for text in totals])
        else:
            reading.lines[at] = None
    reading.untied += [what for block in blocks for what in block.untied()]
    return reading


def _is_heading(cells: Cells, rows: Numbered, n: int) -> bool:
    """Words in nine columns or more, directly above a region."""
    below = REGION.fullmatch(rows[n + 1][1][0]) if n + 1 < len(rows) else None
    worded = bool(cells[0]) and len(list(filter(None, cells))) > 8 and not any(map(str.isdigit, "".join(cells)))
    return bool(below and worded and not REGION.fullmatch(cells[0]))


def _is_paid(row: list[str]) -> bool:
    return any(cell.casefold().startswith("paid to ") or re.search(r"\*{2,}\s?\w{2,}\s*$", cell) for cell in row)


def _block_totals(row: list[str]) -> list[str]:
    found = [BLOCK_TOTAL.fullmatch(cell.replace('"', "").strip()) for cell in row if cell]
    return [match[1].strip() for match in found if match]


def _title_month(rows: Numbered) -> str:
    """(year, first letters of the month) of the title; a month in other words than English cannot be told."""
    titles = {m.groups() for _, c, _ in rows if not REGION.fullmatch(c[0]) and (m := TITLE.search(" ".join(c)))}
    if len(titles) != 1:
        raise CannotTell("no month, or several")
    ((month, year),) = titles
    return f"{year} {month.casefold()[:3]}"


def _payment_columns(row: list[str]) -> list[str]:
    words = {fold(text): name for name, text in PAYMENT_HEADINGS.items()}
    regions = [fold(f"{word} (Currency)") for word in ("Region", "Territory", "Country or Region")]
    words |= dict.fromkeys(regions, "region") | {fold("Estimated Proceeds"): "proceeds"}
    known = [words.get(fold(cell)) for cell in row]
    names = [name for name in known if name]
    if len(names) == len(row) and len(set(names)) == len(names):
        return names
    for layout in FOUR_LAYOUTS:
        if len(layout) == len(row) and all(k in (None, name) for k, name in zip(known, layout, strict=True)):
            return layout
    raise CannotTell("a heading of no known layout")


class _Block:
    """Rows of one payment and the total below them."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Decimal | None]] = []
        self.totals: list[Decimal | None] = []
        self.closed = False

    def close(self, totals: list[Decimal | None]) -> None:
        """A line below the regions: a total, or the line that it was paid; regions after it are another payment."""
        self.totals += totals
        self.closed = True

    def add(
        self, row: list[str], width: int, currency: str, columns: list[str],
        numbers: dict[str, Decimal | None], month: str,
    ) -> Values | None:  # fmt: skip
        amounts = [name for name in columns if name not in ("region", "bank", "currency")]
        if len(row) > len(columns) or width <= max(columns.index(name) for name in amounts):
            return None
        cells = dict(zip(columns, [*row, *[""] * len(columns)], strict=False))
        try:
            held = {name: numbers[cells[name]] for name in amounts}
        except KeyError:
            return None
        self.rows.append(held)
        own = {"proceeds": cells.get("bank", ""), "units_sold": ""}
        keyed = {
            (name, month, own.get(name, currency)): value for name, value in held.items() if name != "exchange_rate"
        }
        return {key: value for key, value in keyed.items() if value is not None}

    def untied(self) -> list[str]:
        found = [what for row in self.rows for what in _row_untied(row)]
        proceeds = [row.get("proceeds") for row in self.rows]
        known = [value for value in proceeds if value is not None]
        if len(known) == len(proceeds):
            found += ["the total of a payment" for total in self.totals if total != sum(known, Decimal(0))]
        return found


def _row_untied(row: dict[str, Decimal | None]) -> list[str]:
    found = []
    earned = _sum(row, "balance", "earned")
    subtotal = row.get("pre_tax_subtotal")
    if earned is not None and subtotal is not None and earned != subtotal:
        found.append("balance and earned")
    taxed = _sum(
        row,
        "pre_tax_subtotal" if "pre_tax_subtotal" in row else "earned",
        "input_tax",
        "adjustments",
        "withholding_tax",
    )
    owed = row.get("total_owed")
    if "pre_tax_subtotal" not in row and taxed is not None:
        taxed += row.get("balance") or Decimal(0)
    if taxed is not None and owed is not None and taxed != owed:
        found.append("total owed")
    return found


def _sum(row: dict[str, Decimal | None], *names: str) -> Decimal | None:
    parts = [row[name] for name in names if name in row]
    known = [part for part in parts if part is not None]
    return sum(known, Decimal(0)) if len(known) == len(parts) else None


PASTED = ["currency", "balance", "earned", "pre_tax_subtotal", "withholding_tax", "input_tax", "adjustments",
          "total_owed", "exchange_rate", "proceeds", "bank"]  # fmt: skip


def read_pasted(lines: Sequence[Line]) -> Reading:
    """A table without a heading: a currency code first and last, the columns by their order."""
    rows = [(n, *_pasted_cells(line)) for n, line in enumerate(lines, start=1)]
    numbers = console_numbers([cell for _, cells, _ in rows for cell in ["", *cells[1:-1]]])
    block, reading, code = _Block(), Reading(), re.compile(r"[A-Z]{3}")
    for at, cells, sound in rows:
        if not any(cell.strip('"') for cell in cells):
            continue
        fits = sound and len(cells) == len(PASTED) and code.fullmatch(cells[0]) and code.fullmatch(cells[-1])
        reading.lines[at] = (
            (block.add(cells, len(cells), cells[0], PASTED, numbers, "2026 sep") or None) if fits else None
        )
    reading.untied += block.untied()
    return reading


def _pasted_cells(line: Line) -> tuple[Cells, bool]:
    """Each line by its own delimiter: what was copied from a page may mix tabs and blanks."""
    if SEP_LINE.fullmatch(line.text):
        return [], True
    line = Line(line.text.rstrip(" ,;\t"), line.sound)
    delimiter = next((d for d in "\t;," if line.text.count(d) > 4), None)
    if delimiter is None:
        return line.text.split(), line.sound
    cells, sound = _console_rows([line], delimiter)[0]
    blanks = line.text.split()  # no cell of this table holds a blank
    return (blanks if len(cells) != len(PASTED) == len(blanks) else cells), sound


READERS = {
    "sales": read_sales, "financial": read_financial, "detail": read_detail, "metric": read_metric,
    "payments": read_payments, "pasted": read_pasted,
}  # fmt: skip
