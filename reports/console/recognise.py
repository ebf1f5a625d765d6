"""Which console export a text is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reports.console.analytics import read_analytics
from reports.console.analytics_shape import analytics_shape
from reports.console.documents import ConsoleDocument
from reports.console.pasted import is_pasted, read_pasted
from reports.console.payments import read_payments
from reports.console.payments_blocks import is_payments
from reports.console.table import Row, Table, delimiters, head_rows, read_table
from reports.files.decode import Text

Probe = Callable[[Sequence[Row]], object]
Reader = Callable[[Table], ConsoleDocument | None]

# A payments file has the sharper mark (a title, currencies in parentheses), so it is tried first.
READERS: tuple[tuple[Probe, Reader], ...] = (
    (is_payments, read_payments),
    (analytics_shape, read_analytics),
    (is_pasted, read_pasted),
)


def recognise_console(text: Text, *, file_name: str | None = None) -> ConsoleDocument | None:
    """The document, or None where the text is none of the kinds A1, A2 and P.

    The first lines decide before the whole file is read. A delimiter counts only where the whole shape fits
    with it, since a campaign's name may hold semicolons and a title tabs. Raises ``BadFile`` for a recognised
    file that cannot be read. Report layouts (F1, F2, R) are not looked for here.
    """
    for delimiter in delimiters(text):
        head = head_rows(text, delimiter)
        for probe, read in READERS:
            if not probe(head):
                continue
            document = read(read_table(text, delimiter, file_name or text.name))
            if document is not None:
                return document
    return None
