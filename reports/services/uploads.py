"""Console exports: seen first, then confirmed; corrected by a newer one; withdrawn with a reason. Nothing is lost.

The bytes are kept before anything reads them. What the person confirms is read again from these bytes, so a preview
writes no rows, and a confirmation that is cut off leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.template.defaultfilters import filesizeformat

from ascrecon import clock
from ascrecon.jobs.models import Job
from reports.console.breakdowns import dimension
from reports.coverage.ledger import note_delivery
from reports.figures.vintages import rechoose
from reports.files.dialect import choose_dialect, split
from reports.files.errors import BadFile
from reports.files.names import clean_name
from reports.locks import advisory_lock
from reports.models import Delivery, DeliveryState, Kind, RawFile, Rule, Side
from reports.reconcile.compare import BREAKDOWNS, console_report
from reports.services.comparing import compare_days_of
from reports.services.console_plan import Plan, plan_export
from reports.services.console_rows import load_document, note_document
from reports.services.deliveries import count_delivery
from reports.services.finance_files import finance_region
from reports.services.import_options import ImportOptions
from reports.services.load_rows import copy_rows, count_rows
from reports.services.overlaps import find_overlaps
from reports.services.raw_files import keep, local_copy
from reports.services.reading import ReadFile, read_files
from reports.services.refusals import Refused

__all__ = ["ImportOptions", "PreviewFacts", "Refused", "cancel", "confirm", "describe", "preview", "withdraw"]

FIRST_ROWS = 12
#: The kind of job that loads a confirmed export.
IMPORT = "import.export"
CANCELLABLE = (DeliveryState.PREVIEWED, DeliveryState.HELD, DeliveryState.LOADING)


def preview(path: Path, name: str, *, options: ImportOptions, by: User | None = None) -> list[Delivery]:
    """Recognise the exports in a file, one delivery in the state `previewed` each; nothing of them counts yet.

    An export that is loaded already is returned as it is. Raises `BadFile` with what was seen and what to do; then
    nothing but the bytes is kept; of a file above ASCRECON_MAX_UPLOAD_BYTES not even these.
    """
    name = clean_name(name)
    _check_size(path, name)
    raw = keep(path)
    with transaction.atomic(), local_copy(raw) as copy, read_files(copy, name) as files:
        return [_preview(raw, file, options, by) for file in files]


def _check_size(path: Path, name: str) -> None:
    size, limit = path.stat().st_size, settings.ASCRECON_MAX_UPLOAD_BYTES
    if size > limit:
        seen = f"{filesizeformat(size)}, which is more than the limit of {filesizeformat(limit)}"
        raise BadFile(file=name, seen=seen, do="split the file, or raise ASCRECON_MAX_UPLOAD_BYTES")


def _preview(raw: RawFile, file: ReadFile, options: ImportOptions, by: User | None) -> Delivery:
    delivery = Delivery(
        side=Side.CONSOLE,
        kind=file.console_kind,
        file_name=file.name[:255],
        member_name=file.name[:255],
        raw_file=raw,
        state=DeliveryState.PREVIEWED,
        received_at=clock.now(),
        options=options.as_json(),
        uploaded_by=by,
    )
    delivery.save()
    tally = count_rows(delivery, file) if file.layout else None
    plan = plan_export(file, options, tally)
    if plan.document:
        note_document(delivery, plan.document)
    _write_plan(delivery, plan)
    if known := _same(delivery):
        delivery.delete()
        return known
    delivery.overlaps = list(find_overlaps(delivery, _values(delivery, plan)))
    delivery.save()
    return delivery


def _write_plan(delivery: Delivery, plan: Plan) -> None:
    for name in (
        "kind",
        "report",
        "account",
        "vendor",
        "app",
        "period_start",
        "period_end",
        "grain",
        "timezone",
        "currency",
    ):
        setattr(delivery, name, getattr(plan, name))
    delivery.language = plan.language[:10]
    if plan.kind in (Kind.F1, Kind.F2):
        delivery.region_code = plan.scope
    else:
        delivery.filters = plan.scope
    delivery.save()


def _same(delivery: Delivery) -> Delivery | None:
    """The same bytes, meant in the same way, that count or wait already; bytes that return after others count anew."""
    known = Delivery.objects.filter(
        side=Side.CONSOLE,
        raw_file=delivery.raw_file,
        member_name=delivery.member_name,
        account=delivery.account,
        app=delivery.app,
        period_start=delivery.period_start,
        period_end=delivery.period_end,
        timezone=delivery.timezone,
        currency=delivery.currency,
    ).exclude(pk=delivery.pk)
    waiting = known.filter(state=DeliveryState.PREVIEWED).first()
    return waiting or known.filter(state=DeliveryState.LOADED, vintages__current=True).first()


def _values(delivery: Delivery, plan: Plan) -> Mapping[tuple[date, str, str], Decimal]:
    """What the export tells by period, metric and currency; for a report file its money only, as the preview has it."""
    values: dict[tuple[date, str, str], Decimal] = {}
    if plan.document is None:
        metric = "proceeds" if plan.kind == Kind.R else "earned"
        return {
            (plan.period_start, metric, c): Decimal(v) for c, v in delivery.totals["by_currency"].items() if Decimal(v)
        }
    for value in (v for line in plan.document.lines for v in line.values):
        if value.value is None or value.period_start is None or value.metric == "exchange_rate":
            continue
        currency = "" if value.metric == "units_sold" else value.currency or ""
        key = (value.period_start, value.metric, currency)
        values[key] = values.get(key, Decimal(0)) + value.value
    return values


def request_import(delivery: Delivery, *, accept_rejects: bool = False, by: User) -> Delivery:
    """Confirm a previewed export from a page: it is marked as loading here, and a job loads it.

    Raises `Refused` where it no longer waits, or where rejects are not accepted. Asked twice, it is loaded once.
    """
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
        _check_confirmable(delivery, accept_rejects)
        if delivery.rows_rejected:
            delivery.rejects_accepted_by = by.get_username()
        delivery.state = DeliveryState.LOADING
        delivery.save()
    return delivery


def finish_import(delivery: Delivery) -> Delivery:
    """Load an export that was confirmed. May be cut off at any point and called again; a loaded one is left alone."""
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if delivery.state == DeliveryState.LOADING:
            _make_it_count(delivery)
    return delivery


def confirm(delivery: Delivery, *, accept_rejects: bool = False, by: User | None = None) -> Delivery:
    """Make a previewed export count. Where rows were rejected, their loss must be accepted by name.

    Raises `Refused` where it no longer waits, or where rejects are not accepted. May be cut off and called again.
    """
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
        _check_confirmable(delivery, accept_rejects)
        if delivery.rows_rejected:
            delivery.rejects_accepted_by = by.get_username() if by else "the command line"
        _make_it_count(delivery)
    return delivery


def _make_it_count(delivery: Delivery) -> None:
    advisory_lock("delivery", Side.CONSOLE, delivery.raw_file_id)
    delivery.state, delivery.message = DeliveryState.LOADED, ""
    delivery.received_at = clock.now()
    delivery.save()
    _load(delivery)


def _check_confirmable(delivery: Delivery, accept_rejects: bool) -> None:
    if delivery.state not in (DeliveryState.PREVIEWED, DeliveryState.HELD):
        raise Refused(f"{delivery.file_name} is not waiting for confirmation: it is {delivery.get_state_display()}.")
    if delivery.rows_rejected and not accept_rejects:
        raise Refused(
            f"{delivery.rows_rejected} of {delivery.rows_read} rows of {delivery.file_name} were rejected. "
            "Correct the file, or accept that these rows do not count."
        )


def _load(delivery: Delivery) -> None:
    with local_copy(delivery.raw_file) as copy, read_files(copy, _outer_name(delivery)) as files:
        file = next(f for f in files if f.name == delivery.member_name or len(files) == 1)
        if file.layout is None:
            plan = plan_export(file, ImportOptions.of(delivery), None)
            assert plan.document
            load_document(delivery, plan.document)
            return
        copy_rows(delivery, file)
    if delivery.kind == Kind.F1 and not delivery.region_code:
        delivery.region_code = finance_region(delivery)
    delivery.save()
    count_delivery(delivery)


def _outer_name(delivery: Delivery) -> str:
    """The name under which the bytes came: of an archive, the part before the file inside."""
    return delivery.member_name.split("/", 1)[0]


def import_job(delivery: Delivery) -> Job | None:
    """The job that loads a confirmed export, the newest where there were several."""
    return Job.objects.filter(kind=IMPORT, payload__delivery=delivery.pk).order_by("-pk").first()


def cancel(delivery: Delivery, *, by: User | None = None) -> Delivery:
    """Drop a preview, or an export whose loading failed. The bytes stay kept, and the list shows that it was cancelled.

    Raises `Refused` where it counts, or where a job may still load it.
    """
    job = import_job(delivery)
    if delivery.state == DeliveryState.LOADING and job is not None and job.is_unfinished:
        raise Refused(f"{delivery.file_name} is being loaded: cancel job {job.pk} first.")
    changed = Delivery.objects.filter(pk=delivery.pk, state__in=CANCELLABLE).update(
        state=DeliveryState.CANCELLED, message=f"Cancelled by {by.get_username() if by else 'the command line'}."
    )
    if not changed:
        raise Refused(f"{delivery.file_name} is not waiting for confirmation any more.")
    delivery.refresh_from_db()
    return delivery


@transaction.atomic
def withdraw(delivery: Delivery, *, reason: str, by: User | None = None) -> Delivery:
    """Take back a confirmed export: the one before it counts again. Its rows and bytes stay readable."""
    if not reason.strip():
        raise Refused("Say why the export is withdrawn.")
    who = by.get_username() if by else "the command line"
    changed = Delivery.objects.filter(pk=delivery.pk, side=Side.CONSOLE, state=DeliveryState.LOADED).update(
        state=DeliveryState.WITHDRAWN, withdrawn_reason=reason.strip(), message=f"Withdrawn by {who}: {reason.strip()}"
    )
    if not changed:
        raise Refused(f"{delivery.file_name} does not count, so it can not be withdrawn.")
    delivery.refresh_from_db()
    rechoose(delivery)
    compare_days_of(delivery, requested_by=who)
    return delivery


@dataclass(frozen=True)
class PreviewFacts:
    """What a person sees before an export counts."""

    facts: list[tuple[str, str]]
    columns: list[str]
    first_rows: list[list[str]]
    rejects: list[dict[str, object]]
    overlaps: list[dict[str, str | None]]
    compared_with: list[str]
    warnings: list[str]
    ties: list[dict[str, object]] = field(default_factory=list)


def describe(delivery: Delivery) -> PreviewFacts:
    """What was recognised, the first rows as they stand in the file, the rejects, and what it will be compared with."""
    columns, rows = _first_rows(delivery)
    return PreviewFacts(
        facts=_facts(delivery),
        columns=columns,
        first_rows=rows,
        rejects=[dict(reject) for reject in delivery.rejects.values("line", "column", "seen", "why")],
        overlaps=delivery.overlaps,
        compared_with=compared_with(delivery),
        warnings=delivery.warnings,
        ties=[tie for tie in delivery.ties if not tie["tied"]],
    )


def _facts(delivery: Delivery) -> list[tuple[str, str]]:
    named = (
        ("Kind", f"{delivery.kind}: {Kind(delivery.kind).label}"),
        ("Report or metric", delivery.report.replace("_", " ")),
        ("Account", str(delivery.account or "")),
        ("Vendor number", str(delivery.vendor or "")),
        ("App", str(delivery.app or ("all apps" if delivery.kind in (Kind.R, Kind.P, Kind.F1, Kind.F2) else ""))),
        ("Region", delivery.region_code),
        ("Filters", delivery.filters),
        ("Period", f"{delivery.period_start} to {delivery.period_end}"),
        ("Grain", delivery.get_grain_display()),
        ("Time zone of its days", delivery.get_timezone_display()),
        ("Currency", delivery.currency or "as in its rows"),
        ("Language", delivery.language),
        ("Rows", f"{delivery.rows_accepted:,} accepted, {delivery.rows_rejected:,} rejected"),
    )
    return [(label, value) for label, value in named if value]


def _first_rows(delivery: Delivery) -> tuple[list[str], list[list[str]]]:
    """The head of the file split into cells, with the number of each line in front."""
    with local_copy(delivery.raw_file) as copy, read_files(copy, _outer_name(delivery)) as files:
        file = next(f for f in files if f.name == delivery.member_name or len(files) == 1)
        lines = file.text.head(FIRST_ROWS + 6)
    dialect = choose_dialect(lines)
    cells = [[str(n), *split(line, dialect)] for n, line in enumerate(lines, start=1) if line.strip()][:FIRST_ROWS]
    width = max(map(len, cells), default=1)
    return ["Line", *(f"Cell {n}" for n in range(1, width))], [row + [""] * (width - len(row)) for row in cells]


def rules_for(delivery: Delivery) -> list[Rule]:
    """The enabled rules that compare what this export tells; a filtered metric is compared by none."""
    return [
        rule
        for rule in Rule.objects.filter(enabled=True, console_kind=delivery.kind, grain=delivery.grain)
        if console_report(rule) == delivery.report and _tells(delivery, rule)
    ]


def _tells(delivery: Delivery, rule: Rule) -> bool:
    """Whether an export tells the cut of a rule: a filter leaves something out, a breakdown is by one dimension."""
    if rule.cut in BREAKDOWNS:
        return delivery.filters == dimension(rule.cut).scope
    return not delivery.filters or delivery.kind != Kind.A1


def compared_with(delivery: Delivery) -> list[str]:
    """The rules that will read this export, in words; a sentence where there is none."""
    rules = rules_for(delivery)
    if not rules:
        return ["Nothing yet: no rule compares this number with a report of Apple's API. It is kept and shown."]
    return [f"{rule.title}{'' if rule.confirmed else ' (not confirmed yet)'}" for rule in rules]


def accept_held(delivery: Delivery, *, by: User | None = None) -> Delivery:
    """Make a report of the API count although some of its rows were rejected."""
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if delivery.state != DeliveryState.HELD:
            raise Refused(f"{delivery.file_name} is not held.")
        delivery.state = DeliveryState.LOADED
        delivery.rejects_accepted_by = by.get_username() if by else "the command line"
        delivery.save()
        count_delivery(delivery)
        note_delivery(delivery)
        compare_days_of(delivery, requested_by=delivery.rejects_accepted_by)
    return delivery
