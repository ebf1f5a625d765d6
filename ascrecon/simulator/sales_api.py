"""GET /v1/salesReports: which report, which version, is it there yet."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from ascrecon.simulator.errors import (
    GONE,
    GZIP_TYPE,
    NO_SALES,
    NOT_YET,
    Answer,
    invalid_parameter,
    invalid_version,
    no_report,
)
from ascrecon.simulator.faults import DayLate, VersionRetired
from ascrecon.simulator.request import Request
from ascrecon.simulator.sales import api_day_rows, packed, period_rows, sales_file
from ascrecon.simulator.subscriptions.sales_reports import report_lines
from ascrecon.simulator.truth import Truth

PARAMETERS = tuple(
    f"filter[{name}]" for name in ("vendorNumber", "reportType", "reportSubType", "frequency", "reportDate", "version")
)
# Types that Apple knows but answers "Invalid vendor number" for where the account sells nothing of the kind.
OTHER_TYPES = (
    "PRE_ORDER",
    "NEWSSTAND",
    "SUBSCRIPTION",
    "SUBSCRIPTION_EVENT",
    "SUBSCRIBER",
    "SUBSCRIPTION_OFFER_CODE_REDEMPTION",
    "INSTALLS",
    "FIRST_ANNUAL",
    "WIN_BACK_ELIGIBILITY",
)
VERSION = "1_0"
# The subscription reports: what part there is, and its version in Apple's table.
SUBSCRIPTION_PARTS = {"SUBSCRIPTION": "SUMMARY", "SUBSCRIPTION_EVENT": "SUMMARY", "SUBSCRIBER": "DETAILED"}
SUBSCRIPTION_VERSION = "1_3"
KEPT_DAYS = 365
SUNDAY = 7


def sales_report(truth: Truth, request: Request, today: date) -> Answer:
    """The gzip file of a period, or Apple's refusal. The simulator's day stands at noon Pacific Time."""
    request.only(PARAMETERS)
    frequency = _checked(truth, request, today)
    first, last = _period(request, frequency, today)
    kind = request.required("filter[reportType]")
    late = _lateness(truth, frequency, first) if kind == "SALES" else 0
    if today < _due(frequency, last) + timedelta(days=late):
        raise no_report(NOT_YET)
    if (today - last).days > KEPT_DAYS:
        raise no_report(GONE)
    return _subscriptions(truth, kind, first) if kind != "SALES" else _file(truth, frequency, first, last, today)


def _checked(truth: Truth, request: Request, today: date) -> str:
    if request.required("filter[vendorNumber]") != truth.scenario.vendor_number:
        raise invalid_parameter("filter[vendorNumber]", "Invalid vendor number specified")
    kind, part = request.required("filter[reportType]"), request.required("filter[reportSubType]")
    if kind in SUBSCRIPTION_PARTS and truth.reported:
        return _checked_subscriptions(request, kind, part)
    if kind in OTHER_TYPES:
        raise invalid_parameter("filter[vendorNumber]", "Invalid vendor number specified")
    if kind != "SALES":
        raise invalid_parameter("filter[reportType]", f"'{kind}' is not a valid filter value")
    if part != "SUMMARY":
        raise invalid_parameter("filter[reportSubType]", f"'{part}' is not a valid filter value")
    _check_version(truth, request, today)
    return request.required("filter[frequency]")


def _checked_subscriptions(request: Request, kind: str, part: str) -> str:
    """Days only, as in Apple's table of allowed combinations."""
    frequency = request.required("filter[frequency]")
    if part != SUBSCRIPTION_PARTS[kind]:
        raise invalid_parameter("filter[reportSubType]", f"'{part}' is not a valid filter value")
    if frequency != "DAILY":
        raise invalid_parameter("filter[frequency]", f"'{frequency}' is not a valid filter value")
    if request.query.get("filter[version]", SUBSCRIPTION_VERSION) != SUBSCRIPTION_VERSION:
        raise invalid_version(SUBSCRIPTION_VERSION)
    return frequency


def _subscriptions(truth: Truth, kind: str, day: date) -> Answer:
    lines = report_lines(kind, truth.reported, day)
    if len(lines) == 1:
        raise no_report(NO_SALES)
    return Answer(200, GZIP_TYPE, packed(("\n".join(lines) + "\n").encode()))


def _check_version(truth: Truth, request: Request, today: date) -> None:
    retired = [fault for fault in truth.scenario.faults if isinstance(fault, VersionRetired)]
    latest = next((fault.latest for fault in retired if today >= fault.start), VERSION)
    if request.query.get("filter[version]", latest) != latest:
        raise invalid_version(latest)


def _period(request: Request, frequency: str, today: date) -> tuple[date, date]:
    periods: dict[str, Callable[[str], tuple[date, date]]] = {
        "DAILY": _day,
        "WEEKLY": _week,
        "MONTHLY": _month,
        "YEARLY": _year,
    }
    if frequency not in periods:
        raise invalid_parameter("filter[frequency]", f"'{frequency}' is not a valid filter value")
    latest = (today - timedelta(days=1)).isoformat() if frequency == "DAILY" else ""
    text = request.query.get("filter[reportDate]") or latest or request.required("filter[reportDate]")
    try:
        return periods[frequency](text)
    except ValueError as error:
        raise invalid_parameter("filter[reportDate]", f"'{text}' is not a valid report date") from error


def _day(text: str) -> tuple[date, date]:
    _shaped(text, r"\d{4}-\d{2}-\d{2}")
    return date.fromisoformat(text), date.fromisoformat(text)


def _week(text: str) -> tuple[date, date]:
    sunday = _day(text)[0]
    if sunday.isoweekday() != SUNDAY:
        raise ValueError(text)
    return sunday - timedelta(days=6), sunday


def _month(text: str) -> tuple[date, date]:
    _shaped(text, r"\d{4}-\d{2}")
    first = date.fromisoformat(f"{text}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _year(text: str) -> tuple[date, date]:
    _shaped(text, r"\d{4}")
    return date(int(text), 1, 1), date(int(text), 12, 31)


def _shaped(text: str, pattern: str) -> None:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ValueError(text)


def _due(frequency: str, last: date) -> date:
    """Apple: next day, Mondays, five days after the month, six days after the year; by 8 am Pacific Time."""
    return last + timedelta(days={"DAILY": 1, "WEEKLY": 1, "MONTHLY": 5, "YEARLY": 6}[frequency])


def _lateness(truth: Truth, frequency: str, day: date) -> int:
    faults = truth.scenario.faults
    late = [fault.days for fault in faults if isinstance(fault, DayLate) and fault.day == day]
    return max(late, default=0) if frequency == "DAILY" else 0


def _file(truth: Truth, frequency: str, first: date, last: date, today: date) -> Answer:
    rows = period_rows(truth, first, last, today)
    if not rows:
        raise no_report(NO_SALES)
    if frequency == "DAILY":
        # A day that sold something is served even where a fault leaves only its header.
        rows = api_day_rows(truth, first, today)
    return Answer(200, GZIP_TYPE, packed(sales_file(truth, rows, first, last)))
