"""With real worker processes, killed for real. Times are short so that recovery can be waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psutil
import pytest
from django.conf import settings
from django.db import connection

from ascrecon.jobs import service
from ascrecon.jobs.group import kill_group
from ascrecon.jobs.models import Cluster, Job, State
from tests.jobs.conftest import Register
from tests.jobs.workload import jobs as workload

pytestmark = pytest.mark.django_db(transaction=True)
REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 40.0
SHORT = {"LEASE": "4", "SWEEP": "1", "WATCHDOG": "5", "GRACE": "2", "RESTART": "1"}


def database_url() -> str:
    """Of the test database, for another process."""
    given = connection.get_connection_params()
    user = quote(given.get("user") or "")
    password = f":{quote(given['password'], safe='')}" if given.get("password") else ""
    place = {name: given[name] for name in ("host", "port") if given.get(name)}
    return f"postgresql://{user}{password}@/{given['dbname']}?{urlencode(place)}"


def until(look: Callable[[], Any], what: str) -> Any:
    """What `look` returns once that is true."""
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited in vain for {what}: {list(Job.objects.values())}"
        time.sleep(0.1)
    return seen


@pytest.fixture
def rows_table(transactional_db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {workload.TABLE} (job bigint, n int, PRIMARY KEY (job, n))")
        yield
        cursor.execute(f"DROP TABLE {workload.TABLE}")


@pytest.fixture
def work(rows_table: None, data_dir: Path, register: Register) -> Iterator[subprocess.Popen[bytes]]:
    """A running `manage.py work`; whatever is left of it is killed in the end."""
    for kind in ("load", "poison", "poison_group"):
        register(f"workload.{kind}", getattr(workload, kind), backoff=1)
    times = {f"ASCRECON_JOB_{name}": value for name, value in SHORT.items()}
    environment = (
        os.environ
        | times
        | {
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "tests.jobs.cluster_settings",
            "ASCRECON_DATA_DIR": str(data_dir),
            "DJANGO_SECRET_KEY": settings.SECRET_KEY,  # the queue drops what another key has signed
        }
    )
    process = subprocess.Popen([sys.executable, "manage.py", "work"], cwd=REPOSITORY, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for group in Cluster.objects.filter(ended=None):
            kill_group(group.master_pid)


def queue(kind: str, seconds: float = 0) -> Job:
    return service.enqueue(f"workload.{kind}", {"seconds": seconds}, subject=kind)


def in_state(job: Job, state: State) -> bool:
    job.refresh_from_db()
    return job.state == state


def rows_of(job: Job) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {workload.TABLE} WHERE job = %s", [job.pk])  # noqa: S608
        return int(cursor.fetchone()[0])


def group_answers() -> Cluster | None:
    return Cluster.objects.filter(ended=None, pong__gt=0).first()


def test_it_survives_kills_of_busy_workers_and_stops_in_time(work: subprocess.Popen[bytes]) -> None:
    until(group_answers, "the group's first answer")
    slow, poison, neighbours = queue("load", 2), queue("poison"), [queue("load") for _ in range(4)]
    until(lambda: in_state(slow, State.RUNNING) and slow.done, "progress")
    assert (slow.step, slow.total) == ("Loading rows", 10)
    assert slow.worker_pid is not None
    os.kill(slow.worker_pid, signal.SIGKILL)

    until(lambda: in_state(poison, State.PARKED), "the poison to be parked")
    assert (poison.attempts, poison.interruptions) == (3, 3)
    assert all(job.state == State.DONE for job in service.wait_for([slow, *neighbours], PATIENCE))
    slow.refresh_from_db()
    assert (slow.attempts, slow.interruptions) == (2, 1)
    assert [rows_of(job) for job in [slow, *neighbours]] == [workload.ROWS] * 5
    assert sum(job.interruptions for job in Job.objects.filter(pk__in=[job.pk for job in neighbours])) == 0
    assert Cluster.objects.count() == 1  # all that without a restart
    assert_it_stops_in_time(work)


def assert_it_stops_in_time(work: subprocess.Popen[bytes]) -> None:
    """What is not done within the grace is given back: its rows are gone and nobody is blamed."""
    endless = queue("load", 60)
    until(lambda: in_state(endless, State.RUNNING), "the job to run")
    began = time.monotonic()
    work.send_signal(signal.SIGTERM)
    assert work.wait(timeout=20) == 0
    assert time.monotonic() - began < 2 + 5  # the grace, and what it takes to clear up
    assert in_state(endless, State.QUEUED)
    assert (endless.interruptions, rows_of(endless)) == (0, 0)
    ended = Cluster.objects.get()
    assert ended.why_ended == "stopped on request"
    assert not psutil.pid_exists(ended.master_pid)


def test_it_survives_the_death_of_the_whole_group_and_finds_out_who_did_it(work: subprocess.Popen[bytes]) -> None:
    until(group_answers, "the group's first answer")
    innocent = queue("load", 3)
    until(lambda: in_state(innocent, State.RUNNING), "the innocent job to run")
    poison = queue("poison_group")
    until(lambda: in_state(poison, State.PARKED), "the poison to be parked")
    assert (poison.attempts, poison.interruptions) == (4, 3)  # the first time it was not alone
    until(lambda: in_state(innocent, State.DONE), "the innocent job to be done")
    assert (innocent.interruptions, rows_of(innocent)) == (0, workload.ROWS)


def test_it_replaces_a_group_that_answers_no_more(work: subprocess.Popen[bytes]) -> None:
    frozen = until(group_answers, "the group's first answer")
    for process in psutil.Process(frozen.master_pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    late = queue("load")
    until(lambda: in_state(late, State.DONE), "the job to be done by another group")
    frozen.refresh_from_db()
    assert frozen.why_ended == "no worker could be reached through the queue"
