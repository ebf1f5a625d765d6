"""Notices that a group of workers has stopped working though its processes live.

django-q2 can freeze without a sign: after the death of an idle worker that held the queue's lock, or of the
monitor, which then acknowledges nothing any more. So the whole way is tried: a ping goes through the queue's table,
pusher, worker and monitor, and must be answered and acknowledged.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from django_q.models import OrmQ

from ascrecon.jobs import bells, conf, schedules
from ascrecon.jobs.models import Cluster

SCHEDULE_PASS = 120.0  # seconds; a group looks at the schedules every 30, the first time 30 after its start
AUXILIARIES = 4  # main process, sentinel, pusher and monitor
NO_ROW = 0  # before the first ping


class Patience:
    """How long something has been wrong without a break."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._since: float | None = None

    def exhausted(self, wrong: bool) -> bool:
        if not wrong:
            self._since = None
            return False
        if self._since is None:
            self._since = self._monotonic()
        return self._monotonic() - self._since > self._seconds


class Watchdog:
    def __init__(self, cluster: UUID, monotonic: Callable[[], float] = time.monotonic) -> None:
        times = conf.times()
        self._cluster = cluster
        self._monotonic = monotonic
        self._interval = times.ping
        self._number = 0
        self._sent = float("-inf")
        self._silence = Patience(times.watchdog, monotonic)
        self._unacknowledged = Patience(times.watchdog, monotonic)
        self._too_few = Patience(times.watchdog, monotonic)
        self._no_schedule = Patience(max(times.watchdog, SCHEDULE_PASS), monotonic)

    def fault(self, *, busy: bool, processes: int) -> str:
        """Why the group must be replaced, or an empty string. `busy`: all workers have a job. A few short queries."""
        row = self._answer()
        acknowledged = row is not None and not OrmQ.objects.filter(pk=row).exists()
        self._ping_if_due(acknowledged)
        if self._silence.exhausted(row is None and not busy):
            return "no worker could be reached through the queue"
        if self._unacknowledged.exhausted(row is not None and not acknowledged):
            return "the queue acknowledges nothing"
        if self._too_few.exhausted(processes < conf.WORKERS + AUXILIARIES):
            return "a dead process was not replaced"
        if self._no_schedule.exhausted(schedules.overdue(SCHEDULE_PASS)):
            return "its schedules do not run"
        return ""

    def start_again(self) -> None:
        """Nothing that went wrong while the database did not answer is held against the group."""
        for patience in (self._silence, self._unacknowledged, self._too_few, self._no_schedule):
            patience.exhausted(False)

    def _answer(self) -> int | None:
        """The queue row of the last ping if a worker answered it. Busy workers cannot; the monitor always can."""
        if not self._number:
            return NO_ROW
        group = Cluster.objects.filter(pk=self._cluster, pong__gte=self._number)
        return group.values_list("pong_row", flat=True).first()

    def _ping_if_due(self, acknowledged: bool) -> None:
        """A new ping after the last one; else the same once more, since its worker may have been killed with it."""
        if self._monotonic() - self._sent < self._interval:
            return
        self._number += int(acknowledged)
        self._sent = self._monotonic()
        bells.send_ping(self._cluster, self._number)
