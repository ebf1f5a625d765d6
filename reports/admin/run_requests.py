"""From the form "Start a reconciliation" to a job."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import enqueue
from reports.jobs import RECONCILE


def start_run(wanted: Mapping[str, Any], *, by: AbstractBaseUser | AnonymousUser) -> Job:
    """Queue a reconciliation; `wanted` is the cleaned form. The same request twice is one job until it is finished."""
    start, end = _period(wanted)
    account, app = wanted["account"], wanted["app"]
    payload = {
        "period_start": start.isoformat() if start else None,
        "period_end": end.isoformat() if end else None,
        "account": account.pk if account else None,
        "app": app.pk if app else None,
        "requested_by": by.get_username(),
    }
    return enqueue(
        RECONCILE,
        payload,
        subject=_subject(start, end, wanted),
        requested_by=by.get_username(),
        unique_key=f"{RECONCILE}:{start}:{end}:{payload['account']}:{payload['app']}",
        account_id=account.pk if account else None,
    )


def _period(wanted: Mapping[str, Any]) -> tuple[date | None, date | None]:
    if wanted["fiscal_month"]:
        return wanted["fiscal_month"].start, wanted["fiscal_month"].end
    if wanted["month"]:
        first = date.fromisoformat(f"{wanted['month']}-01")
        return first, first.replace(day=monthrange(first.year, first.month)[1])
    return wanted["period_start"], wanted["period_end"]


def _subject(start: date | None, end: date | None, wanted: Mapping[str, Any]) -> str:
    period = f"{start} to {end}" if start else "all days"
    return f"Reconcile {period}, {wanted['app'] or wanted['account'] or 'all accounts'}"
