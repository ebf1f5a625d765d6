"""Keeps the queue filled while a campaign runs, and sees it to its end."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import DatabaseError, connection

from ascrecon.jobs.models import NEEDS_ATTENTION, UNFINISHED, Job
from reports.jobs import enqueue_detection
from reports.models import Account
from reports.services.comparing import compare_later
from tests.soak.bench import NOON
from tests.soak.items import Items

DEPTH = 6
LOOK = 0.1  # seconds


class Stuck(Exception):
    """What was waited for did not come; the message says what it was and where things stand."""


class Load:
    """The first `most` items, or as many as are asked for; what the database or the disk refuses is asked again."""

    def __init__(self, items: Items, most: int | None = None) -> None:
        self._items = items
        self._most = most
        self.queued = 0

    def top_up(self) -> None:
        try:
            while self._is_wanted():
                self._items.queue(self.queued)
                self.queued += 1
        except (DatabaseError, OSError):
            connection.close()

    def _is_wanted(self) -> bool:
        more = self._most is None or self.queued < self._most
        return more and Job.objects.filter(UNFINISHED).count() < DEPTH

    def until(self, look: Callable[[], object], what: str, patience: float = 180.0) -> None:
        """Waits until `look` returns what is true, and keeps the queue filled meanwhile."""
        until(look, what, patience, self.top_up)

    def finish(self, patience: float = 900.0) -> None:
        """Until nothing is left; then everything is looked at once more, for it was looked at half loaded before."""
        self._most = self._most or self.queued
        self.until(lambda: self.queued == self._most and nothing_left(), "the end of all jobs", patience)
        compare_later(None, None)
        enqueue_detection(Account.objects.get(name="Acme"), NOON)
        self.until(nothing_left, "the last comparison", patience)


def until(look: Callable[[], object], what: str, patience: float, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Waits until `look` returns what is true; Stuck where it does not within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not _answer(look):
        if time.monotonic() > deadline:
            raise Stuck(f"waited {patience:.0f} s in vain for {what}: {_where_things_stand()}")
        meanwhile()
        time.sleep(LOOK)


def unwell(besides: str = "") -> list[str]:
    """The jobs that ended otherwise than done, except of one kind."""
    bad = Job.objects.filter(NEEDS_ATTENTION).exclude(kind=besides).order_by("id")
    return [f"job {job.pk} {job.subject} is {job.state}: {job.message}" for job in bad]


def tried_again() -> list[str]:
    """The jobs that were not done at the first attempt."""
    again = Job.objects.filter(attempts__gt=1).order_by("id")
    return [f"job {job.pk} {job.subject} took {job.attempts} attempts: {job.events.all()}" for job in again]


def nothing_left() -> bool:
    return not Job.objects.filter(UNFINISHED).exists()


def _answer(look: Callable[[], object]) -> object:
    try:
        return look()
    except DatabaseError:
        connection.close()
        return None


def _where_things_stand() -> str:
    return str(
        list(Job.objects.filter(UNFINISHED).order_by("id").values("id", "subject", "state", "message", "solo")[:8])
    )
