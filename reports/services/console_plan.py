"""What an export is, before anything of it counts: kind, account, app, period, grain, time zone, currency."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from reports.console.breakdowns import dimension
from reports.console.documents import ConsoleDocument, placed, with_currency
from reports.files.errors import BadFile
from reports.ingest.filenames import NameFacts, facts_from_name
from reports.ingest.tally import Tally
from reports.models import Account, App, Grain, Kind, Vendor, Zone
from reports.reconcile.compare import PAYMENTS
from reports.services.import_options import ImportOptions
from reports.services.owners import (
    account_of_export,
    accounts_with,
    app_named,
    app_with_id,
    apps_named,
    only_vendor,
    vendor_named,
)
from reports.services.periods import sales_report, span_of
from reports.services.reading import ReadFile
from reports.sync.fiscal import number_of

LONGEST_SCOPE = 120
ZONE_NAMES = {"UTC": Zone.UTC, "PT": Zone.PACIFIC, Zone.PACIFIC.value: Zone.PACIFIC}


@dataclass(frozen=True)
class Plan:
    """Everything that decides where the values of an export go."""

    kind: Kind
    report: str
    scope: str
    account: Account
    vendor: Vendor | None
    app: App | None
    period_start: date
    period_end: date
    grain: Grain
    timezone: Zone
    currency: str
    language: str
    document: ConsoleDocument | None = None


def plan_export(file: ReadFile, options: ImportOptions, tally: Tally | None) -> Plan:
    """Recognise one file; `tally` holds the dates of a report file. Raises `BadFile` where something must be said."""
    kind = file.console_kind
    if options.kind and options.kind != kind:
        raise BadFile(
            file=file.name,
            seen=f"an export of kind {kind} ({kind.label}), although kind {options.kind} was given",
            do="leave the kind out, or hand in the other file",
        )
    if file.document is None:
        assert tally is not None
        return _plan_report(file, options, tally)
    return _plan_payments(file, options) if kind == Kind.P else _plan_metric(file, options)


def _plan_report(file: ReadFile, options: ImportOptions, tally: Tally) -> Plan:
    facts = facts_from_name(file.name)
    start, end = _report_period(file, facts, options, tally)
    kind = file.console_kind
    if kind == Kind.R:
        report, grain = sales_report(file.name, start, end)
        region = ""
    else:
        assert file.layout
        report, grain = f"FINANCE/{file.layout.kind}", Grain.FISCAL_MONTH
        region = "Z1" if kind == Kind.F2 else facts.region or ""
    vendor = vendor_named(facts.vendor, options.account, file=file.name) if facts.vendor else None
    account = vendor.account if vendor else options.account
    if account is None:
        account = account_of_export(accounts_with(report, start, end), file=file.name)
    vendor = vendor or only_vendor(account)
    return Plan(kind, report, region, account, vendor, None, start, end, grain, Zone.PACIFIC, "", "en")


def _report_period(file: ReadFile, facts: NameFacts, options: ImportOptions, tally: Tally) -> tuple[date, date]:
    if tally.start_day and tally.end_day:
        _check_period(file, options, tally.start_day, tally.end_day)
        return tally.start_day, tally.end_day
    if options.period_start and options.period_end:
        return options.period_start, options.period_end
    if facts.date:
        return span_of(Grain(facts.grain or Grain.DAY), facts.date)
    raise BadFile(file=file.name, seen=tally.why_no_period, do="say its days (--from, --to)")


def _check_period(file: ReadFile, options: ImportOptions, start: date, end: date) -> None:
    wanted = (options.period_start or start, options.period_end or end)
    if (start, end) != wanted:
        raise BadFile(
            file=file.name,
            seen=f"days from {start} to {end}, although {wanted[0]} to {wanted[1]} was given",
            do="correct the period or leave it out",
        )
    year, month = number_of(end)
    if options.fiscal_month and options.fiscal_month != f"{year}-{month:02}":
        raise BadFile(
            file=file.name,
            seen=f"days of fiscal month {year}-{month:02}, although {options.fiscal_month} was given",
            do="correct the fiscal month or leave it out",
        )


def _plan_payments(file: ReadFile, options: ImportOptions) -> Plan:
    assert file.document
    start, end = options.fiscal_period(file.document.fiscal_month, file=file.name)
    document = placed(file.document, start, end)
    account = options.account or account_of_export(accounts_with("FINANCE/", start, end), file=file.name)
    return Plan(
        Kind.P,
        PAYMENTS,
        "",
        account,
        only_vendor(account),
        None,
        start,
        end,
        Grain.FISCAL_MONTH,
        Zone.PACIFIC,
        document.currency or "",
        document.language,
        document,
    )


def _plan_metric(file: ReadFile, options: ImportOptions) -> Plan:
    assert file.document
    document = file.document
    if not document.metric or "metric" in document.needs:
        raise BadFile(
            file=file.name,
            seen=f"the metric {document.metric_label!r}, which is not known",
            do="set App Store Connect to English and export again",
        )
    if document.metric_unit == "money" and not document.currency:
        document = _with_currency(document, options, file.name)
    if not document.period_start or not document.period_end:
        raise BadFile(
            file=file.name,
            seen=f"no row that counts and no range of days; {_first_reject(document)}",
            do="hand in the download as it came from App Store Connect",
        )
    app = _app(file, options)
    zone = _zone(options.timezone or document.timezone or Zone.UTC, file.name)
    assert document.period_start and document.period_end and document.grain and document.metric
    if options.period_start or options.period_end:
        _check_period(file, options, document.period_start, document.period_end)
    return Plan(
        file.console_kind,
        document.metric,
        _scope(document),
        app.account,
        None,
        app,
        document.period_start,
        document.period_end,
        Grain(document.grain),
        zone,
        document.currency or "",
        document.language,
        document,
    )


def _first_reject(document: ConsoleDocument) -> str:
    first = next(iter(document.rejects), None)
    return f"line {first.line}: {first.why}" if first else "there are no rows"


def _scope(document: ConsoleDocument) -> str:
    """The filters and the breakdown as text, since exports by source and by campaign do not replace each other.

    Where that is too long for its column a check sum keeps different filters apart.
    """
    parts = [f"{name}={value}" for name, value in sorted(document.filters.items())]
    text = "; ".join([*parts, *([dimension(document.breakdown).scope] if document.breakdown else ())])
    if len(text) <= LONGEST_SCOPE:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: LONGEST_SCOPE - len(digest) - 1]} {digest}"


def _with_currency(document: ConsoleDocument, options: ImportOptions, file: str) -> ConsoleDocument:
    if not options.currency:
        raise BadFile(file=file, seen="amounts without a currency", do="say the currency (--currency USD)")
    return with_currency(document, options.currency)


def _zone(name: str, file: str) -> Zone:
    if name not in ZONE_NAMES:
        raise BadFile(file=file, seen=f"the time zone {name}", do="say UTC or PT (--timezone)")
    return ZONE_NAMES[name]


def _app(file: ReadFile, options: ImportOptions) -> App:
    assert file.document
    name = file.document.app_name
    if options.app_apple_id:
        return app_with_id(options.app_apple_id, options.account, file=file.name)
    if not name:
        raise BadFile(file=file.name, seen="an export that names no app", do="say which app it is (--app APPLE_ID)")
    account = options.account or account_of_export([a.account for a in apps_named(name)], file=file.name)
    return app_named(name, account, file=file.name)
