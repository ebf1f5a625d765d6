"""The machine's clock is moved, for the database server and for all workers, by a library that adds to what it says."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

from django.db import connection

from ascrecon.jobs.models import Cluster, Job
from tests.soak.bench import TIMES
from tests.soak.recovery import Recovery
from tests.soak.stage import Skipped, Stage
from tests.soak.victims import Blow, current

DAY = 86_400
JOBS = 10  # at least, under each clock
SOURCE = Path(__file__).with_name("moved_clock.c")


def moved(stage: Stage) -> str:
    """A day ahead under load, later back."""
    clock = _MovedClock(stage)
    stage.begin(environment=clock.environment)
    longest = 0.0
    for seconds in (DAY, 0):
        cluster = current()
        assert cluster
        clock.set(seconds)
        recovery = Recovery([Blow("clock", cluster.pk, cluster.pong, {})])
        _go_on(stage, recovery)
        longest = max(longest, recovery.whole or 0)
    blamed = Job.objects.filter(interruptions__gt=0).count()
    assert not blamed, f"{blamed} jobs are blamed for a moved clock"
    groups = Cluster.objects.count() - 1
    return f"+1 day and back, whole again after {longest:.1f} s at most, {groups} groups replaced; no job blamed"


def _go_on(stage: Stage, recovery: Recovery) -> None:
    """Under the moved clock jobs are begun anew, and done, until the group has answered, and for some time more."""
    moment = time.monotonic() + 2 * TIMES["LEASE"]
    enough = stage.load.queued + JOBS
    stage.load.until(lambda: recovery.look() and time.monotonic() > moment and stage.load.queued >= enough, "work")


class _MovedClock:
    """Compiled here; the server is started with it, and again without it afterwards."""

    def __init__(self, stage: Stage) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler:
            raise Skipped("a C compiler is needed to move the clock")
        home = stage.bench.server.place.root  # a place that the server's account may read
        self._file, library = home / "clock", home / "moved_clock.so"
        self.set(0)
        self._file.chmod(0o644)
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
        library.chmod(0o755)
        self.environment = {"LD_PRELOAD": str(library), "SOAK_CLOCK": str(self._file)}
        stage.afterwards(lambda: _restart(stage, {}))
        _restart(stage, self.environment)

    def set(self, seconds: int) -> None:
        """All see it at once: the eight bytes are shared memory to them."""
        if not self._file.exists():
            self._file.write_bytes(struct.pack("q", 0))
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", seconds))


def _restart(stage: Stage, environment: dict[str, str]) -> None:
    """The server takes over the environment of whoever starts it."""
    connection.close()
    stage.bench.server.stop()
    os.environ |= environment
    try:
        stage.bench.server.ensure()
    finally:
        for name in environment:
            os.environ.pop(name)
