from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models.functions import Now

from ascrecon.jobs import conf, recovery, service
from ascrecon.jobs.claims import Claim, take, take_next
from ascrecon.jobs.models import Cluster, Job, State
from tests.jobs.conftest import Register

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(register: Register) -> Callable[[str], Job]:
    register("test.nothing", lambda context: None)
    return lambda subject: service.enqueue("test.nothing", subject=subject)


def begun() -> Claim:
    claim = take_next()
    assert claim is not None
    return claim


def expire_leases() -> None:
    Job.objects.filter(state=State.RUNNING).update(lease_until=Now() - timedelta(seconds=1))


def test_it_parks_a_job_whose_own_worker_died_three_times(queue: Callable[[str], Job], in_cluster: UUID) -> None:
    job = queue("Poison")
    for expected in (State.QUEUED, State.QUEUED, State.PARKED):
        assert recovery.take_from_dead_worker(begun().job)
        job.refresh_from_db()
        assert job.state == expected
    assert (job.attempts, job.interruptions) == (3, 3)
    assert job.message.startswith("Parked: its process died 3 times and this job alone was to blame")
    assert take_next() is None


def test_a_job_runs_alone_before_it_is_parked(queue: Callable[[str], Job], in_cluster: UUID) -> None:
    """Its worker may have died twice by chance; the third time nobody else can have been meant."""
    twice, beside = queue("Hit twice"), queue("Beside")
    first, neighbour = begun(), begun()
    recovery.take_from_dead_worker(first.job)
    recovery.take_from_dead_worker(begun().job)  # the second time a neighbour ran beside it
    assert take_next() is None  # the last try waits until it has the group to itself
    assert neighbour.job == beside
    Job.objects.filter(pk=beside.pk).update(state=State.DONE, token=None)
    last_try = begun()
    assert last_try.job == twice
    queue("Newcomer")
    assert take_next() is None
    assert recovery.take_from_dead_worker(last_try.job)
    twice.refresh_from_db()
    assert (twice.state, twice.attempts, twice.interruptions) == (State.PARKED, 3, 3)


def test_it_blames_none_of_several_jobs_and_runs_them_one_at_a_time(
    queue: Callable[[str], Job], in_cluster: UUID, make_cluster: Callable[[], UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in "ab":
        queue(subject)
    begun(), begun()
    assert recovery.end_cluster(in_cluster, recovery.DIED, "its main process ended") == 2
    assert list(Job.objects.values_list("state", "interruptions", "solo")) == [(State.QUEUED, 0, True)] * 2

    queue("newcomer")
    monkeypatch.setenv("ASCRECON_JOB_CLUSTER", str(make_cluster()))
    suspect = begun()
    assert suspect.job.subject == "a"
    assert take_next() is None  # nothing runs beside a suspect, neither another suspect nor the newcomer
    Job.objects.filter(pk=suspect.job.pk).update(state=State.DONE, token=None, solo=False)
    assert begun().job.subject == "b"


@pytest.mark.parametrize(
    ("how", "interruptions"),
    [
        (recovery.DIED, 1),  # it alone was running when the group died
        (recovery.KILLED, 0),  # the queue may have been at fault: the first time is free
        (recovery.STOPPED, 0),  # a deployment
    ],
)
def test_it_blames_a_lonely_job_by_how_its_group_ended(
    queue: Callable[[str], Job], in_cluster: UUID, how: str, interruptions: int
) -> None:
    job = queue("Lonely")
    begun()
    recovery.end_cluster(in_cluster, how, "test")
    job.refresh_from_db()
    assert (job.state, job.interruptions) == (State.QUEUED, interruptions)


def test_it_blames_no_job_whose_process_outlived_its_group(queue: Callable[[str], Job], in_cluster: UUID) -> None:
    job = queue("Innocent")
    begun()
    recovery.end_cluster(in_cluster, recovery.DIED, "its main process ended", living=[os.getpid()])
    job.refresh_from_db()
    assert (job.state, job.interruptions, job.solo) == (State.QUEUED, 0, False)


def test_it_takes_back_the_jobs_of_a_lost_host(queue: Callable[[str], Job], in_cluster: UUID) -> None:
    job = queue("Far away")
    begun()
    assert recovery.end_lost_clusters() == 0
    Cluster.objects.update(heartbeat=Now() - timedelta(seconds=2 * conf.times().lease + 1))
    expire_leases()
    assert recovery.end_lost_clusters() == 1
    job.refresh_from_db()
    assert (job.state, job.interruptions) == (State.QUEUED, 1)


def test_it_leaves_a_job_alone_that_lives_on_without_its_supervisor(
    queue: Callable[[str], Job], in_cluster: UUID
) -> None:
    job = queue("Orphan")
    begun()
    Cluster.objects.update(heartbeat=Now() - timedelta(days=1))
    recovery.end_lost_clusters()
    job.refresh_from_db()
    assert job.state == State.RUNNING


def test_a_group_that_was_given_up_begins_nothing_more(queue: Callable[[str], Job], in_cluster: UUID) -> None:
    queue("Next")
    recovery.end_cluster(in_cluster, recovery.LOST, "test")
    assert take_next() is None


def test_a_stopping_group_begins_nothing_more(queue: Callable[[str], Job], in_cluster: UUID) -> None:
    queue("Next")
    Cluster.objects.update(stopping=True)
    assert take_next() is None


def test_it_takes_back_a_job_whose_command_line_was_killed(queue: Callable[[str], Job]) -> None:
    job = queue("By hand")
    take(job.pk)
    assert recovery.recover_expired(None) == 0
    expire_leases()
    assert recovery.recover_expired(None) == 1
    job.refresh_from_db()
    assert (job.state, job.interruptions) == (State.QUEUED, 1)


def test_it_wakes_only_what_is_due(queue: Callable[[str], Job]) -> None:
    for subject, minutes in (("due", -1), ("later", 1)):
        job = queue(subject)
        Job.objects.filter(pk=job.pk).update(state=State.WAITING, next_try=Now() + timedelta(minutes=minutes))
    assert recovery.wake_due() == 1
    assert Job.objects.get(state=State.QUEUED).subject == "due"
