"""Refuses faults that nobody could ever find: no export shows them, or they change nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ascrecon.simulator.analytics.faults import ANALYTICS_FAULTS
from ascrecon.simulator.analytics.findable import problems
from ascrecon.simulator.events import best_offer
from ascrecon.simulator.exports_wanted import MetricExport, PaymentExport
from ascrecon.simulator.faults import (
    DayReissued,
    EarnedDiffers,
    Fault,
    MetricDiffers,
    RegionMissing,
    RowsMissing,
    SalesDiffers,
    WrongTimezone,
)
from ascrecon.simulator.planted_console import differing_row
from ascrecon.simulator.planted_rows import console_days
from ascrecon.simulator.reading import ScenarioError
from ascrecon.simulator.sales import rows_of
from ascrecon.simulator.scenario import App
from ascrecon.simulator.subscriptions.planned import Plans
from ascrecon.simulator.truth import Truth

ADD_EXPORT = "add the export to the scenario's exports"


def check(truth: Truth) -> None:
    """Raises ScenarioError for the first fault that cannot be found."""
    for wanted in truth.scenario.subscriptions:
        Plans(truth.scenario, wanted)
    for fault in truth.scenario.faults:
        for seen, do in _problems(truth, fault):
            raise ScenarioError(f"fault {fault.kind}", seen, do)


def _problems(truth: Truth, fault: Fault) -> Iterator[tuple[str, str]]:
    if isinstance(fault, RowsMissing) and fault.apple_id is not None:
        yield from _missing_rows(truth.scenario.app(fault.apple_id), fault)
    elif isinstance(fault, DayReissued):
        yield from _reissued(truth, fault)
    elif isinstance(fault, (MetricDiffers, WrongTimezone)):
        if not _metric_exports(truth, fault):
            yield f"no A1 export of {fault.metric} of app {fault.apple_id} shows it", ADD_EXPORT
    elif isinstance(fault, ANALYTICS_FAULTS):
        yield from problems(truth, fault)
    elif isinstance(fault, SalesDiffers):
        differing_row(truth, fault)
        if fault.day not in console_days(truth.scenario):
            yield f"no daily R export holds {fault.day}", ADD_EXPORT
    elif isinstance(fault, (EarnedDiffers, RegionMissing)):
        months = [e.fiscal_month for e in truth.scenario.exports if isinstance(e, PaymentExport)]
        if fault.fiscal_month not in months:
            yield f"no P export of {fault.fiscal_month}", ADD_EXPORT


def _missing_rows(app: App, fault: RowsMissing) -> Iterator[tuple[str, str]]:
    known = {"product": [app.sku, *(product.sku for product in app.products)], "country": [*app.territories]}
    if fault.part in known and fault.member not in known[fault.part]:
        yield (
            f"{fault.part} {fault.member!r} of app {app.apple_id}",
            f"give one of {', '.join(known[fault.part])}",
        )
    if fault.kind == "refund_only_days" and best_offer(app, fault.start) is None:
        yield f"app {app.apple_id} sells nothing that could be refunded", "choose another app"


def _reissued(truth: Truth, fault: DayReissued) -> Iterator[tuple[str, str]]:
    app = truth.scenario.app(fault.apple_id)
    if best_offer(app, fault.day) is None:
        yield f"app {app.apple_id} sells nothing", "choose another app"
        return
    rows = rows_of(truth.settled(app, fault.day))
    if any(row.units < 0 and not row.refund for row in rows):
        yield f"units_delta {fault.units_delta} leaves less than nothing", "choose a smaller change"


def _metric_exports(truth: Truth, fault: MetricDiffers | WrongTimezone) -> list[MetricExport]:
    exports = [export for export in truth.scenario.exports if isinstance(export, MetricExport)]
    wholes = [export for export in exports if export.grain == "DAILY" and not export.by]
    same = [e for e in wholes if (e.apple_id, e.metric) == (fault.apple_id, fault.metric)]
    if isinstance(fault, MetricDiffers):
        return [export for export in same if export.start <= fault.day <= export.end]
    wanted = (fault.start, fault.end, "PT")
    return [export for export in same if (export.start, export.end, export.timezone) == wanted]
