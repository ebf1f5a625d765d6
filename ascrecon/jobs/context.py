"""What a job's code gets to see of the queue, and the heart that keeps its lease while it works.

Progress and lease are written by a thread with a connection of its own: the work may sit in a long transaction
or in a long download, and neither may hide its progress or let its lease run out. A job of under a second never
starts that second connection. In a transaction that is not ours (a test's) the row is invisible to another
connection, so there the writing is done in line.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from django.db.models.functions import Now

from ascrecon.jobs import conf
from ascrecon.jobs.errors import LeaseLost
from ascrecon.jobs.models import RUNNING, Job

log = logging.getLogger(__name__)
WRITE_EVERY = 1.0  # seconds

Listener = Callable[[str, int | None, int | None], None]


@dataclass
class Progress:
    step: str = ""
    done: int | None = None
    total: int | None = None


class Heart:
    """Renews the lease of one attempt and writes its progress, at most once a second."""

    def __init__(self, job_id: int, token: UUID) -> None:
        self.job_id = job_id
        self.token = token
        self.progress = Progress()
        self._times = conf.times()
        self._written = Progress()
        self._renewed = time.monotonic()
        self._wrote = 0.0
        self._lost = threading.Event()
        self._taken = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Heart:
        if not connection.in_atomic_block:
            self._thread = threading.Thread(target=self._keep_beating, name="job-heart", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=WRITE_EVERY)

    @property
    def lost(self) -> bool:
        return self._lost.is_set()

    def note(self, progress: Progress) -> None:
        self.progress = progress
        if not self._thread and time.monotonic() - self._wrote >= WRITE_EVERY:
            self._beat()

    def fence(self) -> None:
        """Inside a transaction: holds our own job row until it ends, so that nobody can take the job before that."""
        held = Job.objects.select_for_update(no_key=True).filter(RUNNING, pk=self.job_id, token=self.token)
        if not held.values_list("id", flat=True):
            self._lost.set()

    def _keep_beating(self) -> None:
        try:
            while not self._stop.wait(WRITE_EVERY) and not self._taken:
                self._beat_if_due()
        finally:
            connection.close()

    def _beat_if_due(self) -> None:
        due = self.progress != self._written or time.monotonic() - self._renewed >= self._times.renew
        if not due:
            return
        try:
            self._beat()
        except DatabaseError as exc:
            connection.close()
            self._bear(exc)

    def _beat(self) -> None:
        progress = self.progress
        lease = timedelta(seconds=self._times.lease)
        kept = Job.objects.filter(RUNNING, pk=self.job_id, token=self.token).update(
            lease_until=Now() + lease,
            heartbeat=Now(),
            step=progress.step,
            done=progress.done,
            total=progress.total,
        )
        if kept:
            self._lost.clear()  # after an outage of the database: nobody has taken the job meanwhile
        else:
            self._taken = True
            self._lost.set()
        self._written = progress
        self._renewed = self._wrote = time.monotonic()

    def _bear(self, exc: DatabaseError) -> None:
        """The database does not answer: the work goes on for as long as the lease surely lasts, the heart for ever."""
        if time.monotonic() - self._renewed < self._times.lease:
            return
        log.error("job %s: the lease could not be renewed: %s", self.job_id, exc)
        self._lost.set()


@dataclass(frozen=True)
class JobContext:
    """Handed to the code of a job."""

    job_id: int
    payload: dict[str, Any]
    attempt: int
    account_id: int | None
    requested_by: str
    heart: Heart
    listeners: tuple[Listener, ...] = field(default=())

    def progress(self, step: str, done: int | None = None, total: int | None = None) -> None:
        """Says where the work stands; cheap, call it as often as you like. Raises LeaseLost."""
        self._stop_if_lost()
        self.heart.note(Progress(step[:200], done, total))
        for listener in self.listeners:
            listener(step, done, total)

    def heartbeat(self) -> None:
        """A place to stop at, for work without progress. The lease itself is renewed beside the work."""
        self._stop_if_lost()

    def check_lease(self) -> None:
        """Raises LeaseLost if another worker has the job or it was cancelled.

        Call it as the last thing inside each transaction of the work: there it also holds the job row until the
        commit, so a slow twin can never write what its successor has written already. One short query.
        """
        if connection.in_atomic_block:
            self.heart.fence()
        self._stop_if_lost()

    def _stop_if_lost(self) -> None:
        if self.heart.lost:
            raise LeaseLost(f"Job {self.job_id} is no longer ours.")
