"""Disks that are full: small ones in memory, mounted for this campaign alone, filled to the last byte, freed again."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from django.db import connection

from ascrecon.jobs.models import Job, JobEvent
from tests.soak.kills import NAMESPACE
from tests.soak.recovery import Recovery
from tests.soak.stage import Skipped, Stage
from tests.soak.victims import Blow, current

SIZE = "160m"
SMALL = "small"  # the tablespace
FULL = 8.0  # seconds


def files_full(stage: Stage) -> str:
    """No room for the bytes as received; the database goes on."""
    disk = stage.bench.folder / stage.name / "files"
    _mount(stage, disk, mode="700")
    stage.begin()
    return _fill_and_free(stage, disk)


def database_full(stage: Stage) -> str:
    """No room for the tables of the product, its queue among them; the server itself goes on."""
    disk = stage.bench.server.place.root / "small-disk"
    _mount(stage, disk, mode="700", owner=stage.bench.server.place.account.uid)
    stage.bench.sql("CREATE TABLESPACE {} LOCATION " + f"'{disk}'", SMALL)
    stage.afterwards(lambda: _drop(stage))
    stage.begin(tablespace=SMALL)
    return _fill_and_free(stage, disk)


def _drop(stage: Stage) -> None:
    """The server would miss the disk at its next start."""
    connection.close()
    stage.bench.sql("DROP DATABASE {} WITH (FORCE)", stage.name)
    stage.bench.sql("DROP TABLESPACE {}", SMALL)


def _fill_and_free(stage: Stage, disk: Path) -> str:
    cluster = current()
    assert cluster
    before = JobEvent.objects.order_by("-id").values_list("id", flat=True)[0]
    filler = disk / "filler"
    free_again = time.monotonic() + FULL
    _fill(filler)
    stage.load.until(lambda: time.monotonic() > free_again or _fill(filler), "the disk to have been full", FULL + 60)
    filler.unlink()
    recovery = Recovery([Blow("disk", cluster.pk, cluster.pong, {})])
    stage.load.until(recovery.look, "recovery from the full disk")
    failed = JobEvent.objects.filter(id__gt=before, text__contains="An unexpected error").count()
    again = Job.objects.filter(attempts__gt=1).count()
    return f"full for {FULL:.0f} s: {failed} tries failed, {again} jobs tried again; whole {recovery.whole:.1f} s later"


def _fill(filler: Path) -> bool:
    """What is freed meanwhile is taken again. False, so that the waiting goes on."""
    with filler.open("ab", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            return False
    return False


def _mount(stage: Stage, disk: Path, *, mode: str, owner: int = 0) -> None:
    if NAMESPACE not in os.environ:
        raise Skipped("a disk of its own takes root and `unshare --mount`")
    disk.mkdir(parents=True, exist_ok=True)
    options = f"size={SIZE},mode={mode},uid={owner}"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Skipped(f"mount of a small disk: {done.stderr.strip()}")
    stage.afterwards(lambda: subprocess.run(["umount", "--lazy", str(disk)], check=False))
