"""Asking for work and having it done. Views, commands and ticks use these functions only."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from ascrecon.jobs import bells, registry
from ascrecon.jobs.claims import leave_ended_group, note, take, take_next
from ascrecon.jobs.context import Listener
from ascrecon.jobs.errors import JobRefused
from ascrecon.jobs.models import UNFINISHED, UNFINISHED_STATES, Job, Priority, State
from ascrecon.jobs.outbox import insert
from ascrecon.jobs.runner import execute
from ascrecon.jobs.texts import sentence

LOOK_AGAIN = 0.2  # seconds
RETRYABLE = (State.FAILED, State.PARKED, State.CANCELLED, State.WAITING)


def enqueue(
    kind: str,
    payload: dict[str, Any] | None = None,
    *,
    subject: str,
    requested_by: str = "",
    unique_key: str = "",
    account_id: int | None = None,
    priority: int = Priority.NORMAL,
) -> Job:
    """Queues work within the caller's transaction: rolled back with it, seen by workers once it commits.

    With a `unique_key` that an unfinished job already has, that job is returned; if it is running at the moment it
    will be done once more afterwards, since it may have read its input already. JobRefused for an unknown kind or
    a payload that is not plain.
    """
    registry.kind(kind)
    _refuse_unfit(payload or {})
    fresh = Job(
        kind=kind,
        payload=payload or {},
        subject=sentence(subject)[:300],
        requested_by=requested_by,
        unique_key=unique_key,
        account_id=account_id,
        priority=priority,
    )
    while not insert(fresh):
        present = _asked_again(unique_key)
        if present:
            return present
    fresh.refresh_from_db()
    return fresh


def _refuse_unfit(payload: dict[str, Any]) -> None:
    try:
        text = json.dumps(payload)
    except TypeError as exc:
        raise JobRefused(f"A job's payload holds ids and plain text only: {exc}.") from exc
    if "-----BEGIN" in text:
        raise JobRefused("A job's payload never holds a key: give the account's id.")
    if "\\u0000" in text:
        raise JobRefused("A job's payload holds a NUL character, which the database cannot keep.")


def _asked_again(unique_key: str) -> Job | None:
    same = Job.objects.filter(UNFINISHED, unique_key=unique_key)
    with transaction.atomic():
        job = same.select_for_update(no_key=True).first()
        if job and job.state == State.RUNNING:
            same.filter(pk=job.pk).update(again=True)
            job.again = True
    return job


def run_next() -> None:
    """The task of a bell: runs the job whose turn it is, if there is one."""
    claim = take_next()
    if claim:
        execute(claim)
    else:
        leave_ended_group()


def run_job(job_id: int, *listeners: Listener) -> bool:
    """Runs exactly this job in this process, queued or waiting. False if it is finished or somebody has it."""
    claim = take(job_id)
    if claim is None:
        return False
    execute(claim, *listeners)
    return True


def run_now(job: Job, *listeners: Listener) -> Job:
    """Runs the job here, for the command line, or waits for the worker that was quicker. The job as it is then.

    It may be `waiting` then: a worker will try it again.
    """
    while not run_job(job.pk, *listeners):
        [job] = wait_for([job], timeout=None, leaving=(State.RUNNING,))
        if job.state != State.QUEUED:
            break
    job.refresh_from_db()
    return job


def wait_for(
    jobs: Iterable[Job],
    timeout: float | None,
    *,
    leaving: tuple[State, ...] = UNFINISHED_STATES,
) -> list[Job]:
    """Waits until all are finished, `timeout` seconds at most (None: for ever), and returns them as they are then.

    `leaving` names the states to wait out, by default all unfinished ones. Raises TimeoutError that says how many
    are not finished. Outside transactions only: inside one nothing would change.
    """
    ids = [job.pk for job in jobs]
    deadline = None if timeout is None else time.monotonic() + timeout
    while open_jobs := Job.objects.filter(pk__in=ids, state__in=leaving).count():
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError(f"{open_jobs} of {len(ids)} jobs are not finished after {timeout:g} s.")
        if connection.in_atomic_block:
            raise TimeoutError(f"{open_jobs} jobs are not finished, and no change is seen in a transaction.")
        time.sleep(LOOK_AGAIN)
    return list(Job.objects.filter(pk__in=ids).order_by("id"))


def cancel(job: Job, *, by: str = "") -> bool:
    """Cancels what is not finished; a running job stops at its next step. False if it was finished already."""
    with transaction.atomic():
        changed = Job.objects.filter(UNFINISHED, pk=job.pk).update(
            state=State.CANCELLED,
            token=None,
            lease_until=None,
            next_try=None,
            finished=Now(),
            message=sentence(f"Cancelled by {by}." if by else "Cancelled."),
        )
        if changed:
            note(job.pk, f"Cancelled by {by}." if by else "Cancelled.")
    job.refresh_from_db()
    return bool(changed)


def retry(job: Job, *, by: str = "") -> None:
    """Queues a failed, parked, cancelled or waiting job again with its counts at zero; JobRefused for others."""
    fresh = {"failures": 0, "interruptions": 0, "solo": False, "next_try": None, "finished": None, "message": ""}
    try:
        with transaction.atomic():
            changed = Job.objects.filter(pk=job.pk, state__in=RETRYABLE).update(state=State.QUEUED, **fresh)
            if changed:
                note(job.pk, f"Queued again by {by}." if by else "Queued again.")
                bells.ring()
    except IntegrityError as exc:
        raise JobRefused(f"Job {job.pk} is not queued again: the same work is queued already.") from exc
    job.refresh_from_db()
    if not changed:
        raise JobRefused(
            f"Job {job.pk} is {job.state}: only a failed, parked, cancelled or waiting one can be retried."
        )
