from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.db.models.functions import Now
from django_q.models import OrmQ

from ascrecon.jobs import registry, service
from ascrecon.jobs.context import Heart, JobContext
from ascrecon.jobs.errors import JobFailed, JobRefused, TryAgain
from ascrecon.jobs.models import Job, Priority, State
from ascrecon.jobs.registry import Result
from ascrecon.jobs.testing import assert_idempotent
from tests.jobs.conftest import Register

pytestmark = pytest.mark.django_db


def nothing(context: JobContext) -> Result:
    return None


def test_it_runs_a_job_and_keeps_what_it_returned(register: Register) -> None:
    register("test.sum", lambda context: {"sum": sum(context.payload["numbers"])})
    job = service.run_now(service.enqueue("test.sum", {"numbers": [2, 3]}, subject="Add", requested_by="ann"))
    assert (job.state, job.result, job.attempts, job.failures) == (State.DONE, {"sum": 5}, 1, 0)
    assert job.finished is not None
    assert [event.text.split(" on ")[0] for event in job.events.all()] == ["Queued by ann.", "Attempt 1 began", "Done."]


def test_it_runs_a_finished_job_no_second_time(register: Register) -> None:
    runs: list[int] = []
    register("test.count", lambda context: runs.append(1))
    job = service.enqueue("test.count", subject="Count")
    assert service.run_job(job.pk)
    assert not service.run_job(job.pk)
    assert runs == [1]


@pytest.mark.django_db(transaction=True)
def test_it_takes_the_bell_back_with_the_transaction(register: Register) -> None:
    register("test.nothing", nothing)
    with transaction.atomic():
        service.enqueue("test.nothing", subject="Never")
        assert OrmQ.objects.count() == 1
        transaction.set_rollback(True)
    assert (Job.objects.count(), OrmQ.objects.count()) == (0, 0)


def test_it_queues_the_same_work_once(register: Register) -> None:
    register("test.nothing", nothing)
    first = service.enqueue("test.nothing", subject="One", unique_key="k")
    assert service.enqueue("test.nothing", subject="One", unique_key="k").pk == first.pk
    service.run_now(first)
    assert service.enqueue("test.nothing", subject="One", unique_key="k").pk != first.pk


def test_it_does_work_once_more_that_was_asked_for_while_it_ran(register: Register) -> None:
    def ask_again(context: JobContext) -> Result:
        service.enqueue("test.again", subject="Reconcile", unique_key="k", requested_by="bob")
        return None

    register("test.again", ask_again)
    job = service.run_now(service.enqueue("test.again", subject="Reconcile", unique_key="k"))
    assert job.state == State.DONE
    second = Job.objects.exclude(pk=job.pk).get()
    assert (second.state, second.unique_key) == (State.QUEUED, "k")


@pytest.mark.parametrize(
    ("kind", "payload", "says"),
    [
        ("test.unknown", {}, "There is no kind of job named 'test.unknown'"),
        ("test.nothing", {"amount": Decimal("1.10")}, "ids and plain text only"),
        ("test.nothing", {"key": "-----BEGIN PRIVATE KEY-----"}, "never holds a key"),
        ("test.nothing", {"name": "a\0b"}, "NUL character"),
    ],
)
def test_it_refuses_what_cannot_be_queued(register: Register, kind: str, payload: dict[str, Any], says: str) -> None:
    register("test.nothing", nothing)
    with pytest.raises(JobRefused, match=says):
        service.enqueue(kind, payload, subject="Refused")
    assert not Job.objects.exists()


def test_it_does_not_try_a_business_error_again(register: Register) -> None:
    def refuse(context: JobContext) -> Result:
        raise JobFailed("The vendor number 80000001 is not of this account.")

    register("test.refuse", refuse)
    job = service.run_now(service.enqueue("test.refuse", subject="Sync"))
    assert (job.state, job.message) == (State.FAILED, "The vendor number 80000001 is not of this account.")
    assert (job.failures, job.next_try) == (1, None)


def test_it_tries_an_unexpected_error_again_and_then_gives_up(register: Register) -> None:
    def break_down(context: JobContext) -> Result:
        raise ConnectionError("https://example.com/?token=geheim")

    register("test.break", break_down, max_attempts=2, backoff=60)
    job = service.run_now(service.enqueue("test.break", subject="Sync"))
    assert job.state == State.WAITING
    assert job.next_try is not None and job.started is not None
    assert 30 <= (job.next_try - job.started).total_seconds() < 62  # 60 s less up to half, and the run itself
    job = service.run_now(job)
    assert (job.state, job.failures, job.attempts) == (State.FAILED, 2, 2)
    assert job.message.startswith("An unexpected error (ConnectionError) stopped it in try 2 of 2")
    assert "geheim" not in job.message  # what an exception says may hold a secret: it stays in the log


def test_it_doubles_the_pause_up_to_an_hour() -> None:
    kind = registry.Kind("k", "t", nothing, timeout=1, max_attempts=9, backoff=60)
    for failures, longest in ((1, 60), (2, 120), (3, 240), (9, 3600), (500, 3600)):
        assert longest / 2 <= kind.pause(failures) <= longest


def test_it_does_not_count_an_attempt_that_asks_for_another_time(register: Register) -> None:
    def not_yet(context: JobContext) -> Result:
        raise TryAgain("Apple's hourly limit is used up.", after=900)

    register("test.later", not_yet, max_attempts=1)
    job = service.run_now(service.enqueue("test.later", subject="Sync"))
    assert (job.state, job.failures, job.message) == (State.WAITING, 0, "Apple's hourly limit is used up.")
    assert (service.run_now(job).state, job.failures) == (State.WAITING, 0)


def test_it_ends_an_attempt_that_takes_too_long(register: Register) -> None:
    def swallow_all(context: JobContext) -> Result:
        with suppress(Exception):  # as careless code would
            time.sleep(20)
        return None

    register("test.slow", swallow_all, timeout=1, max_attempts=1)
    job = service.run_now(service.enqueue("test.slow", subject="Sleep"))
    assert (job.state, job.message[:32]) == (State.FAILED, "It was not done after 1 s in try")


def test_it_refuses_a_timeout_that_the_queue_would_cut() -> None:
    with pytest.raises(ValueError, match="the queue ends a task after 900 s"):
        registry.job("test.long", title="Long", timeout=901)


def test_it_fails_a_job_whose_result_is_not_plain(register: Register) -> None:
    register("test.amount", lambda context: {"amount": Decimal("1.10")}, max_attempts=1)
    assert service.run_now(service.enqueue("test.amount", subject="Sum")).state == State.FAILED


def test_it_stops_a_running_job_that_is_cancelled(register: Register) -> None:
    reached: list[str] = []

    def work(context: JobContext) -> Result:
        service.cancel(Job.objects.get(pk=context.job_id), by="ann")
        context.check_lease()
        reached.append("the step after")
        return None

    register("test.cancel", work)
    job = service.run_now(service.enqueue("test.cancel", subject="Stop"))
    assert (job.state, job.message, reached) == (State.CANCELLED, "Cancelled by ann.", [])
    assert not service.cancel(job)


def test_it_drops_the_outcome_of_a_slow_twin(register: Register) -> None:
    def overtaken(context: JobContext) -> Result:
        Job.objects.update(token="6a09e667-0000-4000-8000-000000000000", worker_host="elsewhere")
        return {"by": "the slow one"}

    register("test.twin", overtaken)
    job = service.enqueue("test.twin", subject="Twin")
    service.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result, job.worker_host) == (State.RUNNING, None, "elsewhere")


def test_it_gives_a_job_back_whose_lease_could_not_be_renewed(register: Register) -> None:
    """The database was away for longer than the lease and is there again: nobody is to blame, nobody is killed."""

    def outlasted(context: JobContext) -> Result:
        if context.attempt == 1:
            context.heart._lost.set()
        context.heartbeat()
        return {"attempt": context.attempt}

    register("test.outage", outlasted)
    job = service.enqueue("test.outage", subject="Long outage")
    service.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.interruptions, job.failures) == (State.WAITING, 0, 0)
    assert job.message == "Its lease could not be renewed: the database did not answer."
    assert service.run_now(job).result == {"attempt": 2}


def test_it_runs_the_urgent_job_first_and_then_the_oldest(register: Register) -> None:
    order: list[str] = []
    register("test.order", lambda context: order.append(context.payload["name"]))
    for name, priority in (("bulk", Priority.BULK), ("a", 0), ("b", 0), ("urgent", Priority.URGENT)):
        service.enqueue("test.order", {"name": name}, subject=name, priority=priority)
    for _ in range(5):
        service.run_next()
    assert order == ["urgent", "a", "b", "bulk"]


def test_it_queues_a_failed_job_again_with_fresh_counts(register: Register) -> None:
    register("test.nothing", nothing)
    job = service.enqueue("test.nothing", subject="Again", unique_key="k")
    Job.objects.filter(pk=job.pk).update(state=State.PARKED, interruptions=3, failures=2, message="Parked.")
    service.retry(job, by="ann")
    assert (job.state, job.interruptions, job.failures, job.message) == (State.QUEUED, 0, 0, "")
    with pytest.raises(JobRefused, match="is queued"):
        service.retry(job)


def test_it_does_not_retry_what_is_queued_under_the_same_key(register: Register) -> None:
    register("test.nothing", nothing)
    old = service.enqueue("test.nothing", subject="Old", unique_key="k")
    service.cancel(old)
    service.enqueue("test.nothing", subject="New", unique_key="k")
    with pytest.raises(JobRefused, match="the same work is queued already"):
        service.retry(old)


def test_it_says_how_many_jobs_it_waited_for_in_vain(register: Register) -> None:
    register("test.nothing", nothing)
    jobs = [service.enqueue("test.nothing", subject=str(number)) for number in range(2)]
    service.run_now(jobs[0])
    with pytest.raises(TimeoutError, match="1 of 2 jobs"):
        service.wait_for(jobs, timeout=0)
    service.run_now(jobs[1])
    assert [job.state for job in service.wait_for(jobs, timeout=0)] == [State.DONE, State.DONE]


@pytest.mark.django_db(transaction=True)
def test_its_progress_is_seen_while_its_transaction_is_open(register: Register) -> None:
    seen: list[tuple[str, int | None, int | None]] = []

    def work(context: JobContext) -> Result:
        with transaction.atomic():
            context.progress("Loading rows", 3, 10)
            time.sleep(1.4)
            job = Job.objects.get(pk=context.job_id)
            seen.append((job.step, job.done, job.percent))
            context.check_lease()
        return None

    register("test.progress", work)
    job = service.run_now(service.enqueue("test.progress", subject="Load"))
    assert seen == [("Loading rows", 3, 30)]
    assert (job.step, job.done, job.total) == ("Loading rows", 3, 10)


@pytest.mark.django_db(transaction=True)
def test_its_lease_is_renewed_while_it_works(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASCRECON_JOB_LEASE", "2")
    lasted: list[bool] = []

    def work(context: JobContext) -> Result:
        before = Job.objects.get(pk=context.job_id).lease_until
        time.sleep(1.5)
        after = Job.objects.get(pk=context.job_id).lease_until
        lasted.append(before is not None and after is not None and after > before)
        return None

    register("test.renew", work)
    service.run_now(service.enqueue("test.renew", subject="Hold"))
    assert lasted == [True]


def test_the_shared_assertion_finds_a_job_that_adds_up(register: Register) -> None:
    def add_a_row(context: JobContext) -> Result:
        Job.objects.create(kind="test.added", subject="Added")
        return None

    register("test.adds", add_a_row)
    register("test.nothing", nothing)
    assert_idempotent(lambda: service.enqueue("test.nothing", subject="Twice"), [OrmQ])
    with pytest.raises(AssertionError, match="Job differs after the second run: 3 rows, then 4"):
        assert_idempotent(lambda: service.enqueue("test.adds", subject="Twice"), [Job])


@pytest.mark.django_db(transaction=True)
def test_it_holds_its_lease_again_once_the_database_is_back(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work in one long step would otherwise be taken for hanging, and its worker killed, though nobody has the job."""
    monkeypatch.setenv("ASCRECON_JOB_LEASE", "1")
    beat = Heart._beat

    def no_database(heart: Heart) -> None:
        raise OperationalError("the server closed the connection")

    def work(context: JobContext) -> Result:
        monkeypatch.setattr(Heart, "_beat", no_database)
        _until(lambda: context.heart.lost)
        monkeypatch.setattr(Heart, "_beat", beat)
        _until(lambda: not context.heart.lost)
        context.heartbeat()
        return {"held": Job.objects.filter(pk=context.job_id, lease_until__gt=Now()).exists()}

    register("test.back", work)
    job = service.run_now(service.enqueue("test.back", subject="One long step"))
    assert (job.state, job.result, job.attempts) == (State.DONE, {"held": True}, 1)


def _until(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.05)
