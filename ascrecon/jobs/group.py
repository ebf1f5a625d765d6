"""The processes of one qcluster: in a session of their own, stopped by their main process, killed as a group.

SIGTERM to the whole group would make django-q2's main process hang for ever, so only the main process gets it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from uuid import UUID

import psutil
from django.conf import settings

from ascrecon.jobs import scratch
from ascrecon.jobs.claims import CLUSTER_VARIABLE

KILL_PATIENCE = 10.0  # seconds for the kernel to take away killed processes
GONE = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


class Group:
    def __init__(self, cluster: UUID) -> None:
        self.cluster = cluster
        self._main = subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"],
            env={**os.environ, CLUSTER_VARIABLE: str(cluster), "TMPDIR": str(scratch.make(cluster))},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._main.pid

    @property
    def alive(self) -> bool:
        return self._main.poll() is None

    def pids(self) -> set[int]:
        """All its living processes: main, sentinel, pusher, monitor and workers, also when their parents are dead."""
        return {process.pid for process in _members(self.pid)}

    def terminate(self) -> None:
        """Asks the main process to finish what runs and end."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Ends every process of the group at once and waits until none is left."""
        kill_group(self.pid)
        self._main.wait(timeout=KILL_PATIENCE)


def lives(pid: int) -> bool:
    """False for a zombie too."""
    try:
        return psutil.Process(pid).status() not in GONE
    except psutil.NoSuchProcess:
        return False


def kill_group(group: int) -> None:
    """SIGKILL to a process group, and waits until it is empty or KILL_PATIENCE is over."""
    deadline = time.monotonic() + KILL_PATIENCE
    while _members(group) and time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        time.sleep(0.05)


def _members(group: int) -> list[psutil.Process]:
    """Living members; zombies do not count, for as process 1 of a container nobody may ever fetch them."""
    members = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == group and lives(process.pid):
                members.append(process)
    return members


def qcluster_pids(group: int) -> set[int]:
    """Living processes of a group that runs a qcluster; none if the group's id was given out anew."""
    found = set()
    for process in _members(group):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if "qcluster" in process.cmdline():
                found.add(process.pid)
    return found
