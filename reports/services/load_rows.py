"""The rows of a report file go into their table by COPY, as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import connection

from reports.ingest.reader import Reader, read
from reports.ingest.tally import Tally, TotalCheck
from reports.models import (
    Delivery,
    FinanceRow,
    Kind,
    RowReject,
    SalesRow,
    SubscriberRow,
    SubscriptionChangeRow,
    SubscriptionCountRow,
)
from reports.models.rows import FileRow
from reports.services.reading import ReadFile
from reports.sync.fiscal import doubts_about
from reports.wording import counted

#: Where the rows of a report type go.
ROW_TABLES: Mapping[str, type[FileRow]] = {
    "SALES": SalesRow,
    "FINANCIAL": FinanceRow,
    "FINANCE_DETAIL": FinanceRow,
    "SUBSCRIPTION": SubscriptionCountRow,
    "SUBSCRIPTION_EVENT": SubscriptionChangeRow,
    "SUBSCRIBER": SubscriberRow,
}
#: Totals that finance files state in money; the others are counts.
TOTALS_OF_MONEY = ("Total", "Total_Amount", "Extended Partner Share")


def copy_rows(delivery: Delivery, file: ReadFile) -> Tally:
    """Load the rows of `file` under the number of `delivery`, and write down what became of every line."""
    assert file.layout
    reader = read(file.text, file.layout, file_id=delivery.pk)
    copy_into(ROW_TABLES[file.layout.kind]._meta.db_table, reader)
    note_tally(delivery, reader.tally)
    return reader.tally


def count_rows(delivery: Delivery, file: ReadFile) -> Tally:
    """The same without loading anything, for a preview."""
    assert file.layout
    reader = read(file.text, file.layout, file_id=delivery.pk)
    for _ in reader:
        pass
    note_tally(delivery, reader.tally)
    return reader.tally


def copy_into(table: str, reader: Reader) -> None:
    """Load all rows of `reader`; its tally is complete afterwards."""
    columns = ", ".join(f'"{name}"' for name in reader.copy_columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        for chunk in reader:
            copy.write(chunk)


def note_tally(delivery: Delivery, tally: Tally) -> None:
    delivery.rows_read = tally.rows_read
    delivery.rows_accepted = tally.rows_accepted
    delivery.rows_rejected = tally.rows_rejected
    delivery.warnings = [*tally.warnings, *_doubts(delivery, tally)]
    delivery.totals = {
        "units": str(tally.units),
        "by_currency": {currency: str(value) for currency, value in tally.sums.items()},
        "refund_rows": tally.refund_rows,
        "partial_refund_rows": tally.partial_refund_rows,
        "zero_unit_priced_rows": tally.zero_unit_priced_rows,
    }
    delivery.ties = [_tie(check, tally) for check in tally.totals]
    RowReject.objects.filter(delivery=delivery).delete()
    RowReject.objects.bulk_create(
        RowReject(delivery=delivery, line=r.line, column=r.column[:100], seen=r.seen, why=r.why) for r in tally.rejects
    )
    if (more := tally.rows_rejected - len(tally.rejects)) > 0:
        delivery.warnings.append(f"{counted(more, 'further rejected line')} not listed here")


def _doubts(delivery: Delivery, tally: Tally) -> list[str]:
    of_finance = delivery.kind in (Kind.FINANCIAL, Kind.FINANCE_DETAIL, Kind.F1, Kind.F2)
    return doubts_about(tally.start_day, tally.end_day) if tally.start_day and tally.end_day and of_finance else []


def _tie(check: TotalCheck, tally: Tally) -> dict[str, object]:
    currency = _currency(check, tally) if check.name in TOTALS_OF_MONEY else ""
    return {
        "label": " ".join(filter(None, (check.name, check.country))),
        "line": check.line,
        "stated": str(check.stated),
        "computed": str(check.found if check.found is not None else Decimal(0)),
        "tied": check.ties,
        "reading": check.reading,
        "currency": currency,
        "metric": check.name.lower().replace(" ", "_"),
    }


def _currency(check: TotalCheck, tally: Tally) -> str:
    """That of the total, else the only one of the rows."""
    return check.currency or (next(iter(tally.sums)) if len(tally.sums) == 1 else "")
