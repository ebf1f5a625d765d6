"""Expectations of deliveries: late days, re-issued days, calls that never succeed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from ascrecon.simulator.expectation import DAILY, Expectation
from ascrecon.simulator.faults import SALES_PATH, DayLate, DayReissued, Transport
from ascrecon.simulator.fiscal import MONTHS
from ascrecon.simulator.reading import DAY
from ascrecon.simulator.sales import day_rows, proceeds_of
from ascrecon.simulator.scenario import Scenario
from ascrecon.simulator.truth import Truth

HTTP_CAUSES = {401: "credentials", 403: "role", 405: "method_not_allowed", 429: "rate_limit"}


def late(fault: DayLate, today: date) -> Iterator[Expectation]:
    due = fault.day + timedelta(days=1)
    if due <= today < due + timedelta(days=fault.days):
        yield Expectation(fault.kind, "late_delivery", "not_delivered", DAILY, fault.day, fault.day)


def reissued(truth: Truth, fault: DayReissued, today: date) -> Iterator[Expectation]:
    if today < fault.on or not _seen_before(truth.scenario, fault):
        return
    app = truth.scenario.app(fault.apple_id)
    new = proceeds_of(day_rows(truth, app, fault.day))
    old = proceeds_of(day_rows(truth, app, fault.day, fault.on - timedelta(days=1)))
    for currency in sorted({*new, *old}):
        amount = new.get(currency, Decimal(0)) - old.get(currency, Decimal(0))
        if amount:
            yield Expectation(
                fault.kind,
                "restated",
                "restated",
                DAILY,
                fault.day,
                fault.day,
                apple_id=fault.apple_id,
                metric="proceeds",
                cut="app",
                currency=currency,
                amount=amount,
            )


def _seen_before(scenario: Scenario, fault: DayReissued) -> bool:
    """Only a reader who fetched the day before `on` can tell; without sync_days that is taken for granted."""
    days = scenario.sync_days
    return not days or any(fault.day < day < fault.on for day in days)


def incident(fault: Transport, today: date) -> Iterator[Expectation]:
    period = _period(fault)
    if fault.times is not None or period is None or not fault.start <= today <= fault.end:
        return
    report, start, end = period
    if start < today:
        yield Expectation(fault.kind, "api_incident", _cause(fault), report, start, end)


def _period(fault: Transport) -> tuple[str, date, date] | None:
    text = fault.query.get("filter[reportDate]", "")
    if fault.path == SALES_PATH:
        daily = fault.query.get("filter[frequency]") == "DAILY"
        return (DAILY, date.fromisoformat(text), date.fromisoformat(text)) if daily and DAY.fullmatch(text) else None
    month = MONTHS.get(text)
    kind = fault.query.get("filter[reportType]", "FINANCIAL")
    return (f"FINANCE/{kind}", month.start, month.end) if month else None


def _cause(fault: Transport) -> str:
    causes = {
        "truncated_gzip": "truncated_download",
        "slow": "timeout",
        "dropped_connection": "connection_dropped",
    }
    if fault.kind in causes:
        return causes[fault.kind]
    if fault.body == "agreement":
        return "agreement"
    return HTTP_CAUSES.get(fault.status, "server_error")
