"""Expectations of analytics faults: which finding each must lead to, as of a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from ascrecon.simulator.analytics.catalogue import REPORTS
from ascrecon.simulator.analytics.expected import Deliverable, deliverables
from ascrecon.simulator.analytics.faults import (
    AnalyticsFault,
    CampaignsTruncated,
    DateRestated,
    DetailShortfall,
    Emptied,
    GhostSnapshot,
    GranularityDiffers,
    InstanceVanishes,
    LateInstance,
    OfInstances,
    PartialSnapshot,
    RequestStopped,
    ScopeRefused,
    SegmentFault,
    TwinInstance,
    Withheld,
)
from ascrecon.simulator.analytics.instance import KEPT_DAYS, period_of
from ascrecon.simulator.analytics.metrics import METRICS, main_metric
from ascrecon.simulator.analytics.requests import ONGOING, SNAPSHOT, RequestBook
from ascrecon.simulator.analytics.rows import ReportRows
from ascrecon.simulator.expectation import Expectation
from ascrecon.simulator.truth import Truth
from ascrecon.simulator.zones import days_between

Found: TypeAlias = Iterable[Expectation]
KINDS = {"daily_stopped": "daily_generation_stopped", "report_never_delivered": "never_delivered"}
#: For so many days a delivery is late, then missing; so many daily ones that are missing to the last are a stop.
LATE, STOPPED = 3, 3
SEGMENT_CAUSES = {
    "segment_expired": "segment_expired",
    "segment_checksum": "checksum_mismatch",
    "segment_short": "truncated_download",
}


@dataclass(frozen=True)
class World:
    """What happened, and which reports were asked for by now."""

    truth: Truth
    book: RequestBook


def analytics(world: World, fault: AnalyticsFault, today: date) -> Found:
    """The expectations of one fault as of a day."""
    return _PLANTED[type(fault)](world, fault, today)


def _withheld(world: World, fault: Withheld, today: date) -> Iterator[Expectation]:
    """Dates whose complete counts should be here. A gap that a snapshot fills is none; a stop stays one."""
    lost = _visible(world, fault, today)
    if fault.kind in KINDS:
        yield from _lasting(fault, [item for item in lost if item.granularity == "DAILY"], today)
        return
    filled = _in_snapshots(world, fault, today)
    for run in _runs(item for item in lost if item.end not in filled):
        kind = "delivery_gap" if fault.access == "SNAPSHOT" else _missing(run, today)
        if kind == "delivery_gap" and fault.access == "SNAPSHOT" and _is_young(run, today):
            continue
        yield _finding(fault, kind, run[0].start, run[-1].end)


def _visible(world: World, fault: OfInstances, today: date) -> list[Deliverable]:
    """Without what was no longer listed when the reader looked first: perhaps it was never made."""
    lost = deliverables(world.truth, fault, today)
    return [item for item in lost if item.made_on >= _oldest(world)]


def _oldest(world: World) -> date:
    """The oldest processing date that was listed when the reader looked first."""
    days = world.truth.scenario.sync_days
    return min(days) - timedelta(days=KEPT_DAYS) if days else date.min


def _lasting(fault: Withheld, lost: Sequence[Deliverable], today: date) -> Iterator[Expectation]:
    """A stop, or a report that never comes: by its days, once it is no mere delay."""
    if len(lost) >= STOPPED:
        yield _finding(fault, KINDS[fault.kind], lost[0].start, lost[-1].end)
    elif lost and fault.kind == "daily_stopped":
        yield _finding(fault, "late_delivery", lost[0].start, lost[-1].end)


def _missing(run: Sequence[Deliverable], today: date) -> str:
    """What a reader calls it: late for some days, a stop where the last ones are missing, otherwise a gap."""
    last = today - timedelta(days=1)
    if run[0].granularity == "DAILY" and run[-1].made_on == last and len(run) >= STOPPED:
        return "daily_generation_stopped"
    return "late_delivery" if _is_young(run, today) else "delivery_gap"


def _is_young(run: Sequence[Deliverable], today: date) -> bool:
    return (today - run[0].made_on).days <= LATE


def _emptied(world: World, fault: Emptied, today: date) -> Iterator[Expectation]:
    for run in _runs(_visible(world, fault, today)):
        yield _finding(fault, "empty_report", run[0].start, run[-1].end)


def _runs(found: Iterable[Deliverable]) -> list[list[Deliverable]]:
    """Those whose days lie side by side, granularity by granularity."""
    joined: list[list[Deliverable]] = []
    for item in sorted(found, key=lambda each: (each.granularity, each.start)):
        before = joined[-1][-1] if joined else None
        if before and before.granularity == item.granularity and before.end + timedelta(days=1) == item.start:
            joined[-1].append(item)
        else:
            joined.append([item])
    return joined


def _in_snapshots(world: World, fault: Withheld | TwinInstance | GranularityDiffers, today: date) -> set[date]:
    """Days that a snapshot of the app, also one that the reader asked for, has complete."""
    if isinstance(fault, Withheld) and fault.access == "SNAPSHOT":
        return set()
    app, lag = world.truth.scenario.app(fault.apple_id), REPORTS[fault.report].completeness
    made = [request for request in world.book.of_app(app, (SNAPSHOT,), today) if request.first <= today]
    first = world.truth.scenario.first_day
    return {day for request in made for day in days_between(first, request.first - timedelta(days=lag))}


def _partial(world: World, fault: PartialSnapshot, today: date) -> Iterator[Expectation]:
    asked = world.truth.scenario.app(fault.apple_id).analytics.snapshot_on
    if asked is None or asked >= today:
        return
    if _synced(world, asked + timedelta(days=1), min(today, asked + timedelta(days=1 + KEPT_DAYS)) + timedelta(days=1)):
        yield _finding(fault, "partial_snapshot", fault.start, fault.end)


def _stopped(world: World, fault: RequestStopped, today: date) -> Iterator[Expectation]:
    """To the day before the first instance of the request that the reader made instead, or to today."""
    if fault.start > today:
        return
    app = world.truth.scenario.app(fault.apple_id)
    later = [request.first for request in world.book.of_app(app, (ONGOING,), today) if request.asked >= fault.start]
    over = [first - timedelta(days=1) for first in later if first <= today]
    # A reader to whom nothing of before is listed any more knows of it only from the day of the first look.
    looks = world.truth.scenario.sync_days
    start = fault.start if not looks or fault.start > _oldest(world) else min(looks)
    yield _of_app(fault, "request_stopped", "not_delivered", start, min(over, default=today))


def _ghost(world: World, fault: GhostSnapshot, today: date) -> Iterator[Expectation]:
    """Told by who looks once more and does not find what was made."""
    if fault.day <= today and _synced(world, fault.day + timedelta(days=1), today + timedelta(days=1)):
        yield _of_app(fault, "api_incident", "ghost_request", fault.day, fault.day)


def _scope(_world: World, fault: ScopeRefused, today: date) -> Iterator[Expectation]:
    if fault.times is None and fault.day <= today:
        yield _of_app(fault, "api_incident", "method_not_allowed", fault.day, fault.day)


def _late(world: World, fault: LateInstance, today: date) -> Iterator[Expectation]:
    """Late, after some days a gap; once it is here only a reader who asked in vain knows that it was late."""
    due, here = fault.processed + timedelta(days=1), fault.processed + timedelta(days=fault.days)
    if due <= today < here:
        yield _finding(fault, _kind_of_one(fault.processed, today), *_completed(fault))
    elif here <= today and world.truth.scenario.sync_days and _synced(world, due, here):
        yield _finding(fault, "late_delivery", *_completed(fault))


def _kind_of_one(processed: date, today: date) -> str:
    return "late_delivery" if (today - processed).days <= LATE else "delivery_gap"


def _vanishes(world: World, fault: InstanceVanishes, today: date) -> Iterator[Expectation]:
    """Told by who saw it come and saw it gone before its time; to others it never came."""
    kept = fault.processed + timedelta(days=KEPT_DAYS)
    if fault.on > today:
        return
    if not _synced(world, fault.processed, fault.on):
        yield _finding(fault, _kind_of_one(fault.processed, today), *_completed(fault))
    elif _synced(world, fault.on, min(today, kept) + timedelta(days=1)):
        yield _finding(fault, "instance_lost", *_completed(fault))


def _twin(world: World, fault: TwinInstance, today: date) -> Iterator[Expectation]:
    lag = timedelta(days=REPORTS[fault.report].completeness)
    if fault.processed <= today:
        yield _finding(fault, "twin_instance", fault.processed - lag, fault.processed - lag)
    made_on = fault.processed + lag
    if made_on < today and fault.processed not in _in_snapshots(world, fault, today):
        yield _finding(fault, _kind_of_one(made_on, today), fault.processed, fault.processed)


def _restated(world: World, fault: DateRestated, today: date) -> Iterator[Expectation]:
    complete = fault.day + timedelta(days=REPORTS[fault.report].completeness)
    if fault.on <= today and _synced(world, complete, fault.on):
        yield _counted(fault, "restated", "restated", fault.day, fault.day, Decimal(fault.delta))


def _synced(world: World, first: date, before: date) -> bool:
    """Whether a reader could see what was there from `first` until `before`; without sync_days it is granted."""
    days = world.truth.scenario.sync_days
    return not days or any(first <= day < before for day in days)


def _granularity(world: World, fault: GranularityDiffers, today: date) -> Iterator[Expectation]:
    """To a reader who has all of its days."""
    lag = timedelta(days=REPORTS[fault.report].completeness)
    if fault.day + lag < _oldest(world) and fault.day not in _in_snapshots(world, fault, today):
        return
    end = fault.day + timedelta(days=6)
    if fault.granularity == "MONTHLY":
        end = (fault.day + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if end + timedelta(days=5) <= today:
        yield _counted(fault, "granularity_mismatch", "unexplained", fault.day, end, Decimal(fault.delta))


def _shortfall(world: World, fault: DetailShortfall, today: date) -> Iterator[Expectation]:
    report = REPORTS[fault.report.replace(" Detailed", " Standard")]
    metric = main_metric(report.name)
    end = min(fault.end, today - timedelta(days=report.completeness))
    if metric is None or end < fault.start:
        return
    rows, days = ReportRows(world.truth), days_between(fault.start, end)
    all_rows = [row for day in days for row in rows.day(fault.apple_id, report.name, day)]
    lost = metric.total(report, [row for row in all_rows if row.cell(report, "Source Type") == fault.source])
    yield _counted(
        fault,
        "detail_shortfall",
        "positive_rows_missing",
        fault.start,
        end,
        Decimal(lost),
        cut="source_type",
        member=fault.source,
    )


def _campaigns(_world: World, fault: CampaignsTruncated, _today: date) -> Iterator[Expectation]:
    metric = METRICS[fault.metric]
    yield Expectation(
        fault.kind,
        "truncated_export",
        "truncated",
        metric.report,
        fault.start,
        fault.end,
        apple_id=fault.apple_id,
        metric=metric.name,
        cut="campaign",
    )


def _segment(world: World, fault: SegmentFault, today: date) -> Iterator[Expectation]:
    kept = fault.processed + timedelta(days=KEPT_DAYS + 1)
    if fault.times is None and fault.processed <= today and _synced(world, fault.processed, kept):
        yield _finding(fault, "api_incident", *_completed(fault), cause=SEGMENT_CAUSES[fault.kind])


def _completed(fault: LateInstance | InstanceVanishes | SegmentFault) -> tuple[date, date]:
    """The days whose complete counts an ongoing instance brings."""
    return period_of(REPORTS[fault.report], fault.granularity, fault.processed)


def _finding(
    fault: OfInstances | PartialSnapshot | LateInstance | InstanceVanishes | TwinInstance | SegmentFault,
    kind: str,
    start: date,
    end: date,
    cause: str = "not_delivered",
) -> Expectation:
    return Expectation(fault.kind, kind, cause, fault.report, start, end, apple_id=fault.apple_id)


def _of_app(
    fault: RequestStopped | GhostSnapshot | ScopeRefused, kind: str, cause: str, start: date, end: date
) -> Expectation:
    return Expectation(fault.kind, kind, cause, "", start, end, apple_id=fault.apple_id)


def _counted(
    fault: DateRestated | GranularityDiffers | DetailShortfall,
    kind: str,
    cause: str,
    start: date,
    end: date,
    amount: Decimal,
    cut: str = "app",
    member: str = "",
) -> Expectation:
    metric = main_metric(fault.report)
    assert metric is not None, "findable.py refuses reports that nothing is counted in"
    return Expectation(
        fault.kind,
        kind,
        cause,
        fault.report,
        start,
        end,
        apple_id=fault.apple_id,
        metric=metric.name,
        cut=cut,
        member=member,
        currency=metric.currency,
        amount=amount,
    )


_PLANTED: dict[type, Callable[[World, Any, date], Found]] = {
    Withheld: _withheld,
    Emptied: _emptied,
    PartialSnapshot: _partial,
    RequestStopped: _stopped,
    GhostSnapshot: _ghost,
    ScopeRefused: _scope,
    LateInstance: _late,
    InstanceVanishes: _vanishes,
    TwinInstance: _twin,
    DateRestated: _restated,
    GranularityDiffers: _granularity,
    DetailShortfall: _shortfall,
    CampaignsTruncated: _campaigns,
    SegmentFault: _segment,
}
