"""The only place that hands tasks to django-q2. A bell says "there is work"; which work, the worker finds out.

A bell carries nothing, so losing one, or hearing one twice, does no harm: an extra one finds no job, and the
supervisor rings again where jobs wait and no bell is left. The queue's table is in the same database, so a bell
is rung in the transaction that made the job, and is taken back with it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from ascrecon.jobs.claims import own_cluster
from ascrecon.jobs.models import Cluster, Job, State

MOST_HOPS = 500

_row_in_hand: int | None = None


def ring(times: int = 1) -> None:
    for _ in range(times):
        async_task("ascrecon.jobs.service.run_next", task_name="job", save=False)


def missing() -> int:
    """How many queued jobs have no bell that still waits to be heard. Two short counts."""
    queued = Job.objects.filter(state=State.QUEUED).count()
    if not queued:
        return 0
    bells: int = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=Now()).count()
    return max(0, queued - bells)


def send_ping(cluster: UUID, number: int) -> None:
    async_task("ascrecon.jobs.bells.ping", str(cluster), number, task_name="ping", save=False)


def ping(cluster: str, number: int, hops: int = 0) -> None:
    """Answers to the supervisor that a worker of its group can be reached; one of another group passes it on."""
    waiting = Cluster.objects.filter(pk=cluster, ended=None, pong__lt=number)
    if str(own_cluster()) == cluster:
        waiting.update(pong=number, pong_row=_row_in_hand)
    elif hops < MOST_HOPS and waiting.exists():
        async_task("ascrecon.jobs.bells.ping", cluster, number, hops + 1, task_name="ping", save=False)


def remember_row(task: dict[str, Any], **kwargs: Any) -> None:
    """Receiver of django-q2's `pre_execute`: the queue row of the task that this worker is about to run."""
    global _row_in_hand  # noqa: PLW0603  (a worker runs one task at a time)
    _row_in_hand = task.get("ack_id")
