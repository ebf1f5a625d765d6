"""A report file of Apple's API, pulled or downloaded earlier: kept, read, loaded, counted, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.db.models import Q, QuerySet

from ascrecon import clock
from reports.coverage.ledger import note_delivery
from reports.figures.derive import derive_from_rows
from reports.figures.vintages import Period, place, series_of
from reports.files.errors import BadFile
from reports.ingest.filenames import NameFacts, facts_from_name
from reports.ingest.tally import Tally
from reports.locks import advisory_lock
from reports.models import (
    SUBSCRIPTION_KINDS,
    Account,
    Delivery,
    DeliveryState,
    Grain,
    Kind,
    RawFile,
    Side,
    Vendor,
    Zone,
)
from reports.services.analytics_days import count_analytics
from reports.services.finance_files import finance_region
from reports.services.import_options import known_fiscal_month
from reports.services.load_rows import copy_rows
from reports.services.merge import join_namesakes
from reports.services.owners import only_vendor, unassigned, vendor_named
from reports.services.periods import sales_report, span_of
from reports.services.raw_files import keep, local_copy
from reports.services.reading import ReadFile, read_files
from reports.services.subscription_files import note_subscriptions, place_subscriptions
from reports.sync.fiscal import are_fiscal_weeks, confirm_fiscal_month, fiscal_month_of, number_of

FINANCE_KINDS = (Kind.FINANCIAL, Kind.FINANCE_DETAIL)

__all__ = ["Asked", "keep", "load_api_report", "load_report_file"]


@dataclass(frozen=True)
class Asked:
    """What the API was asked for; the file must hold just that. Days in Pacific Time, both included."""

    report: str
    vendor: Vendor
    period_start: date
    period_end: date
    region_code: str = ""
    version: str = ""


def load_report_file(path: Path, *, account: Account | None = None, day: date | None = None) -> list[Delivery]:
    """Load a report that was downloaded earlier; an archive may hold several. `day` is for a file without rows.

    Raises `BadFile` for whatever is not a sales or finance report; then nothing of the file counts.
    """
    raw = keep(path)
    now = clock.now()
    with transaction.atomic(), local_copy(raw) as copy, read_files(copy, path.name) as files:
        deliveries = [_load(raw, file, account=account, asked=None, received_at=now, day=day) for file in files]
        for delivery in deliveries:
            note_delivery(delivery)
        return deliveries


def load_api_report(
    raw: RawFile, *, file_name: str, account: Account | None, asked: Asked | None, received_at: datetime
) -> Delivery:
    """Load one file that the API answered with; the newest delivery of a period becomes its current vintage.

    The same bytes again for the same period are not loaded twice. Raises `BadFile` for a file that cannot be read or
    does not hold what was asked for; then nothing of it counts, and the bytes stay kept.
    """
    with transaction.atomic(), local_copy(raw) as copy, read_files(copy, file_name) as files:
        if len(files) != 1:
            raise BadFile(file=file_name, seen=f"an archive with {len(files)} files", do="load them with load_report")
        return _load(raw, files[0], account=account, asked=asked, received_at=received_at)


def _load(
    raw: RawFile,
    file: ReadFile,
    *,
    account: Account | None,
    asked: Asked | None,
    received_at: datetime,
    day: date | None = None,
) -> Delivery:
    if file.layout is None:
        raise BadFile(
            file=file.name, seen="a console export, not a report of the API", do="hand it in with import_export"
        )
    if file.layout.kind not in Kind.values:
        raise BadFile(
            file=file.name,
            seen=f"an analytics report ({file.layout.kind})",
            do="let the sync pull it, which knows its app",
        )
    vendor = _vendor(file, account, asked)
    owner = vendor.account if vendor else account or unassigned()
    advisory_lock("delivery", Side.API, raw.pk)
    if known := _already_loaded(_same_bytes(raw, owner, vendor), file, asked, day):
        _check_asked(known, asked, day)
        return known
    delivery = Delivery.objects.create(
        side=Side.API,
        kind=Kind(file.layout.kind),
        account=owner,
        vendor=vendor,
        file_name=file.name[:255],
        raw_file=raw,
        member_name=file.name[:255],
        received_at=received_at,
        version=asked.version if asked else "",
        timezone=Zone.PACIFIC,
        language="en",
    )
    tally = copy_rows(delivery, file)
    _place_in_time(delivery, file, tally, asked, day)
    finish_delivery(delivery)
    return delivery


def _vendor(file: ReadFile, account: Account | None, asked: Asked | None) -> Vendor | None:
    if asked:
        return asked.vendor
    if number := facts_from_name(file.name).vendor:
        return vendor_named(number, account, file=file.name)
    return only_vendor(account) if account else None


def _same_bytes(raw: RawFile, account: Account, vendor: Vendor | None) -> QuerySet[Delivery]:
    return Delivery.objects.filter(side=Side.API, raw_file=raw, account=account, vendor=vendor)


def _already_loaded(
    known: QuerySet[Delivery], file: ReadFile, asked: Asked | None, day: date | None
) -> Delivery | None:
    """The delivery of the same bytes, if it is what counts now: bytes that return after others are a new vintage."""
    if asked:
        known = known.filter(report=asked.report, period_start=asked.period_start, region_code=asked.region_code)
    else:
        known = known.filter(_same_member(file), _same_period(file, day))
    return (
        known.filter(state=DeliveryState.LOADED, vintages__current=True).first()
        or known.filter(state=DeliveryState.HELD).first()
    )


def _same_member(file: ReadFile) -> Q:
    """An archive holds several files; a file that came alone may have been renamed."""
    _, slash, inner = file.name.partition("/")
    return Q(member_name__endswith=f"/{inner}") if slash else ~Q(member_name__contains="/")


def _same_period(file: ReadFile, day: date | None) -> Q:
    """A file without rows has the same bytes on every day, and for every region; so has one whose rows tell no day."""
    facts = facts_from_name(file.name)
    period = _named_period(file.layout.kind if file.layout else "", facts, day)
    same = Q(period_start=period[0]) if period else Q()
    if file.layout and file.layout.kind == Kind.SUBSCRIPTION:
        return same if period else Q(pk__in=[])  # its rows tell no day, so two days may have the same bytes
    return Q(rows_read__gt=0) | (same & Q(region_code=facts.region) if facts.region else same)


def _place_in_time(delivery: Delivery, file: ReadFile, tally: Tally, asked: Asked | None, day: date | None) -> None:
    facts = facts_from_name(file.name)
    if delivery.kind in SUBSCRIPTION_KINDS:
        place_subscriptions(delivery, tally, asked.period_start if asked else day or facts.date)
        _check_asked(delivery, asked, day)
        return
    start, end = tally.start_day, tally.end_day
    if start is None or end is None:
        start, end = _period_without_rows(delivery, facts, tally, asked, day)
    delivery.period_start, delivery.period_end = start, end
    if delivery.kind == Kind.SALES:
        delivery.report, grain = sales_report(file.name, start, end)
    else:
        delivery.report, grain = f"FINANCE/{delivery.kind}", Grain.FISCAL_MONTH
        delivery.region_code = asked.region_code if asked else facts.region or finance_region(delivery)
        if delivery.rows_accepted and are_fiscal_weeks(start, end):
            confirm_fiscal_month(*number_of(end), start, end, source=f"dates in the finance file {file.name}")
    delivery.grain = grain
    _check_asked(delivery, asked, day)


def _period_without_rows(
    delivery: Delivery, facts: NameFacts, tally: Tally, asked: Asked | None, day: date | None
) -> tuple[date, date]:
    """The period of a file without a row to read: of what was asked, of --date, or of its name."""
    if asked:
        return asked.period_start, asked.period_end
    if period := _named_period(delivery.kind, facts, day):
        return period
    raise BadFile(file=delivery.file_name, seen=tally.why_no_period, do="say which day it is for (--date)")


def _named_period(kind: str, facts: NameFacts, day: date | None) -> tuple[date, date] | None:
    """The period that --date or the file's name tells; None where neither does."""
    if kind == Kind.SALES or kind in SUBSCRIPTION_KINDS:
        named = day or facts.date
        return span_of(Grain(facts.grain or Grain.DAY), named) if named else None
    month = fiscal_month_of(day) if day else known_fiscal_month(facts.fiscal_month or "")
    return (month.start, month.end) if month else None


def _check_asked(delivery: Delivery, asked: Asked | None, day: date | None) -> None:
    assert delivery.period_start and delivery.period_end
    told = f"{delivery.report} from {delivery.period_start} to {delivery.period_end}"
    if asked:
        wanted = f"{asked.report} from {asked.period_start} to {asked.period_end}"
        # The calendar of fiscal months is partly counted, so a finance file's own dates win if it is the same month.
        same_month = delivery.kind in FINANCE_KINDS and number_of(delivery.period_end) == number_of(asked.period_end)
        if told != wanted and not (same_month and delivery.report == asked.report):
            raise BadFile(
                file=delivery.file_name, seen=f"{told}, although {wanted} was asked for", do="ask Apple again later"
            )
    elif day and not delivery.period_start <= day <= delivery.period_end:
        raise BadFile(
            file=delivery.file_name, seen=f"{told}, although --date says {day}", do="correct --date or leave it out"
        )


def finish_delivery(delivery: Delivery) -> None:
    """Make the delivery count, unless rows were rejected: then it waits until a person accepts the loss."""
    delivery.state = DeliveryState.HELD if delivery.rows_rejected else DeliveryState.LOADED
    if delivery.rows_rejected:
        delivery.message = (
            f"{delivery.rows_rejected} of {delivery.rows_read} rows were rejected; nothing of it counts yet."
        )
    delivery.save()
    if delivery.state == DeliveryState.LOADED:
        count_delivery(delivery)


def count_delivery(delivery: Delivery) -> None:
    """Place a loaded report file in its series and derive its figures."""
    if delivery.kind == Kind.ANALYTICS:
        count_analytics(delivery)
        return
    assert delivery.account and delivery.period_start and delivery.period_end
    period = Period(delivery.period_start, delivery.period_end)
    taken_on = delivery.received_at.date() if delivery.side == Side.API else delivery.period_end
    vintages = place(series_of(delivery), delivery, [period], taken_on=taken_on)
    if delivery.kind in SUBSCRIPTION_KINDS:
        return  # compared row by row with events and sales, never with an export: they need no figures
    for vintage in vintages:
        derive_from_rows(vintage, delivery)
    if delivery.kind in (Kind.SALES, Kind.R):
        join_namesakes(delivery.account)
        note_subscriptions(delivery)
