"""The rows of django-q2's schedule table, declared here and put right again by every supervisor.

A row names any function to be run, and one malformed row stops all: so none but these is left in the table.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import Schedule

LOCK = 8_203_511  # any number that no other advisory lock of the program uses
SCHEDULES: tuple[dict[str, Any], ...] = ({"name": "ticks", "func": "ascrecon.jobs.ticks.run_due", "minutes": 1},)
PLAIN = Q(args=None, kwargs=None, hook=None, cluster=None, cron=None, intended_date_kwarg=None, repeats=-1)


def sync() -> int:
    """Makes the table equal to SCHEDULES and returns how many rows were not."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        kept = [_kept(wanted) for wanted in SCHEDULES]
        unknown: int = Schedule.objects.exclude(pk__in=[pk for pk in kept if pk]).delete()[0]
        missing = [wanted for wanted, pk in zip(SCHEDULES, kept, strict=True) if pk is None]
        for wanted in missing:
            Schedule.objects.create(**wanted, schedule_type=Schedule.MINUTES, repeats=-1, next_run=timezone.now())
    return unknown + len(missing)


def _kept(wanted: dict[str, Any]) -> int | None:
    """The one row that is just as wanted; a next run in the far future (a clock set back) is not."""
    soon = Now() + timedelta(minutes=wanted["minutes"] + 1)
    rows = Schedule.objects.filter(PLAIN, **wanted, schedule_type=Schedule.MINUTES, next_run__lte=soon)
    found: int | None = rows.values_list("id", flat=True).first()
    return found


def overdue(seconds: float) -> bool:
    """True while a schedule should have run `seconds` ago and did not."""
    return bool(Schedule.objects.filter(next_run__lt=Now() - timedelta(seconds=seconds)).exists())
