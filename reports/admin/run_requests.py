"""From the form "Start a reconciliation" to a job."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from ascrecon.jobs.models import Job
from reports.services.comparing import compare_later


def start_run(wanted: Mapping[str, Any], *, by: AbstractBaseUser | AnonymousUser) -> Job:
    """Queue a reconciliation; `wanted` is the cleaned form. The same request twice is one job until it is finished."""
    start, end = _period(wanted)
    return compare_later(start, end, wanted["account"], wanted["app"], requested_by=by.get_username())


def _period(wanted: Mapping[str, Any]) -> tuple[date | None, date | None]:
    if wanted["fiscal_month"]:
        return wanted["fiscal_month"].start, wanted["fiscal_month"].end
    if wanted["month"]:
        first = date.fromisoformat(f"{wanted['month']}-01")
        return first, first.replace(day=monthrange(first.year, first.month)[1])
    return wanted["period_start"], wanted["period_end"]
