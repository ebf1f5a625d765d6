"""Lines and figures of an App Analytics or Payments export: small files, read whole."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from reports.console.documents import ConsoleDocument, ConsoleLine, ConsoleValue
from reports.figures.members import members_of
from reports.figures.vintages import Period, place, series_of
from reports.models import ConsoleRow, Delivery, RowReject, StoredFigure, Vintage

#: A rate is no amount: it is shown with the line and never added up.
NO_FIGURE = {"exchange_rate"}
COUNTS = {"units_sold"}


def note_document(delivery: Delivery, document: ConsoleDocument) -> None:
    """Write down what became of every line, and the file's own totals beside what its cells add up to."""
    delivery.rows_read = document.rows_read
    delivery.rows_accepted = document.rows_accepted
    delivery.rows_rejected = document.rows_rejected
    delivery.warnings = list(document.warnings)
    delivery.totals = payment_totals(document) if document.kind == "P" else {"units": None, "by_currency": {}}
    delivery.ties = [
        {
            "label": " ".join(filter(None, (total.label, total.rule))),
            "line": total.line,
            "stated": str(total.stated),
            "computed": str(total.computed),
            "tied": total.tied,
            "currency": total.currency or "",
            "metric": "total",
        }
        for total in document.totals
    ]
    RowReject.objects.filter(delivery=delivery).delete()
    RowReject.objects.bulk_create(
        RowReject(delivery=delivery, line=r.line, column=r.column[:100], seen=r.seen, why=r.why)
        for r in document.rejects
    )


def payment_totals(document: ConsoleDocument) -> dict[str, object]:
    """Sums of each column by currency, and what was paid."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for value in _values(document):
        currency = value.currency or ""
        sums[value.metric][currency] = sums[value.metric].get(currency, Decimal(0)) + (value.value or Decimal(0))
    shown = {metric: {c: str(v) for c, v in by.items()} for metric, by in sums.items() if metric != "exchange_rate"}
    units = sum(sums.get("units_sold", {}).values(), Decimal(0)) if "units_sold" in sums else None
    return {
        "units": None if units is None else str(units),
        "by_currency": shown.get("earned", {}),
        "by_column": shown,
        "payouts": [
            {"state": p.state, "total": str(p.total) if p.total is not None else None, "currency": p.currency}
            for p in document.payouts
        ],
    }


def _values(document: ConsoleDocument) -> list[ConsoleValue]:
    return [value for line in document.lines for value in line.values if value.value is not None]


def load_document(delivery: Delivery, document: ConsoleDocument) -> None:
    """Keep every line, place the periods that the export tells, and make their figures."""
    ConsoleRow.objects.of(delivery).delete()
    ConsoleRow.objects.bulk_create((_row(delivery, line) for line in document.lines), batch_size=1000)
    assert delivery.period_end
    taken_on = min(delivery.period_end, document.stated_end or delivery.period_end)
    vintages = {v.period_start: v for v in place(series_of(delivery), delivery, _periods(document), taken_on=taken_on)}
    StoredFigure.objects.filter(vintage__in=vintages.values()).delete()
    StoredFigure.objects.bulk_create(_figures(delivery, document, vintages), batch_size=2000)


def _row(delivery: Delivery, line: ConsoleLine) -> ConsoleRow:
    return ConsoleRow(id=delivery.first_row_id + line.line, label=line.label, cells=dict(line.cells))


def _periods(document: ConsoleDocument) -> list[Period]:
    """Each period of which the export tells a value; one that it leaves blank stays unknown."""
    spans = {(v.period_start, v.period_end) for v in _values(document)}
    return [Period(start, end) for start, end in sorted(spans, key=str) if start and end]


def _figures(delivery: Delivery, document: ConsoleDocument, vintages: dict[date, Vintage]) -> list[StoredFigure]:
    sums: dict[tuple[int, str, tuple[tuple[str, str], ...], str], Decimal] = defaultdict(Decimal)
    for value in _values(document):
        if value.metric in NO_FIGURE or value.period_start is None or value.value is None:
            continue
        currency = "" if value.metric in COUNTS else value.currency or ""
        member = tuple(sorted(_dims(value, document.breakdown).items()))
        sums[vintages[value.period_start].pk, value.metric, member, currency] += value.value
    known = list({member for _, _, member, _ in sums})
    numbers = dict(zip(known, members_of([dict(member) for member in known]), strict=True))
    return [
        StoredFigure(
            vintage_id=vintage,
            n=n,
            metric=metric,
            app=delivery.app,
            member_id=numbers[member],
            currency=currency,
            value=v,
        )
        for n, ((vintage, metric, member, currency), v) in enumerate(sums.items())
    ]


def _dims(value: ConsoleValue, breakdown: str | None) -> dict[str, str]:
    named = {"region": value.region, "currency": value.currency if value.region or value.metric in COUNTS else None}
    named[breakdown or "member"] = value.member
    return {name: text for name, text in named.items() if text}
