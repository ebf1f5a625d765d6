"""Days that Apple delivered once more with other figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from django.db import connection
from django.db.models import Q

from reports.detect.names import report_name
from reports.detect.spans import Span, runs, touches
from reports.findings.found import Found, FoundDay
from reports.models import Account, App, Cause, DeliveryState, FindingKind, Grain, Severity, Vendor
from reports.wording import amount, span

# For every period of the API's side that has several loaded deliveries: the first beside the one that counts now, by
# app and currency, where the money differs. Both sums are over whole files, so an app that vanished shows as well.
CHANGES = """
WITH told AS (
    SELECT v.id, v.series_id, v.period_start, v.period_end, v.delivery_id, v.received_at, v.current,
           row_number() OVER (PARTITION BY v.series_id, v.period_start ORDER BY v.received_at, v.id) AS issue
    FROM reports_vintage v
    JOIN reports_series s ON s.id = v.series_id
    JOIN reports_delivery d ON d.id = v.delivery_id
    WHERE s.side = 'api' AND s.kind <> 'ANALYTICS' AND d.state = %(loaded)s
      AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s)),
twice AS (
    SELECT n.series_id, n.period_start, n.period_end, o.id AS old_id, n.id AS new_id,
           o.delivery_id AS old_delivery, n.delivery_id AS new_delivery,
           o.received_at AS old_at, n.received_at AS new_at
    FROM told n JOIN told o USING (series_id, period_start) WHERE n.current AND o.issue = 1 AND n.id <> o.id),
sums AS (
    SELECT t.*, f.metric, f.app_id, f.currency,
           coalesce(sum(f.value) FILTER (WHERE f.vintage_id = t.old_id), 0) AS old_value,
           coalesce(sum(f.value) FILTER (WHERE f.vintage_id = t.new_id), 0) AS new_value
    FROM twice t JOIN reports_figure f ON f.vintage_id IN (t.old_id, t.new_id)
    WHERE f.metric IN ('proceeds', 'earned')
      AND f.vintage_id = ANY(ARRAY(SELECT old_id FROM twice UNION SELECT new_id FROM twice))
    GROUP BY t.series_id, t.period_start, t.period_end, t.old_id, t.new_id, t.old_delivery, t.new_delivery,
             t.old_at, t.new_at, f.metric, f.app_id, f.currency)
SELECT s.account_id, s.vendor_id, s.report, s.grain, x.metric, x.app_id, x.currency, x.period_start, x.period_end,
       x.old_value, x.new_value, x.old_at, x.new_at,
       d.id, d.file_name, r.sha256, e.id, e.file_name, q.sha256, x.old_id, x.new_id
FROM sums x
JOIN reports_series s ON s.id = x.series_id
JOIN reports_delivery d ON d.id = x.old_delivery JOIN reports_rawfile r ON r.id = d.raw_file_id
JOIN reports_delivery e ON e.id = x.new_delivery JOIN reports_rawfile q ON q.id = e.raw_file_id
WHERE x.old_value <> x.new_value
ORDER BY 1, 2, 3, 5, 6, 7, 8
"""


@dataclass(frozen=True)
class Change:
    """Money of one app, currency and period: what the first delivery said and what counts now."""

    account_id: int
    vendor_id: int | None
    report: str
    grain: str
    metric: str
    app_id: int | None
    currency: str
    period_start: date
    period_end: date
    old_value: Decimal
    new_value: Decimal
    old_at: datetime
    new_at: datetime
    old_delivery: int
    old_file: str
    old_sha256: str
    new_delivery: int
    new_file: str
    new_sha256: str
    old_vintage: int
    new_vintage: int

    @property
    def key(self) -> tuple[object, ...]:
        return (self.account_id, self.vendor_id, self.report, self.metric, self.app_id, self.currency)

    @property
    def difference(self) -> Decimal:
        return self.new_value - self.old_value


def restatements(start: date, end: date, account: Account | None) -> list[Found]:
    """One finding per app, currency and run of consecutive periods whose money Apple changed after delivering it.

    `difference` is what counts now less what the first delivery said, and all of it is explained by the new issue. A
    week or month that changed by just what its days changed is not told again.
    """
    changes = _changes(account)
    told = [change for change in changes if not _told_by_days(change, changes)]
    series = (list(group) for _, group in groupby(told, key=lambda change: change.key))
    found = (run for group in series for run in runs(group, _span))
    return [_found(run) for run in found if touches(run, _span, start, end)]


def _changes(account: Account | None) -> list[Change]:
    parameters = {"loaded": DeliveryState.LOADED.value, "account": account.pk if account else None}
    with connection.cursor() as cursor:
        cursor.execute(CHANGES, parameters)
        return [Change(*row) for row in cursor.fetchall()]


def _span(change: Change) -> Span:
    return (change.period_start, change.period_end)


def _told_by_days(change: Change, changes: Iterable[Change]) -> bool:
    if change.grain not in (Grain.WEEK, Grain.MONTH):
        return False
    days = [
        other.difference
        for other in changes
        if other.grain == Grain.DAY
        and (other.vendor_id, other.metric, other.app_id, other.currency)
        == (change.vendor_id, change.metric, change.app_id, change.currency)
        and change.period_start <= other.period_start <= change.period_end
    ]
    return sum(days, Decimal(0)) == change.difference


def _found(run: Sequence[Change]) -> Found:
    first, last = run[0], run[-1]
    difference = sum((change.difference for change in run), Decimal(0))
    app = App.objects.filter(Q(pk=first.app_id)).first()
    return Found(
        kind=FindingKind.RESTATED,
        cause=Cause.RESTATED,
        severity=Severity.LOW,
        account=Account.objects.get(pk=first.account_id),
        vendor=Vendor.objects.filter(Q(pk=first.vendor_id)).first(),
        app=app,
        report=first.report,
        metric=first.metric,
        cut="app",
        currency=first.currency,
        grain=Grain(first.grain),
        from_day=first.period_start,
        to_day=last.period_end,
        api_value=sum((change.new_value for change in run), Decimal(0)),
        difference=difference,
        explained=difference,
        message=_message(run, app),
        next_step="The new figures count. If you booked the earlier ones, book the difference.",
        evidence=_evidence(run),
        days=[_day(change) for change in run],
    )


def _message(run: Sequence[Change], app: App | None) -> str:
    first, last = run[0], run[-1]
    old = sum((change.old_value for change in run), Decimal(0))
    new = sum((change.new_value for change in run), Decimal(0))
    days = span(first.period_start, last.period_end)
    return (
        f"Apple delivered {report_name(first.report)} for {days} again: {first.metric} of "
        f"{app or 'apps that are not known'} were {amount(old, first.currency)} (received {first.old_at:%Y-%m-%d}) "
        f"and are {amount(new, first.currency)} now (received {last.new_at:%Y-%m-%d})."
    )


def _evidence(run: Sequence[Change]) -> list[dict[str, object]]:
    files = [
        each
        for change in run
        for each in (
            (change.old_file, change.old_sha256, change.old_delivery),
            (change.new_file, change.new_sha256, change.new_delivery),
        )
    ]
    return [
        {"file": name, "sha256": sha256, "line": None, "delivery": delivery}
        for name, sha256, delivery in dict.fromkeys(files)
    ]


def _day(change: Change) -> FoundDay:
    return FoundDay(
        period_start=change.period_start,
        period_end=change.period_end,
        api_value=change.new_value,
        difference=change.difference,
        explained=change.difference,
        api_vintage_id=change.new_vintage,
    )
