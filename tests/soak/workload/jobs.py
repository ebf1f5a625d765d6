"""Report files through the queue: the product loads them by command or by sync, here a job does the same call."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from django.db import transaction

from ascrecon.jobs.context import JobContext
from ascrecon.jobs.registry import Result, job
from reports.services.deliveries import load_report_file


@job("soak.load", title="Load a report file", backoff=3)
def load(context: JobContext) -> Result:
    """Loads `path`; the transaction stays open for `pause` seconds more, so that kills find it open."""
    with transaction.atomic():
        deliveries = load_report_file(Path(context.payload["path"]))
        context.progress("Loaded, not committed", 1, 2)
        time.sleep(context.payload["pause"])
        context.check_lease()
    return {"deliveries": len(deliveries)}


@job("soak.quiet", title="Work without the database", backoff=1)
def quiet(context: JobContext) -> Result:
    """As in a long download: the first attempt asks only after `seconds` whether the job is still its own."""
    if context.attempt == 1:
        time.sleep(context.payload["seconds"])
    context.heartbeat()
    return {"attempt": context.attempt}


@job("soak.poison", title="Kill the own worker", backoff=1)
def poison(context: JobContext) -> Result:
    os.kill(os.getpid(), signal.SIGKILL)
    return None
