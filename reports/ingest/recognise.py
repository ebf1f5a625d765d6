"""Which report a text is, by its content alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reports.files.dates import DateForm, MixedDates, choose_date_form, is_store_day, proves_day_first, read_date
from reports.files.decode import Text
from reports.files.dialect import Dialect, choose_dialect, dialect_of, has_open_quote, split
from reports.files.errors import BadFile
from reports.ingest.analytics_layouts import ANALYTICS_LAYOUTS
from reports.ingest.filenames import NameFacts, facts_from_name
from reports.ingest.layouts import (
    LAYOUTS,
    Cell,
    HeaderMatch,
    HeaderProblem,
    Layout,
    fold,
    likeness,
    match_header,
)
from reports.ingest.subscription_layouts import SUBSCRIPTION_LAYOUTS

__all__ = ["NameFacts", "Preamble", "ReportLayout", "facts_from_name", "recognise", "recognise_as"]

HEAD_LINES = 40
FEW_OF = 4
RECOGNISED_FROM = 0.6
DOWNLOAD_AGAIN = "hand in Apple's own download, or put the column names back"


@dataclass(frozen=True, slots=True)
class Preamble:
    """The key lines before the header of a FINANCE_DETAIL file; None where a line is missing."""

    vendor_name: str | None = None
    start_day: date | None = None
    end_day: date | None = None


@dataclass(frozen=True, slots=True)
class ReportLayout:
    """How one file is to be read: its report type, header line, dialect, columns, date form."""

    header: HeaderMatch
    header_line: int
    dialect: Dialect
    date_form: DateForm
    preamble: Preamble = Preamble()
    warnings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Apple's report type: SALES, FINANCIAL, SUBSCRIPTION and so on; of analytics the report's name, or OTHER."""
        return self.header.layout.kind

    @property
    def copy_columns(self) -> tuple[str, ...]:
        """Columns of the table, in the order of the COPY stream."""
        return self.header.layout.copy_columns


def recognise(text: Text) -> ReportLayout | None:
    """The layout of a report of the API, or None where the text is something else.

    An analytics report is recognised where it has a table of its own; of the others only Apple knows the names.

    Raises `BadFile` where it plainly is such a report but its header or its days cannot be used.
    """
    lines = text.head(HEAD_LINES)
    for dialect in _dialects(lines):
        found = _find_header(lines, dialect)
        if found is not None:
            line, layout = found
            return _report_layout(text, lines, line, layout, dialect)
    return None


def recognise_as(text: Text, layout: Layout) -> ReportLayout:
    """The same for a file of which Apple said what it is: its first line is its header.

    Raises `BadFile` with the list of what is missing where that line is another header.
    """
    lines = text.head(HEAD_LINES)
    first = next((number for number, line in enumerate(lines, start=1) if line.strip()), None)
    if first is None:
        raise BadFile(file=text.name, seen="a file without any text", do="ask Apple for it again")
    return _report_layout(text, lines, first, layout, choose_dialect(lines))


def _dialects(lines: Sequence[str]) -> list[Dialect]:
    """The likely dialect first; the preamble and the totals of a short file can outvote the header."""
    likely = choose_dialect(lines)
    if likely.sep_line:
        return [likely]
    return [likely, *(dialect_of(sign) for sign in "\t,;" if sign != likely.delimiter)]


def _find_header(lines: Sequence[str], dialect: Dialect) -> tuple[int, Layout] | None:
    for number, line in enumerate(lines, start=1):
        cells = split(line, dialect) if not (dialect.quoting and has_open_quote(line)) else []
        for layouts in ((*LAYOUTS, *SUBSCRIPTION_LAYOUTS), tuple(ANALYTICS_LAYOUTS.values())):
            layout = max(layouts, key=lambda layout: _closeness(cells, layout))
            if likeness(cells, layout) >= RECOGNISED_FROM:
                return number, layout
    return None


def _closeness(cells: Sequence[str], layout: Layout) -> tuple[float, int]:
    """A Detailed report has all columns of the Standard one: of two that fit, the one with more columns."""
    return likeness(cells, layout), len(layout.columns)


def _report_layout(
    text: Text, lines: Sequence[str], header_line: int, layout: Layout, dialect: Dialect
) -> ReportLayout:
    cells = [split(line, dialect) for line in lines]
    try:
        header = match_header(cells[header_line - 1], layout)
    except HeaderProblem as problem:
        raise BadFile(file=text.name, line=header_line, seen=str(problem), do=DOWNLOAD_AGAIN) from problem
    before = cells[int(dialect.sep_line) : header_line - 1]
    form = _date_form(text, cells[header_line:], before, header)
    preamble = _preamble(before, form) if layout.preamble else Preamble()
    warnings = (*_header_warnings(header), *_preamble_warnings(before, preamble, layout))
    return ReportLayout(header, header_line, dialect, form, preamble, warnings)


def _date_form(
    text: Text, rows: Sequence[Sequence[str]], before: Sequence[Sequence[str]], header: HeaderMatch
) -> DateForm:
    days = [column.target for column in header.layout.columns if column.cell in (Cell.DAY, Cell.DAY_OR_BLANK)]
    where = [header.positions[target] for target in days if target in header.positions]
    columns = [[row[index] for row in rows if len(row) >= header.width] for index in where]
    columns.append([row[1] for row in before if len(row) > 1])
    try:
        form = choose_date_form(day for column in columns for day in column) or DateForm.MDY_SLASH
    except MixedDates as mixed:
        do = "write all days of the file in one form"
        raise BadFile(file=text.name, seen=str(mixed), do=do) from mixed
    stray = form is DateForm.DMY_SLASH and not any(map(_mostly_day_first, columns))
    return DateForm.MDY_SLASH if stray else form


def _mostly_day_first(days: Sequence[str]) -> bool:
    """A report's column repeats its days: where few of them prove day first, these are damaged, not the others."""
    return sum(map(proves_day_first, days)) * FEW_OF >= len(days) > 0


def _preamble(before: Sequence[Sequence[str]], form: DateForm) -> Preamble:
    facts = {fold(row[0]): row[1].strip() for row in before if len(row) > 1}
    start, end = (_store_day(facts.get(key, ""), form) for key in ("startdate", "enddate"))
    return Preamble(facts.get("vendorname"), start, end)


def _store_day(text: str, form: DateForm) -> date | None:
    day = read_date(text, form)
    return day if day is not None and is_store_day(day) else None


def _header_warnings(header: HeaderMatch) -> list[str]:
    warnings = []
    if header.unknown:
        warnings.append(f"unknown columns, kept with the rows: {', '.join(header.unknown)}")
    if header.missing:
        names = ", ".join(target.replace("_", " ") for target in header.missing)
        warnings.append(f"columns missing, read as blank: {names}")
    return warnings


def _preamble_warnings(before: Sequence[Sequence[str]], preamble: Preamble, layout: Layout) -> list[str]:
    known = set(layout.preamble)
    warnings = [
        f"line before the header that is not known: {' '.join(row)[:80]}"
        for row in before
        if any(cell.strip() for cell in row) and fold(row[0]) not in known
    ]
    if layout.preamble and (preamble.start_day is None or preamble.end_day is None):
        warnings.append("no readable Start Date and End Date before the header")
    return warnings
