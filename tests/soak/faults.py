"""Faults other than kills: a poisonous job, the database gone, a lost host, deployments."""

from __future__ import annotations

import os
import signal
import time

from django.db import connection

from ascrecon.embedded.processes import is_alive
from ascrecon.jobs.group import kill_group, qcluster_pids
from ascrecon.jobs.models import RUNNING, Cluster, Job, Priority, State
from ascrecon.jobs.service import enqueue
from tests.soak.bench import TIMES
from tests.soak.recovery import Recovery
from tests.soak.stage import Stage
from tests.soak.victims import Blow, current


def poison(stage: Stage) -> str:
    """Jobs that kill their own worker, among others that do not."""
    stage.begin()
    jobs = [enqueue("soak.poison", {"number": n}, subject=f"Poison {n}") for n in range(2)]
    parked = Job.objects.filter(pk__in=[job.pk for job in jobs], state=State.PARKED)
    stage.load.until(lambda: parked.count() == len(jobs), "the poison to be parked")
    starts = sorted(parked.values_list("attempts", flat=True))
    assert starts == [3, 3], f"the poisonous jobs were started {starts} times"
    assert not Job.objects.filter(state=State.PARKED).exclude(pk__in=parked.values("pk")).exists()
    return f"{len(jobs)} jobs that kill their worker parked after 3 starts each, no other"


def database_away(stage: Stage, seconds: int, *, at_once: bool) -> str:
    """The server is stopped under load, as by a crash or in order, and comes back after `seconds`."""
    stage.begin()
    quiet = enqueue(
        "soak.quiet", {"seconds": seconds + 4}, subject="Work without the database", priority=Priority.URGENT
    )
    stage.load.until(lambda: _running() and Job.objects.filter(RUNNING, pk=quiet.pk).exists(), "jobs to run")
    blow = _about("database")
    _stop(stage, at_once=at_once)
    time.sleep(seconds)
    stage.bench.server.ensure()
    connection.close()
    recovered = _recovered(stage, blow)
    stage.load.until(lambda: Job.objects.filter(pk=quiet.pk, state=State.DONE).exists(), "the quiet job")
    assert _blamed() == "no job blamed", _blamed()
    return f"back after {seconds} s; {recovered}; no job blamed, nor one whose lease ran out meanwhile"


def two_groups(stage: Stage) -> str:
    """As on two hosts; then one is gone with its supervisor, and nobody starts it again."""
    stage.begin()
    other = stage.another_group()
    stage.load.until(lambda: stage.answering() == 2, "both groups to answer")
    lost = Cluster.objects.get(ended=None, supervisor_pid=other.child.pid)
    stage.load.until(lambda: Job.objects.filter(RUNNING, cluster=lost).exists(), "the other group to work")
    other.kill()
    kill_group(lost.master_pid)
    began = time.monotonic()
    hanging = Job.objects.filter(RUNNING, cluster=lost)
    stage.load.until(lambda: not hanging.exists(), "the lost group's jobs to be taken back")
    return f"its jobs were taken back after {time.monotonic() - began:.1f} s; {_blamed()}"


def stopped_in_order(stage: Stage) -> str:
    """A deployment: SIGTERM in the midst of work, then a new start."""
    stage.begin()
    longest = 0.0
    for _ in range(3):
        stage.load.until(_running, "jobs to run")
        master = current()
        assert master
        began = time.monotonic()
        assert stage.work.end() == 0, "manage.py work did not end with 0"
        longest = max(longest, time.monotonic() - began)
        assert not qcluster_pids(master.master_pid), "processes of the group live on"
        assert not Job.objects.filter(RUNNING).exists(), "a job is still held"
        stage.work.start()
        stage.load.until(lambda: stage.answering() == 1, "the new group")
    assert longest < TIMES["GRACE"] + 5, f"it took {longest:.1f} s to stop"
    return f"3 stops, the longest {longest:.1f} s; {_blamed()}"


def supervisor_killed(stage: Stage) -> str:
    """Its group lives on; systemd starts another supervisor."""
    stage.begin()
    longest = 0.0
    for _ in range(3):
        stage.load.until(_running, "jobs to run")
        blow = _about("supervisor")
        stage.work.kill()
        stage.work.start()
        longest = max(longest, _whole(stage, blow))
    assert _blamed() == "no job blamed", _blamed()
    return f"3 kills, longest recovery {longest:.1f} s; no job blamed"


def _about(what: str) -> Blow:
    cluster = current()
    assert cluster
    running = dict(Job.objects.filter(RUNNING, cluster=cluster).values_list("id", "attempts"))
    return Blow(what, cluster.pk, cluster.pong, running)


def _running() -> bool:
    return Job.objects.filter(RUNNING).count() >= 2


def _recovered(stage: Stage, blow: Blow) -> str:
    return f"whole again {_whole(stage, blow):.1f} s later"


def _whole(stage: Stage, blow: Blow) -> float:
    recovery = Recovery([blow])
    stage.load.until(recovery.look, f"recovery from the loss of the {blow.victim}")
    return recovery.whole or 0.0


def _blamed() -> str:
    blamed = Job.objects.filter(interruptions__gt=0).count()
    return f"{blamed} jobs blamed" if blamed else "no job blamed"


def _stop(stage: Stage, *, at_once: bool) -> None:
    if not at_once:
        assert stage.bench.server.stop()
        return
    pid = stage.bench.server.pid()
    assert pid
    os.kill(pid, signal.SIGQUIT)  # "immediate": no checkpoint, the next start recovers as after a power cut
    while is_alive(pid):
        time.sleep(0.05)
