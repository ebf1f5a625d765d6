"""Which process of a group of workers is which, and the blow itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from django_q.status import Stat

from ascrecon.jobs.conf import MAX_INTERRUPTIONS
from ascrecon.jobs.group import lives, qcluster_pids
from ascrecon.jobs.models import RUNNING, Cluster, Job

GROUP = "whole group"
VICTIMS = ("worker", "monitor", "sentinel", "pusher", "main process", GROUP)


@dataclass(frozen=True)
class Blow:
    """A kill that hit: while jobs were running, a process that lived."""

    victim: str
    cluster: UUID
    pong: int
    running: dict[int, int]  # job to the number of its attempt


def current() -> Cluster | None:
    return Cluster.objects.filter(ended=None).order_by("-started").first()


def held_back() -> bool:
    """Whether a job is on its last try, alone: then nobody could tell our kill from its own doing."""
    return Job.objects.filter(RUNNING, interruptions__gte=MAX_INTERRUPTIONS - 1).exists()


def strike(victim: str, chance: Random) -> Blow | None:
    """SIGKILL; None where no job was running or no such process was there."""
    cluster = current()
    running = dict(Job.objects.filter(RUNNING, cluster=cluster).values_list("id", "attempts")) if cluster else {}
    if cluster is None or not running:
        return None
    if victim == GROUP:
        os.killpg(cluster.master_pid, signal.SIGKILL)
    else:
        candidates = [pid for pid in pids_of(victim, cluster.master_pid) if lives(pid)]
        if not candidates:
            return None
        os.kill(chance.choice(candidates), signal.SIGKILL)
    return Blow(victim, cluster.pk, cluster.pong, running)


def pids_of(victim: str, master: int) -> Sequence[int]:
    """By what the sentinel itself tells, and only if they are of this group."""
    told = next((stat for stat in Stat.get_all() if stat.pid == master), None)
    if victim == "main process":
        return [master]
    if told is None:
        return []
    named: dict[str, list[int]] = {
        "worker": told.workers, "monitor": [told.monitor], "pusher": [told.pusher], "sentinel": [told.sentinel],
    }  # fmt: skip
    return sorted(set(named[victim]) & qcluster_pids(master))
