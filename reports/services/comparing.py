"""Asks for a reconciliation, as a job, whenever what counts has changed."""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import enqueue
from reports.models import Account, App, Delivery, DeliveryState, Kind, Run

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
    """Queue a run over the days that a delivery tells; None where it tells none."""
    if delivery.period_start is None or delivery.period_end is None:
        return None
    return compare_later(delivery.period_start, delivery.period_end, delivery.account, requested_by=requested_by)


def not_compared() -> QuerySet[Delivery]:
    """Deliveries that count and whose days no run has looked at since they came.

    Analytics reports are left out while no rule reads them: a snapshot would make every run one over years.
    A run of one app, of another account, of other days, or of a past day has not looked at them.
    """
    looked = Run.objects.filter(
        Q(account=None) | Q(account=OuterRef("account")),
        state=Run.State.DONE,
        as_of=None,
        app=None,
        started_at__gte=OuterRef("received_at"),
        period_start__lte=OuterRef("period_start"),
        period_end__gte=OuterRef("period_end"),
    )
    told = Delivery.objects.filter(state=DeliveryState.LOADED, period_start__isnull=False).exclude(kind=Kind.ANALYTICS)
    return told.exclude(Exists(looked))
