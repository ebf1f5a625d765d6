"""Refuses analytics faults that nobody could ever find: no request, no rows, nothing to count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TypeAlias

from ascrecon.simulator.analytics.catalogue import REPORTS
from ascrecon.simulator.analytics.console import MOST_CAMPAIGNS, campaigns
from ascrecon.simulator.analytics.expected import deliverables
from ascrecon.simulator.analytics.faults import (
    SNAPSHOT,
    AnalyticsFault,
    CampaignsTruncated,
    DateRestated,
    DetailShortfall,
    GhostSnapshot,
    GranularityDiffers,
    InstanceVanishes,
    LateInstance,
    OfInstances,
    PartialSnapshot,
    ScopeRefused,
    SegmentFault,
)
from ascrecon.simulator.analytics.instance import is_made
from ascrecon.simulator.analytics.metrics import main_metric
from ascrecon.simulator.analytics.rows import ReportRows
from ascrecon.simulator.exports_wanted import MetricExport
from ascrecon.simulator.truth import Truth

Problem: TypeAlias = tuple[str, str]
COUNTED = "give a report of downloads, engagement, sessions, installations, purchases or App Crashes"


def problems(truth: Truth, fault: AnalyticsFault) -> Iterator[Problem]:
    """What makes a fault impossible to find, and what to do."""
    yield from _without_request(truth, fault)
    if isinstance(fault, OfInstances):
        yield from _taken(truth, fault)
    elif isinstance(fault, (LateInstance, InstanceVanishes, SegmentFault)):
        yield from _instance(fault)
    elif isinstance(fault, (DateRestated, GranularityDiffers, DetailShortfall)):
        yield from _counted(truth, fault)
    elif isinstance(fault, CampaignsTruncated):
        yield from _campaigns(truth, fault)


def _without_request(truth: Truth, fault: AnalyticsFault) -> Iterator[Problem]:
    if isinstance(fault, (GhostSnapshot, ScopeRefused, CampaignsTruncated)):
        return
    wish = truth.scenario.app(fault.apple_id).analytics
    snapshot = isinstance(fault, PartialSnapshot) or getattr(fault, "access", "") == SNAPSHOT
    if snapshot and wish.snapshot_on is None:
        yield f"app {fault.apple_id} has no snapshot", "give its analytics a snapshot_on"
    elif not snapshot and wish.ongoing_since is None:
        yield f"app {fault.apple_id} has no ongoing request", "give its analytics an ongoing_since"


def _taken(truth: Truth, fault: OfInstances) -> Iterator[Problem]:
    if not any(deliverables(truth, fault, truth.scenario.today)):
        yield f"{fault.report} of app {fault.apple_id} has nothing to miss there", "choose other dates or reports"


def _instance(fault: LateInstance | InstanceVanishes | SegmentFault) -> Iterator[Problem]:
    known = fault.granularity in REPORTS[fault.report].granularities
    if not known or not is_made(fault.granularity, fault.processed):
        yield (
            f"no {fault.granularity} instance of {fault.report} is processed on {fault.processed}",
            "WEEKLY comes on Fridays, MONTHLY on the 5th, both for some reports only",
        )


def _counted(truth: Truth, fault: DateRestated | GranularityDiffers | DetailShortfall) -> Iterator[Problem]:
    if main_metric(fault.report) is None:
        yield f"nothing is compared in {fault.report}", COUNTED
    elif isinstance(fault, DetailShortfall):
        yield from _shortfall(truth, fault)
    elif REPORTS[fault.report].detailed:
        yield f"{fault.report} has noise", "give the Standard report"
    elif isinstance(fault, DateRestated):
        yield from _restated(fault)
    else:
        yield from _granularity(fault)


def _shortfall(truth: Truth, fault: DetailShortfall) -> Iterator[Problem]:
    report = REPORTS[fault.report]
    if not report.detailed:
        yield f"{fault.report} is no Detailed report", "give the Detailed one"
        return
    rows = ReportRows(truth).day(fault.apple_id, fault.report, fault.start)
    sources = sorted({row.cell(report, "Source Type") for row in rows})
    if fault.source not in sources:
        yield f"source {fault.source!r} has no rows on {fault.start}", f"give one of {', '.join(sources)}"


def _restated(fault: DateRestated) -> Iterator[Problem]:
    complete = fault.day + timedelta(days=REPORTS[fault.report].completeness)
    if fault.on <= complete:
        yield f"on {fault.on} the Date is not older than its lag", f"give a day after {complete}"


def _granularity(fault: GranularityDiffers) -> Iterator[Problem]:
    begins = fault.day.isoweekday() == 1 if fault.granularity == "WEEKLY" else fault.day.day == 1
    if fault.granularity not in REPORTS[fault.report].granularities or not begins:
        yield f"no {fault.granularity} Date {fault.day} of {fault.report}", "give a Monday, or the first of a month"


def _campaigns(truth: Truth, fault: CampaignsTruncated) -> Iterator[Problem]:
    wanted = (fault.apple_id, fault.metric, fault.start, fault.end, "campaign")
    exports = [export for export in truth.scenario.exports if isinstance(export, MetricExport)]
    found = [e for e in exports if (e.apple_id, e.metric, e.start, e.end, e.by) == wanted]
    if not found:
        yield "no A2 export by campaign of that range shows it", "add the export to the scenario's exports"
        return
    number = len(campaigns(ReportRows(truth), found[0]))
    if number <= MOST_CAMPAIGNS:
        yield f"the app has {number} campaigns of five people there", "raise its campaigns or daily_units"
