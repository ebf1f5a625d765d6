"""What every kind of job has to stand: being run again must change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import models

from ascrecon.jobs import registry
from ascrecon.jobs.claims import take
from ascrecon.jobs.models import Job, State
from ascrecon.jobs.runner import execute

Rows = list[dict[str, Any]]


def assert_idempotent(
    job_factory: Callable[[], Job],
    tables: Iterable[type[models.Model]],
    *,
    ignore: Iterable[str] = (),
) -> Job:
    """Runs one job twice, as after a worker's death just before it was done, and compares the tables.

    `job_factory` queues the job. `ignore` names columns that may differ, such as "Finding.last_seen". Returns the
    job. Fails if an attempt does not end as done, or names the first table that differs.
    """
    tables, ignored = list(tables), frozenset(ignore)
    job = job_factory()
    _run(job)
    first = {table: _rows(table, ignored) for table in tables}
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED, finished=None)
    _run(job)
    for table in tables:
        _assert_equal(table, first[table], _rows(table, ignored))
    return job


def _run(job: Job) -> None:
    registry.kind(job.kind)
    claim = take(job.pk)
    if claim is None:
        raise AssertionError(f"{job} cannot be claimed, it is {job.state}")
    execute(claim)
    job.refresh_from_db()
    if job.state != State.DONE:
        raise AssertionError(f"{job} is {job.state}: {job.message}")


def _rows(table: type[models.Model], ignored: frozenset[str]) -> Rows:
    columns = [field.attname for field in table._meta.concrete_fields]
    kept = [name for name in columns if f"{table.__name__}.{name}" not in ignored]
    return list(table._default_manager.order_by("pk").values(*kept))


def _assert_equal(table: type[models.Model], first: Rows, second: Rows) -> None:
    if first == second:
        return
    gone = [row for row in first if row not in second]
    new = [row for row in second if row not in first]
    raise AssertionError(
        f"{table.__name__} differs after the second run: {len(first)} rows, then {len(second)}; "
        f"gone {gone[:3]}, new {new[:3]}"
    )
