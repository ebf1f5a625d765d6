"""Asks for a reconciliation, as a job, whenever what counts has changed."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Exists, Max, Min, OuterRef, Q

from ascrecon import clock
from ascrecon.appstore import load_catalogue
from ascrecon.jobs.models import Job
from ascrecon.jobs.service import enqueue
from reports.figures.counted import twin_of
from reports.models import Account, App, Delivery, DeliveryState, Kind, Run
from reports.sql import fetch
from reports.sync.policy import sync_policy

Days = tuple[date, date]

#: The kind of job that compares.
RECONCILE = "reconcile"


def compare_later(
    start: date | None,
    end: date | None,
    account: Account | None = None,
    app: App | None = None,
    *,
    requested_by: str = "",
) -> Job:
    """Queue a run over these days, both None: over all. The same run twice is one job until it is finished."""
    account_id, app_id = account.pk if account else None, app.pk if app else None
    period = f"{start} to {end}" if start else "all days"
    return enqueue(
        RECONCILE,
        {
            "period_start": start.isoformat() if start else None,
            "period_end": end.isoformat() if end else None,
            "account": account_id,
            "app": app_id,
        },
        subject=f"Reconcile {period}, {app or account or 'all accounts'}",
        requested_by=requested_by,
        unique_key=f"{RECONCILE}:{start}:{end}:{account_id}:{app_id}",
        account_id=account_id,
    )


def compare_days_of(delivery: Delivery, *, requested_by: str = "") -> Job | None:
    """Queue a run over the days of a delivery that have something beside them; None where there are none."""
    days = days_to_compare(delivery)
    return compare_later(*days, delivery.account, requested_by=requested_by) if days else None


def days_to_compare(delivery: Delivery) -> Days | None:
    """First and last day that a run should look at because of a delivery.

    A sales or finance report and an export: all their days, since history alone tells of them as well. An analytics
    report: only days beside which something stands, for a snapshot goes back over years.
    """
    if delivery.kind == Kind.ANALYTICS:
        spans = fetch(BESIDE, _beside([delivery.pk]))
        return (spans[0][1], spans[0][2]) if spans else None
    if delivery.period_start is None or delivery.period_end is None:
        return None
    return delivery.period_start, delivery.period_end


def days_not_compared() -> Days | None:
    """First and last day of deliveries that count and whose days no run has looked at since they came.

    A run of one app, of another account, of other days, or of a past day has not looked at them.
    """
    looked = Run.objects.filter(
        Q(account=None) | Q(account=OuterRef("account")),
        state=Run.State.DONE,
        as_of=None,
        app=None,
        started_at__gte=OuterRef("counted_at"),
        period_start__lte=OuterRef("period_start"),
        period_end__gte=OuterRef("period_end"),
    )
    told = Delivery.objects.filter(state=DeliveryState.LOADED, period_start__isnull=False).exclude(kind=Kind.ANALYTICS)
    days = told.exclude(Exists(looked)).aggregate(first=Min("period_start"), last=Max("period_end"))
    spans = [(days["first"], days["last"]), *_analytics_not_compared()]
    firsts, lasts = ([day for day in ends if day] for ends in zip(*spans, strict=True))
    return (min(firsts), max(lasts)) if firsts else None


# Current days (weeks, months) of analytics deliveries that have something beside them: a console export of the app; or,
# where an ongoing report told one of the two, the same report by another grain, or its Standard or Detailed twin.
BESIDE = """
SELECT v.delivery_id, min(v.period_start) AS first, max(v.period_end) AS last
FROM reports_vintage v JOIN reports_series s ON s.id = v.series_id
LEFT JOIN unnest(%(reports)s::text[], %(twins)s::text[]) AS t(report, twin) ON t.report = s.report
WHERE v.delivery_id = ANY(%(deliveries)s) AND v.current AND (
    EXISTS (SELECT FROM reports_series c JOIN reports_vintage o ON o.series_id = c.id AND o.current
            WHERE c.side = 'console' AND c.account_id = s.account_id AND c.app_id = s.app_id AND c.kind IN ('A1', 'A2')
              AND o.period_start <= v.period_end AND o.period_end >= v.period_start)
    OR EXISTS (SELECT FROM reports_series c JOIN reports_vintage o ON o.series_id = c.id AND o.current
               WHERE c.kind = 'ANALYTICS' AND c.account_id = s.account_id AND c.app_id = s.app_id AND c.id <> s.id
                 AND (c.report = s.report OR (c.report = t.twin AND c.grain = s.grain))
                 AND greatest(v.rank, o.rank) > 0
                 AND o.period_start <= v.period_end AND o.period_end >= v.period_start))
GROUP BY 1
"""

# The runs that have looked at days and at nothing less, each delivery beside those that began after it came.
ANALYTICS_NOT_COMPARED = f"""
SELECT min(b.first), max(b.last) FROM ({BESIDE}) b JOIN reports_delivery d ON d.id = b.delivery_id
WHERE NOT EXISTS (
    SELECT FROM reports_run r
    WHERE (r.account_id IS NULL OR r.account_id = d.account_id) AND r.state = 'done' AND r.as_of IS NULL
      AND r.app_id IS NULL AND r.started_at >= d.counted_at AND r.period_start <= b.first AND r.period_end >= b.last)
"""  # noqa: S608 - constants only


def _analytics_not_compared() -> list[tuple[date | None, date | None]]:
    """The days of what came since the last run that looked at everything new, as far as Apple keeps deliveries."""
    since = clock.now() - timedelta(days=sync_policy().analytics_kept_days)
    came = Delivery.objects.filter(kind=Kind.ANALYTICS, state=DeliveryState.LOADED, received_at__gte=since)
    deliveries = list(came.values_list("pk", flat=True))
    return fetch(ANALYTICS_NOT_COMPARED, _beside(deliveries)) if deliveries else []


def _beside(deliveries: list[int]) -> dict[str, object]:
    reports = [report.name for report in load_catalogue().analytics_reports]
    return {"deliveries": deliveries, "reports": reports, "twins": [twin_of(report) for report in reports]}
