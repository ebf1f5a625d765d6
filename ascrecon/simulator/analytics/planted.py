"""Expectations of analytics faults: which finding each must lead to, as of a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
from ascrecon.simulator.analytics.requests import SNAPSHOT, RequestBook
from ascrecon.simulator.analytics.rows import ReportRows
from ascrecon.simulator.expectation import Expectation
from ascrecon.simulator.truth import Truth
from ascrecon.simulator.zones import days_between, runs

Found: TypeAlias = Iterable[Expectation]
KINDS = {"daily_stopped": "daily_generation_stopped", "report_never_delivered": "never_delivered"}
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
    lost = _covered(deliverables(world.truth, fault, today))
    if fault.kind in KINDS:
        if lost:
            yield _finding(fault, KINDS[fault.kind], lost[0], lost[-1])
        return
    filled = _in_snapshots(world, fault, today)
    for start, end in runs([day for day in lost if day not in filled]):
        yield _finding(fault, "delivery_gap", start, end)


def _emptied(world: World, fault: Emptied, today: date) -> Iterator[Expectation]:
    for start, end in runs(_covered(deliverables(world.truth, fault, today))):
        yield _finding(fault, "empty_report", start, end)


def _covered(found: Iterable[Deliverable]) -> list[date]:
    return sorted({day for item in found for day in days_between(item.start, item.end)})


def _in_snapshots(world: World, fault: Withheld | TwinInstance, today: date) -> set[date]:
    """Days that a snapshot of the app, also one that the reader asked for, has complete."""
    if isinstance(fault, Withheld) and fault.access == "SNAPSHOT":
        return set()
    app, lag = world.truth.scenario.app(fault.apple_id), REPORTS[fault.report].completeness
    made = [request for request in world.book.of_app(app, (SNAPSHOT,), today) if request.first <= today]
    first = world.truth.scenario.first_day
    return {day for request in made for day in days_between(first, request.first - timedelta(days=lag))}


def _partial(world: World, fault: PartialSnapshot, today: date) -> Iterator[Expectation]:
    asked = world.truth.scenario.app(fault.apple_id).analytics.snapshot_on
    if asked is not None and asked < today <= asked + timedelta(days=1 + KEPT_DAYS):
        yield _finding(fault, "partial_snapshot", fault.start, fault.end)


def _stopped(_world: World, fault: RequestStopped, today: date) -> Iterator[Expectation]:
    if fault.start <= today:
        yield _of_app(fault, "request_stopped", "not_delivered", fault.start, today)


def _ghost(_world: World, fault: GhostSnapshot, today: date) -> Iterator[Expectation]:
    if fault.day <= today:
        yield _of_app(fault, "api_incident", "ghost_request", fault.day, fault.day)


def _scope(_world: World, fault: ScopeRefused, today: date) -> Iterator[Expectation]:
    if fault.times is None and fault.day <= today:
        yield _of_app(fault, "api_incident", "method_not_allowed", fault.day, fault.day)


def _late(_world: World, fault: LateInstance, today: date) -> Iterator[Expectation]:
    if fault.processed <= today < fault.processed + timedelta(days=fault.days):
        yield _finding(fault, "late_delivery", *_completed(fault))


def _vanishes(world: World, fault: InstanceVanishes, today: date) -> Iterator[Expectation]:
    seen = _synced(world, fault.processed, fault.on)
    if seen and fault.on <= today <= fault.processed + timedelta(days=KEPT_DAYS):
        yield _finding(fault, "instance_lost", *_completed(fault))


def _twin(world: World, fault: TwinInstance, today: date) -> Iterator[Expectation]:
    lag = timedelta(days=REPORTS[fault.report].completeness)
    if fault.processed <= today:
        yield _finding(fault, "twin_instance", fault.processed - lag, fault.processed - lag)
    if fault.processed + lag <= today and fault.processed not in _in_snapshots(world, fault, today):
        yield _finding(fault, "delivery_gap", fault.processed, fault.processed)


def _restated(world: World, fault: DateRestated, today: date) -> Iterator[Expectation]:
    complete = fault.day + timedelta(days=REPORTS[fault.report].completeness)
    if fault.on <= today and _synced(world, complete, fault.on):
        yield _counted(fault, "restated", "restated", fault.day, fault.day, Decimal(fault.delta))


def _synced(world: World, first: date, before: date) -> bool:
    """Whether a reader could see what was there from `first` until `before`; without sync_days it is granted."""
    days = world.truth.scenario.sync_days
    return not days or any(first <= day < before for day in days)


def _granularity(_world: World, fault: GranularityDiffers, today: date) -> Iterator[Expectation]:
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


def _segment(_world: World, fault: SegmentFault, today: date) -> Iterator[Expectation]:
    kept = fault.processed <= today <= fault.processed + timedelta(days=KEPT_DAYS)
    if fault.times is None and kept:
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
