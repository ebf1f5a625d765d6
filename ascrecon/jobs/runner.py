"""One attempt at a job: run its code, then write down what became of it."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from ascrecon.jobs import registry
from ascrecon.jobs.claims import Claim, give_back
from ascrecon.jobs.context import Heart, JobContext, Listener
from ascrecon.jobs.deadline import time_limit
from ascrecon.jobs.errors import JobFailed, JobRefused, JobTimeout, LeaseLost, TryAgain
from ascrecon.jobs.models import Job, State
from ascrecon.jobs.outbox import insert_copy
from ascrecon.jobs.registry import Kind, Result
from ascrecon.jobs.texts import sentence

log = logging.getLogger(__name__)
OUTAGE_PAUSE = 2  # seconds between two tries to write an outcome while the database does not answer
OUTAGE_TRIES = 450
LEASE_PAUSE = 1  # second


@dataclass(frozen=True)
class Outcome:
    state: State
    message: str = ""
    result: Result = None
    after: float | None = None
    failed: bool = False


def execute(claim: Claim, *listeners: Listener) -> None:
    """Runs the attempt and records its outcome. Raises only what ends the process itself."""
    with Heart(claim.job.id, claim.token) as heart:
        outcome = _attempt(claim.job, JobContext(**_seen_by_job(claim.job), heart=heart, listeners=listeners))
    _record(claim, heart, outcome)


def _seen_by_job(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "payload": job.payload,
        "attempt": job.attempts,
        "account_id": job.account_id,
        "requested_by": job.requested_by,
    }


def _attempt(job: Job, context: JobContext) -> Outcome:
    """Without its lease it is given back, which does nothing where another worker has it or it was cancelled."""
    try:
        return _work(job, context)
    except LeaseLost:
        return Outcome(State.WAITING, "Its lease could not be renewed: the database did not answer.", after=LEASE_PAUSE)
    except (JobFailed, JobRefused) as exc:
        return Outcome(State.FAILED, str(exc), failed=True)
    except TryAgain as exc:
        return Outcome(State.WAITING, str(exc), after=exc.after)
    except (SystemExit, KeyboardInterrupt):
        give_back(job.pk, context.heart.token, State.QUEUED, "Its process was told to end.")
        raise


def _work(job: Job, context: JobContext) -> Outcome:
    kind = registry.kind(job.kind)
    try:
        with time_limit(kind.timeout):
            return Outcome(State.DONE, result=_plain(kind.work(context)))
    except JobTimeout as exc:
        log.error("job %s: %s", job.pk, exc)
        return _failure(job, kind, f"It was {exc}")
    except (LeaseLost, JobFailed, JobRefused, TryAgain):
        raise
    except Exception as exc:  # whatever a job's code raises is an outcome of the job, and the worker goes on
        log.exception("job %s (%s) raised", job.pk, job.kind)
        return _failure(job, kind, f"An unexpected error ({type(exc).__name__}) stopped it")


def _plain(result: Result) -> Result:
    json.dumps(result)  # an amount must be a string here: a Decimal is refused, a float would lose cents
    return result


def _failure(job: Job, kind: Kind, what: str) -> Outcome:
    """Another try later, or the end. The error's own text stays in the log: it may hold what is secret."""
    failures = job.failures + 1
    where = f"{what} in try {failures} of {kind.max_attempts}; the log has details under job {job.id}."
    if failures >= kind.max_attempts:
        return Outcome(State.FAILED, where, failed=True)
    return Outcome(State.WAITING, where, after=kind.pause(failures), failed=True)


def _record(claim: Claim, heart: Heart, outcome: Outcome) -> None:
    """Writes the outcome, and keeps trying while the database is away: the work is done and must not be lost."""
    if connection.in_atomic_block:
        _write(claim, heart, outcome)
        return
    for _ in range(OUTAGE_TRIES):
        try:
            connection.close_if_unusable_or_obsolete()
            _write(claim, heart, outcome)
        except (OperationalError, InterfaceError) as exc:
            log.error("job %s: its outcome cannot be written yet: %s", claim.job.pk, exc)
            connection.close()
            time.sleep(OUTAGE_PAUSE)
        else:
            return


def _write(claim: Claim, heart: Heart, outcome: Outcome) -> None:
    with transaction.atomic():
        kept = give_back(claim.job.id, claim.token, outcome.state, _event(outcome), **_changes(heart, outcome))
        if not kept:
            log.warning("job %s: outcome dropped, the lease is lost", claim.job.id)
            return
        _queue_once_more(claim.job.id)


def _changes(heart: Heart, outcome: Outcome) -> dict[str, Any]:
    progress = heart.progress
    later = timedelta(seconds=outcome.after) if outcome.after is not None else None
    return {
        "step": progress.step,
        "done": progress.done,
        "total": progress.total,
        "solo": False,
        "failures": F("failures") + int(outcome.failed),
        "message": sentence(outcome.message),
        "result": outcome.result,
        "next_try": Now() + later if later is not None else None,
        "finished": None if later is not None else Now(),
    }


def _event(outcome: Outcome) -> str:
    if outcome.after is None:
        return f"{outcome.state.label}. {outcome.message}".strip()
    return f"{outcome.message} Next try in {outcome.after:.0f} s."


def _queue_once_more(job_id: int) -> None:
    """Somebody asked for the same work while it ran, perhaps after it had read what has changed since."""
    done = Job.objects.filter(pk=job_id, state=State.DONE, again=True).first()
    if done:
        insert_copy(done)
