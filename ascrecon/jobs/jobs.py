"""The queue's own ticks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models.functions import Now
from django_q.models import Task

from ascrecon.jobs.models import Cluster
from ascrecon.jobs.ticks import tick

KEEP = timedelta(days=30)


@tick("jobs.prune", minutes=24 * 60)
def prune(moment: datetime) -> None:
    """Results of tasks and ended groups are of use to nobody after a month; jobs and their events stay."""
    Task.objects.filter(stopped__lt=Now() - KEEP).delete()
    Cluster.objects.filter(ended__lt=Now() - KEEP).delete()
