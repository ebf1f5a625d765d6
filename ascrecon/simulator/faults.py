"""What goes wrong: the `faults` of a scenario. docs/scenarios.md says what each must lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from ascrecon.simulator.analytics.faults import ANALYTICS_READERS, AnalyticsFault
from ascrecon.simulator.exports_wanted import fiscal_month_of
from ascrecon.simulator.reading import Fields, ScenarioError, one_of
from ascrecon.simulator.regions import REGIONS
from ascrecon.simulator.shared_fields import range_of, times_of
from ascrecon.simulator.subscriptions.faults import SUBSCRIPTION_READERS, SubscriptionFault

# A row that two faults remove counts for the first of this order.
PARTS = ("header", "all", "product", "country", "half")
HTTP_BODIES = ("json", "html", "agreement", "role")
SALES_PATH = "/v1/salesReports"


@dataclass(frozen=True)
class RowsMissing:
    """The API's DAILY files from `start` to `end` lack rows with positive units (part `header`: all rows)."""

    kind: str
    apple_id: int | None
    start: date
    end: date
    part: str
    member: str


@dataclass(frozen=True)
class DayLate:
    """The DAILY file of `day` comes `days` days after it was due."""

    kind: str
    day: date
    days: int


@dataclass(frozen=True)
class DayReissued:
    """From the day `on`, the sales files count other units of the app for `day`."""

    kind: str
    day: date
    on: date
    apple_id: int
    units_delta: int
    factor: Decimal | None


@dataclass(frozen=True)
class VersionRetired:
    """From the simulator's day `start`, SALES wants version `latest` instead of 1_0."""

    kind: str
    start: date
    latest: str


@dataclass(frozen=True)
class SalesDiffers:
    """The R export of `day` holds other units in one row."""

    kind: str
    apple_id: int
    day: date
    sku: str
    country: str
    units_delta: int


@dataclass(frozen=True)
class EarnedDiffers:
    """The P export of a fiscal month holds another Earned for one region."""

    kind: str
    fiscal_month: str
    region: str
    delta: Decimal


@dataclass(frozen=True)
class MetricDiffers:
    """The A1 export holds another value on one day."""

    kind: str
    apple_id: int
    day: date
    metric: str
    units_delta: int


@dataclass(frozen=True)
class WrongTimezone:
    """The A1 export that the person calls Pacific Time holds UTC days."""

    kind: str
    apple_id: int
    metric: str
    start: date
    end: date


@dataclass(frozen=True)
class RegionMissing:
    """The API has no finance file of a region; ZZ and Z1 lack its rows."""

    kind: str
    fiscal_month: str
    region: str


@dataclass(frozen=True)
class Transport:
    """An answer that fails on its way: matched by path and query, `times` or always (times None)."""

    kind: str
    path: str
    query: Mapping[str, str]
    times: int | None
    start: date
    end: date
    status: int = 0
    body: str = "json"
    retry_after: int = 1
    seconds: int = 0
    drip: bool = False
    at: str = "start"


Differs: TypeAlias = SalesDiffers | EarnedDiffers | MetricDiffers
SalesFault: TypeAlias = RowsMissing | DayLate | DayReissued | VersionRetired
Fault: TypeAlias = SalesFault | Differs | WrongTimezone | RegionMissing | Transport | AnalyticsFault | SubscriptionFault


def read_fault(fields: Fields) -> Fault:
    """One entry of `faults`; an unknown kind is refused with the known ones."""
    kind = fields.text("kind")
    if kind not in READERS:
        known = ", ".join(sorted(READERS))
        raise ScenarioError(fields.place, f"unknown fault {kind!r}", f"known kinds: {known}")
    fault = READERS[kind](kind, fields)
    fields.finish()
    return fault


def _positive_rows_missing(kind: str, fields: Fields) -> Fault:
    start, end = range_of(fields)
    part = one_of(fields, ("product", "country", "share")) or "all"
    member = fields.text(part) if part in ("product", "country") else ""
    if part == "share":
        part = fields.choice("share", ("half",))
    return RowsMissing(kind, fields.whole("apple_id"), start, end, part, member)


def _refund_only(kind: str, fields: Fields) -> Fault:
    start, end = range_of(fields)
    return RowsMissing(kind, fields.whole("apple_id"), start, end, "all", "")


def _header_only(kind: str, fields: Fields) -> Fault:
    day = fields.day("date")
    return RowsMissing(kind, None, day, day, "header", "")


def _day_late(kind: str, fields: Fields) -> Fault:
    return DayLate(kind, fields.day("date"), fields.whole("days", low=1, high=365))


def _day_reissued(kind: str, fields: Fields) -> Fault:
    which = one_of(fields, ("units_delta", "factor"))
    delta = fields.whole("units_delta", low=-(10**9)) if which == "units_delta" else 0
    factor = fields.amount("factor") if which == "factor" else None
    if not delta and factor is None:
        raise ScenarioError(fields.place, "nothing changes", "give units_delta or factor")
    return DayReissued(kind, fields.day("date"), fields.day("on"), fields.whole("apple_id"), delta, factor)


def _version_retired(kind: str, fields: Fields) -> Fault:
    return VersionRetired(kind, fields.day("from"), fields.text("latest"))


def _console_differs(kind: str, fields: Fields) -> Fault:
    export = fields.choice("export", ("R", "P", "A1"))
    if export == "P":
        region = fields.choice("region", REGIONS)
        return EarnedDiffers(kind, fiscal_month_of(fields), region, fields.amount("delta"))
    apple_id, day = fields.whole("apple_id"), fields.day("date")
    delta = fields.whole("units_delta", low=-(10**9))
    if export == "A1":
        return MetricDiffers(kind, apple_id, day, fields.text("metric"), delta)
    return SalesDiffers(kind, apple_id, day, fields.text("sku"), fields.text("country"), delta)


def _wrong_timezone(kind: str, fields: Fields) -> Fault:
    start, end = range_of(fields)
    return WrongTimezone(kind, fields.whole("apple_id"), fields.text("metric"), start, end)


def _region_missing(kind: str, fields: Fields) -> Fault:
    return RegionMissing(kind, fiscal_month_of(fields), fields.choice("region", REGIONS))


def _http(kind: str, fields: Fields) -> Fault:
    path, query, times, start, end = _where(fields)
    status = fields.whole("status", low=400, high=599)
    body = fields.choice("body", HTTP_BODIES, "json")
    retry_after = fields.whole("retry_after", 1)
    return Transport(kind, path, query, times, start, end, status, body, retry_after)


def _truncated(kind: str, fields: Fields) -> Fault:
    return Transport(kind, *_where(fields))


def _slow(kind: str, fields: Fields) -> Fault:
    where = _where(fields)
    return Transport(kind, *where, seconds=fields.whole("seconds", low=1), drip=fields.flag("drip"))


def _dropped(kind: str, fields: Fields) -> Fault:
    return Transport(kind, *_where(fields), at=fields.choice("at", ("start", "body"), "start"))


def _where(fields: Fields) -> tuple[str, Mapping[str, str], int | None, date, date]:
    start = fields.day("from") if fields.has("from") else date.min
    end = fields.day("to") if fields.has("to") else date.max
    path, query = _target(fields)
    return path, query, times_of(fields), start, end


def _target(fields: Fields) -> tuple[str, Mapping[str, str]]:
    path = fields.text("path", SALES_PATH)
    query = fields.texts("query")
    if fields.has("date"):
        day = fields.day("date").isoformat()
        query = {"filter[reportType]": "SALES", "filter[frequency]": "DAILY", "filter[reportDate]": day, **query}
    elif not fields.has("path"):
        raise ScenarioError(fields.place, "neither date nor path", "say which requests fail")
    return path, query


READERS: dict[str, Callable[[str, Fields], Fault]] = {
    "sales_positive_rows_missing": _positive_rows_missing,
    "refund_only_days": _refund_only,
    "header_only": _header_only,
    "day_late": _day_late,
    "day_reissued": _day_reissued,
    "version_retired": _version_retired,
    "console_differs": _console_differs,
    "console_wrong_timezone": _wrong_timezone,
    "finance_region_missing": _region_missing,
    "http": _http,
    "truncated_gzip": _truncated,
    "slow": _slow,
    "dropped_connection": _dropped,
    **ANALYTICS_READERS,
    **SUBSCRIPTION_READERS,
}
