"""Settings of django-q2, which only carries tasks: the truth about a job is its own row."""

from __future__ import annotations

from math import ceil
from typing import Any

WORKERS = 2
JOB_SECONDS = 900


def least_retry(cluster: dict[str, Any]) -> int:
    """The seconds that `retry` must exceed: a task waits in memory behind queue_limit + bulk others, each of
    which may take `timeout`, and its lock runs from the moment it was taken into memory.
    """
    waiting = ceil((cluster["queue_limit"] + cluster["bulk"]) / cluster["workers"])
    seconds: int = cluster["timeout"] * (1 + waiting)
    return seconds


def q_cluster() -> dict[str, Any]:
    cluster: dict[str, Any] = {
        "name": "ascrecon",  # the salt of queued tasks: a changed name drops them
        "label": "Queue",
        "orm": "default",  # the same database, so a task is queued in the transaction that asks for it
        "workers": WORKERS,
        "queue_limit": 2,
        "bulk": 1,
        "timeout": JOB_SECONDS,
        "max_attempts": 1,
        "ack_failures": True,  # whether there is another attempt is decided by the Job row
        "catch_up": False,
        "guard_cycle": 0.5,  # with 2 s a stuck task was never ended: the sentinel counts past zero
        "poll": 1.0,  # the default asks the database five times a second
        "save_limit": 0,  # prune nightly instead of at each task
        "recycle": 50,
        "cache": "qcluster",
    }
    return cluster | {"retry": least_retry(cluster) + 300}
