"""A sentence for a file that no reader took: what it looks like, what was seen, what would be needed."""

from __future__ import annotations

from collections.abc import Iterable

from reports.console.analytics_columns import read_columns
from reports.console.analytics_shape import analytics_shape, is_day
from reports.console.payments_footer import masked
from reports.console.table import Row, delimiters, head_rows
from reports.console.vocabulary import analytics_key, fold
from reports.files.decode import Text
from reports.files.dialect import choose_dialect
from reports.files.errors import BadFile

LONGEST_QUOTE = 80
SAMPLE_LINES = 20

KNOWN_KINDS = (
    "hand in one of: an App Analytics export (lines Name, Start Date, End Date, empty, then Date and a "
    "metric), financial_report.csv of Payments and Financial Reports, a finance report (.txt from Create "
    "Reports: Single File, Multiple Files or Detailed) or a report of Sales and Trends > Reports, each as "
    "downloaded"
)
COPY_NO_TEXT = "hand in the downloaded file itself instead of text copied from a page, an e-mail or an editor"
NOT_READ_YET = "this kind cannot be compared yet; for sales use Sales and Trends > Reports"

# First words of Apple's tab-separated reports, as they read once every tab has become a blank.
COLLAPSED = {
    "provider provider country ": "a sales report",
    "start date end date upc ": "a finance report",
    "transaction date settlement date ": "a detailed finance report",
}
# Source: Apple's help page "Transaction tax report fields"; no file of this kind was seen.
TRANSACTION_TAX_COLUMNS = frozenset({"tax exclusive amount", "# of transactions"})


def explain_unrecognised(text: Text, *, file_name: str | None = None) -> BadFile:
    """The error to raise for a text that is neither a console export nor a report: names what was seen."""
    file = file_name or text.name
    line, first = _first_filled(text)
    if line is None:
        return BadFile(file=file, seen="a file without any text", do=KNOWN_KINDS)
    collapsed = _collapsed_report(first)
    if collapsed is not None:
        seen = f"{collapsed} whose tabs have become blanks, so its cells cannot be told apart"
        return BadFile(file=file, line=line, seen=seen, do=COPY_NO_TEXT)
    kind = _known_but_not_read(text)
    if kind is not None:
        return BadFile(file=file, line=line, seen=kind, do=NOT_READ_YET)
    return BadFile(file=file, line=line, seen=_what_was_seen(text, first), do=KNOWN_KINDS)


def _first_filled(text: Text) -> tuple[int | None, str]:
    for number, line in enumerate(text.lines(), start=1):
        if line.strip():
            return number, line.strip()
    return None, ""


def _collapsed_report(first: str) -> str | None:
    if "\t" in first:
        return None
    folded = fold(first)
    return next((report for start, report in COLLAPSED.items() if folded.startswith(start)), None)


def _known_but_not_read(text: Text) -> str | None:
    for delimiter in delimiters(text):
        rows = [row for row in head_rows(text, delimiter) if not row.blank]
        if any(set(map(fold, row.cells)) >= TRANSACTION_TAX_COLUMNS for row in rows):
            return "a Transaction Tax report (kind T), which the API does not offer"
        if _is_subscription_view(head_rows(text, delimiter)):
            return "a Subscriptions view of App Analytics (kind U)"
        if _is_bare_day_table(rows):
            return (
                "a table of days without lines above it: a graph of Sales and Trends (kind S), or an App "
                "Analytics export whose first lines were deleted"
            )
    return None


def _is_subscription_view(rows: list[Row]) -> bool:
    shape = analytics_shape(rows)
    if shape is None:
        return False
    return any(column.subscriptions for column in read_columns(shape.header, shape.data))


def _is_bare_day_table(rows: list[Row]) -> bool:
    if len(rows) <= 1 or len(rows[0].filled) <= 1:
        return False
    key = analytics_key(rows[0].first)
    return key is not None and key[0] == "day" and is_day(rows[1].first)


def _what_was_seen(text: Text, first: str) -> str:
    dialect = choose_dialect(text.head(SAMPLE_LINES))
    columns = max(_widths(head_rows(text, dialect.delimiter)), default=0)
    shown = masked(first)
    quoted = shown[:LONGEST_QUOTE] + ("..." if len(shown) > LONGEST_QUOTE else "")
    return f"the first line {quoted!r} ({columns} columns cut at {dialect.name}, {text.encoding})"


def _widths(rows: Iterable[Row]) -> Iterable[int]:
    return (len(row.cells) for row in rows)
