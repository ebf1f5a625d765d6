"""Keeps one group of workers alive and the queue moving; `manage.py work` is this and nothing else.

Each second: renew the group's heartbeat, take back jobs of dead workers, wake those that are due, ring where a bell
was lost. Each sweep: expired leases, lost groups, the table of schedules. A group that died or is stuck is killed to
the last process before another is started, for two groups in one place would double each other's work.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, connection
from django.db.models.functions import Now

from ascrecon.jobs import bells, conf, recovery, schedules, scratch
from ascrecon.jobs.group import Group, kill_group, lives, qcluster_pids
from ascrecon.jobs.machine import machine_id
from ascrecon.jobs.models import RUNNING, Cluster, Job
from ascrecon.jobs.trust import ClockTrust
from ascrecon.jobs.watchdog import Watchdog

log = logging.getLogger(__name__)
PASS = 1.0  # seconds between two looks
SHORT_LIFE = 30.0  # seconds; after it a pause, so that a group that cannot start does not use up the machine


@dataclass(frozen=True)
class Verdict:
    """Why a group is at its end; kept until the database has heard of it."""

    how: str
    why: str
    outlived: frozenset[int] = frozenset()


class Supervisor:
    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._times = conf.times()
        self._trust = ClockTrust(self._times.lease)
        self._next_sweep = 0.0
        self._missing = 0
        self._dead_before: set[UUID | None] = set()
        self._started = 0.0
        self._group: Group | None = None
        self._verdict: Verdict | None = None
        self._watchdog: Watchdog

    def run(self) -> None:
        """Returns after `stop` was set and the group has ended."""
        try:
            while not self._stop.is_set():
                self._guarded_pass()
                self._stop.wait(PASS)
        finally:
            self._end_group()

    def _guarded_pass(self) -> None:
        try:
            self._pass()
        except DatabaseError as exc:
            log.error("the database does not answer: %s", exc)
            self._trust.shaken()
            if self._group:
                self._watchdog.start_again()
            connection.close()

    def _pass(self) -> None:
        if self._group is None:
            self._start_group()
            return
        if not self._verdict:
            self._verdict = self._judge(self._group)
        if self._verdict:
            self._bury(self._group, self._verdict)

    def _judge(self, group: Group) -> Verdict | None:
        """Looks after the group; None if it shall live on."""
        if not group.alive:
            return Verdict(recovery.DIED, "its main process ended", frozenset(group.pids()))
        if not self._stay_known(group):
            return Verdict(recovery.LOST, "another host gave it up")
        fault = self._tend(group)
        return Verdict(recovery.KILLED, fault) if fault and group.alive else None

    # Starting and ending

    def _start_group(self) -> None:
        end_orphans()
        schedules.sync()
        cluster = uuid4()
        self._group = Group(cluster)
        self._watchdog = Watchdog(cluster)
        self._started = time.monotonic()
        Cluster.objects.create(
            id=cluster,
            host=socket.gethostname(),
            machine=machine_id(),
            supervisor_pid=os.getpid(),
            master_pid=self._group.pid,
        )
        bells.ring(bells.missing())
        scratch.sweep()
        log.info("worker group %s started, main process %d", cluster, self._group.pid)

    def _bury(self, group: Group, verdict: Verdict) -> None:
        log.error("worker group %s is replaced: %s", group.cluster, verdict.why)
        group.kill()
        recovery.end_cluster(group.cluster, verdict.how, verdict.why, verdict.outlived)
        self._group = self._verdict = None
        if time.monotonic() - self._started < SHORT_LIFE:
            self._stop.wait(self._times.restart)

    def _end_group(self) -> None:
        """Lets running jobs finish within the grace, kills what is left, and gives those jobs back."""
        if self._group is None:
            return
        group, self._group = self._group, None
        deadline = time.monotonic() + self._times.grace
        self._tell_database(group, stopping=True)
        group.terminate()
        while group.alive and time.monotonic() < deadline:
            self._tell_database(group, heartbeat=Now())
            time.sleep(0.2)
        group.kill()
        try:
            recovery.end_cluster(group.cluster, recovery.STOPPED, "stopped on request")
        except DatabaseError as exc:
            log.error("the end of worker group %s is not noted: %s", group.cluster, exc)

    def _tell_database(self, group: Group, **changes: Any) -> None:
        """While stopping, the processes end whether or not the database hears of it."""
        try:
            Cluster.objects.filter(pk=group.cluster).update(**changes)
        except DatabaseError:
            connection.close()

    def _stay_known(self, group: Group) -> bool:
        """Renews the heartbeat; False if another host has given this group up."""
        return bool(Cluster.objects.filter(pk=group.cluster, ended=None).update(heartbeat=Now()))

    # The work of each second

    def _tend(self, group: Group) -> str:
        """Returns what is wrong with the group itself, or an empty string."""
        self._trust.observe()
        running = recovery.running_in(group.cluster)
        pids = group.pids()
        self._take_back_from_dead(running, pids)
        recovery.wake_due()
        busy = len(running) >= conf.WORKERS
        self._ring_where_a_bell_was_lost(busy)
        self._sweep_if_due(group)
        return self._watchdog.fault(busy=busy, processes=len(pids))

    def _take_back_from_dead(self, running: list[Job], pids: set[int]) -> None:
        """On the second sight only: when a whole group dies its workers may be seen to go first."""
        dead = {job.token: job for job in running if job.worker_pid not in pids}
        for token in dead.keys() & self._dead_before:
            recovery.take_from_dead_worker(dead[token])
        self._dead_before = set(dead)

    def _ring_where_a_bell_was_lost(self, busy: bool) -> None:
        """Twice in a row, because a bell just taken from the table is on its way to a worker."""
        before, self._missing = self._missing, 0 if busy else bells.missing()
        if before and self._missing:
            bells.ring(min(self._missing, conf.WORKERS))
            self._missing = 0

    def _sweep_if_due(self, group: Group) -> None:
        if time.monotonic() < self._next_sweep:
            return
        self._next_sweep = time.monotonic() + self._times.sweep
        schedules.sync()
        if not self._trust.firm:
            return
        recovery.end_lost_clusters()
        recovery.recover_expired(group.cluster)
        for job in recovery.stalled(group.cluster):
            self._end_stalled(job, group)

    def _end_stalled(self, job: Job, group: Group) -> None:
        """A worker that let its lease run out while the database was there hangs: it is killed, as if it had died."""
        if busy_elsewhere(job):
            recovery.take_from_other_work(job)
        elif job.worker_pid in group.pids():
            log.error("job %s: its worker %s gave no sign of life and is killed", job.pk, job.worker_pid)
            with suppress(ProcessLookupError):
                os.kill(job.worker_pid, signal.SIGKILL)


def busy_elsewhere(job: Job) -> bool:
    same_worker = Job.objects.filter(RUNNING, cluster=job.cluster_id, worker_pid=job.worker_pid)
    return same_worker.filter(lease_until__gte=Now()).exists()


def end_orphans() -> None:
    """Ends the groups on this machine whose supervisor is gone; their workers would work on unseen."""
    for cluster in Cluster.objects.filter(ended=None, machine=machine_id()).exclude(machine=""):
        if lives(cluster.supervisor_pid):
            continue
        outlived = qcluster_pids(cluster.master_pid)
        if outlived:
            kill_group(cluster.master_pid)
        recovery.end_cluster(cluster.pk, recovery.DIED, "its supervisor died", outlived)
