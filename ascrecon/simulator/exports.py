"""The person's console exports as files with Apple's names, with a manifest for the importer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from ascrecon.simulator.analytics.console import breakdown, csv_value, metric_values
from ascrecon.simulator.analytics.metrics import METRICS, snake
from ascrecon.simulator.analytics.row import Number
from ascrecon.simulator.analytics.rows import ReportRows
from ascrecon.simulator.exports_wanted import (
    APP_UNITS,
    DetailExport,
    Export,
    FinanceExport,
    MetricExport,
    PaymentExport,
    SalesExport,
)
from ascrecon.simulator.faults import MetricDiffers, SalesDiffers, WrongTimezone
from ascrecon.simulator.finance import detail_file, finance_file, month_rows
from ascrecon.simulator.fiscal import MONTHS
from ascrecon.simulator.metrics import app_units
from ascrecon.simulator.payments import payment_file
from ascrecon.simulator.planted import planted
from ascrecon.simulator.planted_console import differing_row
from ascrecon.simulator.sales import SalesRow, packed, period_rows, sales_file
from ascrecon.simulator.scenario import App
from ascrecon.simulator.truth import Truth
from ascrecon.simulator.zones import days_between


@dataclass(frozen=True)
class ConsoleFile:
    """One file and the options of `import_export` that the person gives with it."""

    name: str
    content: bytes
    args: tuple[str, ...] = ()


def write_exports(truth: Truth, folder: Path) -> list[dict[str, object]]:
    """Writes every export, `manifest.json` and `planted.json`, all as of the scenario's `today`."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest: list[dict[str, object]] = []
    taken: set[str] = set()
    for export in truth.scenario.exports:
        for file in _files(truth, export):
            name = _free_name(file.name, taken)
            (folder / name).write_bytes(file.content)
            manifest.append({"file": name, "args": list(file.args)})
    _write_json(folder / "manifest.json", manifest)
    _write_json(folder / "planted.json", planted(truth, truth.scenario.today))
    return manifest


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _free_name(name: str, taken: set[str]) -> str:
    """As a browser does it: the second file of a name gets ` (1)`."""
    stem, dot, suffix = name.partition(".")
    numbered = (f"{stem} ({number}){dot}{suffix}" for number in count(1))
    found = name if name not in taken else next(other for other in numbered if other not in taken)
    taken.add(found)
    return found


def _files(truth: Truth, export: Export) -> Iterator[ConsoleFile]:
    if isinstance(export, SalesExport):
        yield from _sales(truth, export)
    elif isinstance(export, MetricExport):
        yield _metric(truth, export)
    elif isinstance(export, PaymentExport):
        yield _payment(truth, export)
    elif isinstance(export, FinanceExport):
        yield from _finance(truth, export)
    else:
        yield _detail(truth, export)


def _sales(truth: Truth, export: SalesExport) -> Iterator[ConsoleFile]:
    for first, last in _periods(export):
        rows = _console_rows(truth, first, last)
        if rows:
            text = sales_file(truth, rows, first, last)
            yield ConsoleFile(_sales_name(truth, export, first), packed(text) if export.gzip else text)


def _periods(export: SalesExport) -> list[tuple[date, date]]:
    days = days_between(export.start, export.end)
    if export.frequency == "DAILY":
        return [(day, day) for day in days]
    ends = [day for day in days if (day + timedelta(days=1)).day == 1]
    return [(end.replace(day=1), end) for end in ends]


def _sales_name(truth: Truth, export: SalesExport, first: date) -> str:
    daily = export.frequency == "DAILY"
    stamp = f"{first:%Y%m%d}" if daily else f"{first:%Y%m}"
    ending = ".txt.gz" if export.gzip else ".txt"
    return f"S_{'D' if daily else 'M'}_{truth.scenario.vendor_number}_{stamp}{ending}"


def _console_rows(truth: Truth, first: date, last: date) -> list[SalesRow]:
    rows = period_rows(truth, first, last)
    if first != last:
        return rows
    for fault in truth.scenario.faults:
        if isinstance(fault, SalesDiffers) and fault.day == first:
            row = differing_row(truth, fault)
            rows[rows.index(row)] = replace(row, units=row.units + fault.units_delta)
    return rows


def _metric(truth: Truth, export: MetricExport) -> ConsoleFile:
    app = truth.scenario.app(export.apple_id)
    columns = {f"{member} {export.metric}".strip(): values for member, values in _columns(truth, export).items()}
    days = next(iter(columns.values()), {})
    head = [
        f"Name,{_csv(app.name)}",
        f"Start Date,{_short(export.start)}",
        f"End Date,{_short(export.end)}",
        "",
        ",".join(("Date", *map(_csv, columns))),
    ]
    lines = [",".join((_short(day), *(csv_value(values[day]) for values in columns.values()))) for day in days]
    return ConsoleFile(_metric_name(app, export), "\n".join([*head, *lines]).encode(), _metric_args(export))


def _metric_name(app: App, export: MetricExport) -> str:
    by = f"_by_{export.by}" if export.by else ""
    return f"{app.name.replace('/', '-')} {snake(export.metric)}{by}.csv"


def _metric_args(export: MetricExport) -> tuple[str, ...]:
    """What the person knows and the file does not say: the app, the time zone, the currency of money."""
    metric = METRICS.get(export.metric)
    currency = ("--currency", metric.currency) if metric and metric.currency else ()
    return ("--app", str(export.apple_id), "--timezone", export.timezone, *currency)


def _columns(truth: Truth, export: MetricExport) -> dict[str, dict[date, Number]]:
    """Values by member and day; the whole app is the member without a name."""
    if export.by:
        return breakdown(ReportRows(truth), export)
    values = _values(truth, export)
    for fault in truth.scenario.faults:
        if isinstance(fault, MetricDiffers) and _is_of(fault, export) and fault.day in values:
            values[fault.day] += fault.units_delta
    return {"": values}


def _values(truth: Truth, export: MetricExport) -> dict[date, Number]:
    if export.metric != APP_UNITS:
        return metric_values(ReportRows(truth), export)
    app, zone = truth.scenario.app(export.apple_id), _real_timezone(truth, export)
    return {**app_units(truth, app, export.start, export.end, zone)}


def _is_of(fault: MetricDiffers, export: MetricExport) -> bool:
    same = (fault.apple_id, fault.metric) == (export.apple_id, export.metric)
    return same and export.grain == "DAILY"


def _real_timezone(truth: Truth, export: MetricExport) -> str:
    wrong = [fault for fault in truth.scenario.faults if isinstance(fault, WrongTimezone)]
    hit = any((f.apple_id, f.start, f.end) == (export.apple_id, export.start, export.end) for f in wrong)
    return "UTC" if hit else export.timezone


def _csv(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if "," in text or '"' in text else text


def _short(day: date) -> str:
    """M/D/YY without leading zeros."""
    return f"{day.month}/{day.day}/{day:%y}"


def _payment(truth: Truth, export: PaymentExport) -> ConsoleFile:
    month = MONTHS[export.fiscal_month]
    content = payment_file(truth, month, export.layout)
    year, number = month.calendar_month
    return ConsoleFile(f"financial_report_{year}-{number:02d}.csv", content, ("--fiscal-month", month.name))


def _finance(truth: Truth, export: FinanceExport) -> Iterator[ConsoleFile]:
    month = MONTHS[export.fiscal_month]
    rows = [row for row in month_rows(truth, month) if export.region in ("ZZ", row.region)]
    if rows:
        name = f"{truth.scenario.vendor_number}_{month.file_label}_{export.region}.txt"
        yield ConsoleFile(name, finance_file(truth, month, rows, export.region))


def _detail(truth: Truth, export: DetailExport) -> ConsoleFile:
    month = MONTHS[export.fiscal_month]
    name = f"FD_{truth.scenario.vendor_number}_{month.file_label}.txt"
    return ConsoleFile(name, detail_file(truth, month, month_rows(truth, month)))
