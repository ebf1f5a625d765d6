"""Exports of the same numbers that were taken at different times and tell different values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from reports.findings.found import Found, FoundDay
from reports.findings.severity import severity_of
from reports.models import Account, App, Cause, DeliveryState, FindingKind, Grain, Kind, Vendor, Zone
from reports.sql import fetch
from reports.wording import amount, span

#: App Analytics is complete two days after the day (Apple, Analytics Reports overview); younger days still move.
MOVES_FOR = timedelta(days=2)

# For every period that several loaded exports tell: the newest beside the one before it.
TWICE = """
WITH told AS (
    SELECT v.id, v.series_id, v.period_start, v.period_end, v.delivery_id, v.taken_on,
           row_number() OVER (PARTITION BY v.series_id, v.period_start
                              ORDER BY v.taken_on DESC, v.received_at DESC, v.id DESC) AS age
    FROM reports_vintage v
    JOIN reports_series s ON s.id = v.series_id
    JOIN reports_delivery d ON d.id = v.delivery_id
    WHERE s.side = 'console' AND d.state = %(loaded)s AND v.period_start BETWEEN %(start)s AND %(end)s
      AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s)),
twice AS (
    SELECT n.series_id, n.period_start, n.period_end, n.id AS new_id, o.id AS old_id,
           n.delivery_id AS new_delivery, o.delivery_id AS old_delivery, o.taken_on AS old_taken_on
    FROM told n JOIN told o USING (series_id, period_start) WHERE n.age = 1 AND o.age = 2),
sums AS (
    SELECT t.series_id, t.period_start, t.period_end, t.old_taken_on, t.new_delivery, t.old_delivery, f.metric,
           f.app_id, f.currency, sum(f.value) FILTER (WHERE f.vintage_id = t.new_id) AS new_value,
           sum(f.value) FILTER (WHERE f.vintage_id = t.old_id) AS old_value
    FROM twice t JOIN reports_figure f ON f.vintage_id IN (t.new_id, t.old_id)
        AND f.vintage_id = ANY(ARRAY(SELECT new_id FROM twice UNION SELECT old_id FROM twice))
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9)
SELECT s.account_id, s.vendor_id, coalesce(s.app_id, x.app_id) AS app_id, s.kind, s.grain, s.scope, s.timezone,
       x.metric, x.currency, x.period_start, x.period_end,
       -- an export of App Analytics tells by its last day when it was taken; a report file and payments do not
       CASE WHEN s.kind IN ('A1', 'A2') THEN x.old_taken_on ELSE e.received_at::date END, x.old_value, x.new_value,
       d.id, d.file_name, r.sha256, e.id, e.file_name, q.sha256
FROM sums x
JOIN reports_series s ON s.id = x.series_id
JOIN reports_delivery d ON d.id = x.new_delivery JOIN reports_rawfile r ON r.id = d.raw_file_id
JOIN reports_delivery e ON e.id = x.old_delivery JOIN reports_rawfile q ON q.id = e.raw_file_id
WHERE x.old_value IS DISTINCT FROM x.new_value
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""


@dataclass(frozen=True)
class Change:
    account_id: int
    vendor_id: int | None
    app_id: int | None
    kind: str
    grain: str
    scope: str
    timezone: str
    metric: str
    currency: str
    period_start: date
    period_end: date
    old_taken_on: date
    old_value: Decimal | None
    new_value: Decimal | None
    new_delivery: int
    new_file: str
    new_sha256: str
    old_delivery: int
    old_file: str
    old_sha256: str

    @property
    def key(self) -> tuple[object, ...]:
        return (
            self.account_id,
            self.vendor_id or 0,
            self.app_id or 0,
            self.kind,
            self.grain,
            self.scope,
            self.timezone,
            self.metric,
            self.currency,
        )

    @property
    def difference(self) -> Decimal:
        return (self.new_value or Decimal(0)) - (self.old_value or Decimal(0))


def overlapping_exports(start: date, end: date, account: Account | None) -> list[Found]:
    """One finding per metric and run of days on which the newest export and the one before it differ.

    The newest one counts. `difference` is the newest value less the earlier one.
    """
    parameters = {
        "loaded": DeliveryState.LOADED.value,
        "start": start,
        "end": end,
        "account": account.pk if account else None,
    }
    changes = [Change(*row) for row in fetch(TWICE, parameters)]
    return [_found(run) for _, group in groupby(changes, key=lambda c: c.key) for run in _runs(list(group))]


def _runs(changes: Sequence[Change]) -> list[list[Change]]:
    runs: list[list[Change]] = []
    for change in changes:
        if runs and change.period_start <= runs[-1][-1].period_end + timedelta(days=1):
            runs[-1].append(change)
        else:
            runs.append([change])
    return runs


def _found(run: Sequence[Change]) -> Found:
    first, last = run[0], run[-1]
    difference = sum((c.difference for c in run), Decimal(0))
    young = all(c.period_end > c.old_taken_on - MOVES_FOR for c in run)
    cause = Cause.NOT_FINAL if young else Cause.RESTATED
    app = App.objects.get(pk=first.app_id) if first.app_id else None
    newest = sum((c.new_value or Decimal(0) for c in run), Decimal(0))
    return Found(
        kind=FindingKind.OVERLAPPING_EXPORTS,
        cause=cause,
        severity=severity_of(FindingKind.OVERLAPPING_EXPORTS, cause, Decimal(0), None, newest),
        account=Account.objects.get(pk=first.account_id),
        vendor=Vendor.objects.filter(pk=first.vendor_id or 0).first(),
        app=app,
        report=first.kind,
        metric=first.metric,
        cut="app" if app else "",
        member=_series(first),
        currency=first.currency,
        grain=Grain(first.grain),
        from_day=first.period_start,
        to_day=last.period_end,
        console_value=newest,
        difference=difference,
        explained=difference,
        message=_message(run, app, young),
        next_step=_next_step(young),
        evidence=_evidence(run),
        days=[_day(c) for c in run],
    )


def _series(change: Change) -> str:
    """What tells its series apart from others of the same metric: filter or region, and an unusual grain or zone."""
    usual = Zone.UTC if change.kind in (Kind.A1, Kind.A2) else Zone.PACIFIC
    grain = change.grain if change.grain not in (Grain.DAY, Grain.FISCAL_MONTH) else ""
    zone = change.timezone if change.timezone != usual else ""
    return " ".join(filter(None, (change.scope, grain, zone)))


def _message(run: Sequence[Change], app: App | None, young: bool) -> str:
    first, last = run[0], run[-1]
    old = sum((c.old_value or Decimal(0) for c in run), Decimal(0))
    new = sum((c.new_value or Decimal(0) for c in run), Decimal(0))
    why = (
        "The days were not complete yet when the first was taken."
        if young
        else "Apple changed days that were complete."
    )
    return (
        f"{app or 'All apps'}, {span(first.period_start, last.period_end)}: {first.metric.replace('_', ' ')} "
        f"{amount(old, first.currency)} in {first.old_file}, {amount(new, first.currency)} in {first.new_file}. {why}"
    )


def _next_step(young: bool) -> str:
    if young:
        return "Nothing to do: the newest export counts. Export again once the days are three days old."
    return "The newest export counts. If you booked the earlier value, correct it; withdraw the export that is wrong."


def _evidence(run: Sequence[Change]) -> list[dict[str, object]]:
    files = {(c.old_file, c.old_sha256): c.old_delivery for c in run} | {
        (c.new_file, c.new_sha256): c.new_delivery for c in run
    }
    return [
        {"file": name, "sha256": sha256, "line": None, "delivery": delivery}
        for (name, sha256), delivery in sorted(files.items())
    ]


def _day(change: Change) -> FoundDay:
    return FoundDay(
        period_start=change.period_start,
        period_end=change.period_end,
        console_value=change.new_value,
        difference=change.difference,
        explained=change.difference,
    )
