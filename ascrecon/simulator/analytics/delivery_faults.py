"""Which instances a scenario's faults take away, double or empty, and which of their rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TypeVar

from ascrecon.simulator.analytics.faults import (
    SNAPSHOT,
    DateRestated,
    DetailShortfall,
    Emptied,
    InstanceVanishes,
    LateInstance,
    OfInstances,
    PartialSnapshot,
    RequestStopped,
    TwinInstance,
    Withheld,
)
from ascrecon.simulator.analytics.instance import Instance
from ascrecon.simulator.analytics.requests import ReportRequest
from ascrecon.simulator.analytics.row import Row
from ascrecon.simulator.scenario import Scenario

F = TypeVar("F")
G = TypeVar("G", LateInstance, InstanceVanishes)


class DeliveryFaults:
    """The faults of a scenario, asked about one request, instance, Date or row at a time."""

    def __init__(self, scenario: Scenario) -> None:
        self._faults = scenario.faults

    def stopped(self, request: ReportRequest, today: date) -> bool:
        """Whether Apple has stopped a request by a day; one made later is not."""
        return request.ongoing and any(
            fault.apple_id == request.app.apple_id and request.asked < fault.start <= today
            for fault in self._of(RequestStopped)
        )

    def copies(self, instance: Instance) -> int:
        """How many instances there are of this one's processing date."""
        return 2 if any(_is_twin(fault, instance) for fault in self._of(TwinInstance)) else 1

    def takes(self, instance: Instance, today: date) -> bool:
        """Whether an instance that should be there on a day is not."""
        stopped = self.stopped(instance.request, instance.processed)
        withheld = any(_hits(fault, instance) for fault in self._of(Withheld))
        late = [fault.days for fault in self._of(LateInstance) if _is_of(fault, instance)]
        gone = [fault.on for fault in self._of(InstanceVanishes) if _is_of(fault, instance)]
        waiting = today < instance.processed + timedelta(days=max(late, default=0))
        return stopped or withheld or waiting or any(today >= day for day in gone)

    def empties(self, instance: Instance) -> bool:
        """Whether an instance holds nothing but its heading."""
        return any(_hits(fault, instance) for fault in self._of(Emptied))

    def skips(self, instance: Instance, day: date) -> bool:
        """Whether a daily instance lacks a Date."""
        if instance.granularity != "DAILY":
            return False
        report = (instance.request.app.apple_id, instance.report.name)
        if instance.ongoing:
            return any((f.apple_id, f.report, f.processed) == (*report, day) for f in self._of(TwinInstance))
        partial = [f for f in self._of(PartialSnapshot) if (f.apple_id, f.report) == report]
        return any(fault.start <= day <= fault.end for fault in partial)

    def restated(self, instance: Instance) -> list[date]:
        """Dates of long ago that an ongoing daily instance holds once more."""
        if instance.granularity != "DAILY" or not instance.ongoing:
            return []
        wanted = (instance.request.app.apple_id, instance.report.name, instance.processed)
        return [fault.day for fault in self._of(DateRestated) if (fault.apple_id, fault.report, fault.on) == wanted]

    def kept(self, instance: Instance, day: date, rows: list[Row]) -> list[Row]:
        """A Date's rows without those of sources that a Detailed report has lost."""
        report = instance.report
        lost = {
            fault.source
            for fault in self._of(DetailShortfall)
            if (fault.apple_id, fault.report) == (instance.request.app.apple_id, report.name)
            and fault.start <= day <= fault.end
        }
        return [row for row in rows if row.cell(report, "Source Type") not in lost] if lost else rows

    def _of(self, kind: type[F]) -> list[F]:
        return [fault for fault in self._faults if isinstance(fault, kind)]


def _hits(fault: OfInstances, instance: Instance) -> bool:
    same = (fault.apple_id, fault.report) == (instance.request.app.apple_id, instance.report.name)
    access = (fault.access != SNAPSHOT) == instance.ongoing
    return same and access and instance.granularity in fault.granularities and _within(fault, instance.processed)


def _within(fault: OfInstances, day: date) -> bool:
    return fault.start <= day <= fault.end


def _is_of(fault: G, instance: Instance) -> bool:
    wanted = (fault.apple_id, fault.report, fault.granularity, fault.processed)
    is_it = (instance.request.app.apple_id, instance.report.name, instance.granularity, instance.processed)
    return instance.ongoing and wanted == is_it


def _is_twin(fault: TwinInstance, instance: Instance) -> bool:
    daily = instance.ongoing and instance.granularity == "DAILY"
    wanted = (fault.apple_id, fault.report, fault.processed)
    return daily and wanted == (instance.request.app.apple_id, instance.report.name, instance.processed)
