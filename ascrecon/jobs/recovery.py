"""What becomes of jobs whose process died. Decides who is to blame, so that no innocent job is ever parked.

To blame is only a job that was alone: its own worker died while others lived, or its group died while nothing else
ran in it. After the death of a group with several jobs in it these run again one at a time, which shows who it was.
Before it is parked a job runs alone once, whatever it was blamed for: two deaths may be chance, as when the machine
kills for want of memory that another process took.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from ascrecon.jobs import bells, conf
from ascrecon.jobs.claims import give_back
from ascrecon.jobs.models import LEASE_EXPIRED, RUNNING, TRY_IS_DUE, Cluster, Job, State

log = logging.getLogger(__name__)
DIED = "died"
KILLED = "killed"
STOPPED = "stopped"
LOST = "lost"


def wake_due() -> int:
    """Queues the waiting jobs whose next try is due, and returns how many."""
    with transaction.atomic():
        woken = Job.objects.filter(TRY_IS_DUE).update(state=State.QUEUED, next_try=None)
        bells.ring(woken)
    return woken


def running_in(cluster: UUID) -> list[Job]:
    return list(Job.objects.filter(RUNNING, cluster=cluster))


def take_from_dead_worker(job: Job) -> bool:
    """For a job whose worker process is gone while its group lives."""
    return _interrupt(job, blame=True, why="Its worker process died")


def take_from_other_work(job: Job) -> bool:
    """For a job whose worker has let the lease run out and does another job by now."""
    return _interrupt(job, blame=False, why="Its worker left it")


def end_cluster(cluster: UUID, how: str, why: str, living: Collection[int] = ()) -> int:
    """Notes that a group is no more and takes back its jobs; returns how many.

    `how` decides about blame. DIED: on its own; `living` names the processes that outlived its main process and have
    been killed since. KILLED: by us, because it was stuck. STOPPED: on request. LOST: not heard of any more; there
    only jobs whose lease has expired are taken, as the processes of others may live.
    """
    with transaction.atomic():
        ended = Cluster.objects.filter(pk=cluster, ended=None).update(ended=Now(), why_ended=why)
        if not ended:
            return 0
        running = list(_of_dead_cluster(cluster, how).select_for_update(no_key=True))
        for job in running:
            innocent = how == STOPPED or job.worker_pid in living
            _interrupt_with_group(job, how, why, alone=len(running) == 1, innocent=innocent)
    log.warning("worker group %s ended (%s): %s; jobs taken back: %d", cluster, how, why, len(running))
    return len(running)


def _of_dead_cluster(cluster: UUID, how: str) -> QuerySet[Job]:
    running = Job.objects.filter(RUNNING, cluster=cluster)
    return running.filter(LEASE_EXPIRED) if how == LOST else running


def _interrupt_with_group(job: Job, how: str, why: str, *, alone: bool, innocent: bool) -> None:
    if innocent:
        _interrupt(job, blame=False, why=f"Its group of workers ended: {why}")
        return
    # We may have ended the group for a fault of the queue, so there the first time is free.
    blame = alone and (how != KILLED or job.solo)
    _interrupt(job, blame=blame, why=f"Its group of workers ended: {why}", solo=True)


def end_lost_clusters() -> int:
    """Ends the groups whose supervisor has not been heard of for two leases, such as those of a lost host."""
    silence = timedelta(seconds=2 * conf.times().lease)
    lost = Cluster.objects.filter(ended=None, heartbeat__lt=Now() - silence).values_list("id", flat=True)
    return sum(end_cluster(cluster, LOST, "its host was not heard of any more") for cluster in lost)


def recover_expired(own: UUID | None) -> int:
    """Takes back jobs whose lease ran out though their group, if any, seems to live.

    Jobs of the `own` group are left out: their processes can be looked at, see `stalled`.
    """
    expired = Job.objects.filter(LEASE_EXPIRED)
    if own:
        expired = expired.exclude(cluster=own)
    return sum(
        _interrupt(job, blame=job.cluster_id is None, why="Its lease ran out without a sign of life") for job in expired
    )


def stalled(cluster: UUID) -> list[Job]:
    """Running jobs of a living group that let their lease run out."""
    return list(Job.objects.filter(LEASE_EXPIRED, cluster=cluster))


def _interrupt(job: Job, *, blame: bool, why: str, solo: bool = False) -> bool:
    if job.token is None:
        return False
    interruptions = job.interruptions + int(blame)
    last_try = interruptions >= conf.MAX_INTERRUPTIONS - 1
    changes: dict[str, Any] = {"interruptions": F("interruptions") + int(blame), "solo": solo or job.solo or last_try}
    if interruptions < conf.MAX_INTERRUPTIONS:
        return _queue_again(job.pk, job.token, f"{why}; queued again.", changes)
    message = (
        f"Parked: its process died {interruptions} times and this job alone was to blame (too little memory is a "
        "common cause). Retry it once the cause is gone."
    )
    changes |= {"message": message, "finished": Now()}
    return give_back(job.pk, job.token, State.PARKED, f"{why}. {message}", **changes)


def _queue_again(job_id: int, token: UUID, event: str, changes: dict[str, Any]) -> bool:
    with transaction.atomic():
        given = give_back(job_id, token, State.QUEUED, event, **changes)
        bells.ring(int(given))
    return given
