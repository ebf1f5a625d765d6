"""Taking a job and giving it back. Both are conditional UPDATEs: whoever changes the row has the job."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from ascrecon.jobs import conf
from ascrecon.jobs.models import CLAIMABLE, RUNNING, Cluster, Job, JobEvent, State
from ascrecon.jobs.texts import sentence

CLUSTER_VARIABLE = "ASCRECON_JOB_CLUSTER"  # set by the supervisor for the processes of its group


@dataclass(frozen=True)
class Claim:
    job: Job
    token: UUID


def own_cluster() -> UUID | None:
    """The group this process belongs to; None on the command line and in the web process."""
    named = os.environ.get(CLUSTER_VARIABLE)
    return UUID(named) if named else None


def take(job_id: int) -> Claim | None:
    """Takes exactly this job, queued or waiting; None if somebody else was first or it is finished."""
    with transaction.atomic():
        return _claim(job_id, None)


def take_next() -> Claim | None:
    """Takes the job whose turn it is: suspects of a group's death alone, then by priority, then the oldest.

    The row of the own group is locked meanwhile, so its workers choose one after the other.
    """
    cluster = own_cluster()
    with transaction.atomic():
        if cluster and not _may_begin(cluster):
            return None
        job_id = _candidates(cluster).values_list("id", flat=True).first()
        return _claim(job_id, cluster) if job_id else None


def _may_begin(cluster: UUID) -> bool:
    return (
        Cluster.objects.select_for_update(no_key=True)
        .filter(pk=cluster, ended=None, stopping=False)
        .values_list("id", flat=True)
        .first()
        is not None
    )


def _candidates(cluster: UUID | None) -> QuerySet[Job]:
    queued = Job.objects.filter(state=State.QUEUED).order_by("-priority", "id")
    free = queued.select_for_update(skip_locked=True, no_key=True)
    if cluster is None:
        return free
    beside = Job.objects.filter(RUNNING, cluster=cluster)
    if beside.filter(solo=True).exists():
        return free.none()
    if not queued.filter(solo=True).exists():
        return free
    return free.none() if beside.exists() else free.filter(solo=True)


def _claim(job_id: int, cluster: UUID | None) -> Claim | None:
    token = uuid4()
    taken = Job.objects.filter(CLAIMABLE, pk=job_id).update(
        state=State.RUNNING,
        attempts=F("attempts") + 1,
        token=token,
        lease_until=Now() + timedelta(seconds=conf.times().lease),
        heartbeat=Now(),
        started=Now(),
        next_try=None,
        again=False,
        step="",
        done=None,
        total=None,
        message="",
        cluster=cluster,
        worker_host=socket.gethostname(),
        worker_pid=os.getpid(),
    )
    if not taken:
        return None
    job = Job.objects.get(pk=job_id)
    note(job.id, f"Attempt {job.attempts} began on {job.worker}.")
    return Claim(job, token)


def give_back(job_id: int, token: UUID, state: State, event: str, **changes: Any) -> bool:
    """Ends the attempt that holds `token`. False, and nothing changed, if it does not hold the job any more."""
    with transaction.atomic():
        changed = Job.objects.filter(RUNNING, pk=job_id, token=token).update(
            state=state, token=None, lease_until=None, **changes
        )
        if changed:
            note(job_id, event)
    return bool(changed)


def note(job_id: int, text: str) -> None:
    JobEvent.objects.create(job_id=job_id, text=sentence(text))


def leave_ended_group() -> None:
    """A group that was given up (its supervisor died, others took its jobs back) still hears bells: it ends itself.

    The group leads its own session, so its id is that of its main process, which alone may be sent SIGTERM.
    """
    cluster = own_cluster()
    if cluster is None or not Cluster.objects.filter(pk=cluster).exclude(ended=None).exists():
        return
    with suppress(ProcessLookupError):
        os.kill(os.getpgrp(), signal.SIGTERM)
