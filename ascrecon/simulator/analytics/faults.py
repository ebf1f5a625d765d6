"""What goes wrong with analytics deliveries. docs/scenarios.md says what each must lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from ascrecon.simulator.analytics.catalogue import GRANULARITIES, REPORTS
from ascrecon.simulator.analytics.metrics import METRICS
from ascrecon.simulator.reading import Fields, ScenarioError
from ascrecon.simulator.shared_fields import range_of, times_of

ONGOING, SNAPSHOT = "ONGOING", "SNAPSHOT"


@dataclass(frozen=True)
class OfInstances:
    """Something happens to all instances of a report with processing dates from `start` to `end`."""

    kind: str
    apple_id: int
    report: str
    granularities: tuple[str, ...]
    access: str
    start: date
    end: date


class Withheld(OfInstances):
    """They are never there."""


class Emptied(OfInstances):
    """They hold nothing but their heading."""


@dataclass(frozen=True)
class PartialSnapshot:
    """The daily instance of a snapshot lacks the Dates from `start` to `end`."""

    kind: str
    apple_id: int
    report: str
    start: date
    end: date


@dataclass(frozen=True)
class RequestStopped:
    """From the day `start` the app's ongoing request is stopped: nothing is made any more."""

    kind: str
    apple_id: int
    start: date


@dataclass(frozen=True)
class GhostSnapshot:
    """A snapshot asked for on `day` or later is made (201) and never seen again, but stands in the way (409)."""

    kind: str
    apple_id: int
    day: date


@dataclass(frozen=True)
class LateInstance:
    """The instance of a processing date appears `days` days later."""

    kind: str
    apple_id: int
    report: str
    granularity: str
    processed: date
    days: int


@dataclass(frozen=True)
class InstanceVanishes:
    """The instance of a processing date is gone from the day `on`."""

    kind: str
    apple_id: int
    report: str
    granularity: str
    processed: date
    on: date


@dataclass(frozen=True)
class TwinInstance:
    """Two daily instances of one processing date; the Date of that day never comes."""

    kind: str
    apple_id: int
    report: str
    processed: date


@dataclass(frozen=True)
class DateRestated:
    """The daily instance processed `on` holds `day` once more, with `delta` more; weeks and months have it at once."""

    kind: str
    apple_id: int
    report: str
    day: date
    on: date
    delta: int


@dataclass(frozen=True)
class GranularityDiffers:
    """The file of the week or month that begins on `day` counts `delta` more than its days."""

    kind: str
    apple_id: int
    report: str
    granularity: str
    day: date
    delta: int


@dataclass(frozen=True)
class DetailShortfall:
    """The Detailed report has no row of one source on the Dates from `start` to `end`."""

    kind: str
    apple_id: int
    report: str
    source: str
    start: date
    end: date


@dataclass(frozen=True)
class CampaignsTruncated:
    """The A2 export by campaign of the range holds 200 campaigns, the app has more."""

    kind: str
    apple_id: int
    metric: str
    start: date
    end: date


@dataclass(frozen=True)
class SegmentFault:
    """The segments of one instance cannot be had: the first `times` tries, or never (times None)."""

    kind: str
    apple_id: int
    report: str
    granularity: str
    processed: date
    times: int | None

    @property
    def instance(self) -> tuple[int, str, str, date]:
        return self.apple_id, self.report, self.granularity, self.processed


@dataclass(frozen=True)
class ScopeRefused:
    """From `day` on a POST for the app is 405, as if its token carried a scope: `times`, or always."""

    kind: str
    apple_id: int
    day: date
    times: int | None


InstanceFault: TypeAlias = Withheld | Emptied | LateInstance | InstanceVanishes | TwinInstance | SegmentFault
ContentFault: TypeAlias = PartialSnapshot | DateRestated | GranularityDiffers | DetailShortfall
RequestFault: TypeAlias = RequestStopped | GhostSnapshot | ScopeRefused
AnalyticsFault: TypeAlias = InstanceFault | ContentFault | RequestFault | CampaignsTruncated

#: For isinstance.
ANALYTICS_FAULTS = (
    Withheld,
    Emptied,
    PartialSnapshot,
    RequestStopped,
    GhostSnapshot,
    LateInstance,
    InstanceVanishes,
    TwinInstance,
    DateRestated,
    GranularityDiffers,
    DetailShortfall,
    CampaignsTruncated,
    SegmentFault,
    ScopeRefused,
)


def _missing(kind: str, fields: Fields) -> AnalyticsFault:
    return Withheld(kind, *_report(fields), *_which(fields), *range_of(fields))


def _empty(kind: str, fields: Fields) -> AnalyticsFault:
    return Emptied(kind, *_report(fields), *_which(fields), *range_of(fields))


def _daily_stopped(kind: str, fields: Fields) -> AnalyticsFault:
    return Withheld(kind, *_report(fields), ("DAILY",), ONGOING, fields.day("from"), date.max)


def _never_delivered(kind: str, fields: Fields) -> AnalyticsFault:
    return Withheld(kind, *_report(fields), GRANULARITIES, ONGOING, date.min, date.max)


def _partial_snapshot(kind: str, fields: Fields) -> AnalyticsFault:
    return PartialSnapshot(kind, *_report(fields), *range_of(fields))


def _request_stopped(kind: str, fields: Fields) -> AnalyticsFault:
    return RequestStopped(kind, fields.whole("apple_id"), fields.day("from"))


def _ghost(kind: str, fields: Fields) -> AnalyticsFault:
    return GhostSnapshot(kind, fields.whole("apple_id"), fields.day("date"))


def _late(kind: str, fields: Fields) -> AnalyticsFault:
    return LateInstance(kind, *_instance(fields), fields.whole("days", low=1, high=35))


def _vanishes(kind: str, fields: Fields) -> AnalyticsFault:
    return InstanceVanishes(kind, *_instance(fields), fields.day("on"))


def _twin(kind: str, fields: Fields) -> AnalyticsFault:
    return TwinInstance(kind, *_report(fields), fields.day("date"))


def _restated(kind: str, fields: Fields) -> AnalyticsFault:
    return DateRestated(kind, *_report(fields), fields.day("date"), fields.day("on"), _delta(fields))


def _granularity(kind: str, fields: Fields) -> AnalyticsFault:
    granularity = fields.choice("granularity", ("WEEKLY", "MONTHLY"))
    return GranularityDiffers(kind, *_report(fields), granularity, fields.day("date"), _delta(fields))


def _shortfall(kind: str, fields: Fields) -> AnalyticsFault:
    return DetailShortfall(kind, *_report(fields), fields.text("source"), *range_of(fields))


def _campaigns(kind: str, fields: Fields) -> AnalyticsFault:
    return CampaignsTruncated(kind, fields.whole("apple_id"), fields.choice("metric", METRICS), *range_of(fields))


def _segment(kind: str, fields: Fields) -> AnalyticsFault:
    return SegmentFault(kind, *_instance(fields), times_of(fields))


def _scope(kind: str, fields: Fields) -> AnalyticsFault:
    return ScopeRefused(kind, fields.whole("apple_id"), fields.day("date"), times_of(fields))


def _report(fields: Fields) -> tuple[int, str]:
    return fields.whole("apple_id"), fields.choice("report", REPORTS)


def _instance(fields: Fields) -> tuple[int, str, str, date]:
    return *_report(fields), fields.choice("granularity", GRANULARITIES, "DAILY"), fields.day("date")


def _which(fields: Fields) -> tuple[tuple[str, ...], str]:
    granularity = fields.choice("granularity", GRANULARITIES, "DAILY")
    return (granularity,), fields.choice("access", (ONGOING, SNAPSHOT), ONGOING)


def _delta(fields: Fields) -> int:
    delta = fields.whole("delta", low=-(10**6), high=10**6)
    if delta:
        return delta
    raise ScenarioError(fields.place, "delta is 0", "give a change")


ANALYTICS_READERS: dict[str, Callable[[str, Fields], AnalyticsFault]] = {
    "instances_missing": _missing,
    "daily_stopped": _daily_stopped,
    "report_never_delivered": _never_delivered,
    "empty_report": _empty,
    "partial_snapshot": _partial_snapshot,
    "request_stopped": _request_stopped,
    "ghost_snapshot": _ghost,
    "late_instance": _late,
    "instance_vanishes": _vanishes,
    "twin_instance": _twin,
    "date_restated": _restated,
    "granularity_differs": _granularity,
    "detail_shortfall": _shortfall,
    "campaigns_truncated": _campaigns,
    "segment_expired": _segment,
    "segment_checksum": _segment,
    "segment_short": _segment,
    "scope_refused": _scope,
}
