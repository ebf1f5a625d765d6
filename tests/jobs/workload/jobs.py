"""Kinds of jobs for tests with real worker processes; their rows go to a table of their own."""

from __future__ import annotations

import os
import signal
import time

from django.db import connection, transaction

from ascrecon.jobs.context import JobContext
from ascrecon.jobs.registry import Result, job

TABLE = "test_workload"
ROWS = 1000


@job("workload.load", title="Load rows slowly", backoff=1)
def load(context: JobContext) -> Result:
    """Writes ROWS rows of its own in one transaction that stays open for `seconds`."""
    seconds = context.payload["seconds"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE job = %s", [context.job_id])  # noqa: S608  (our own constant)
        cursor.execute(
            f"INSERT INTO {TABLE} SELECT %s, n FROM generate_series(1, %s) n",  # noqa: S608
            [context.job_id, ROWS],
        )
        for part in range(10):
            context.progress("Loading rows", part, 10)
            time.sleep(seconds / 10)
        context.check_lease()
    return {"rows": ROWS}


@job("workload.poison", title="Kill the worker")
def poison(context: JobContext) -> Result:
    os.kill(os.getpid(), signal.SIGKILL)
    return None


@job("workload.poison_group", title="Kill the whole group of workers")
def poison_group(context: JobContext) -> Result:
    os.killpg(os.getpgrp(), signal.SIGKILL)
    return None
