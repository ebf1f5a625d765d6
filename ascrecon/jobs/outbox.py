"""Writing a new job and its bell in one transaction."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from ascrecon.jobs import bells
from ascrecon.jobs.claims import note
from ascrecon.jobs.models import Job


def insert(job: Job) -> bool:
    """False, and nothing written, where an unfinished job has the same key."""
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            note(job.pk, f"Queued by {job.requested_by}." if job.requested_by else "Queued.")
            bells.ring()
    except IntegrityError:
        if not job.unique_key:
            raise
        job.pk = None
        return False
    return True


def insert_copy(job: Job) -> bool:
    """The same work once more."""
    return insert(
        Job(
            kind=job.kind,
            payload=job.payload,
            subject=job.subject,
            account_id=job.account_id,
            requested_by=job.requested_by,
            unique_key=job.unique_key,
            priority=job.priority,
        )
    )
