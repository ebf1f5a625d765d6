"""The demo's own data directory, environment and port: what is configured on this machine stays untouched."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files import locks
from django.core.management.base import CommandError
from django.db import connection

FOLDER = "demo"
#: Set for the demo and every process of it: its process number and the listening socket's.
MARK = "ASCRECON_DEMO"
PORT = 8000
#: The clock of all processes of the demo stands at the moment that this file names.
NOW = "now.txt"
LOCAL = "127.0.0.1"
CONFIGURED = ("ASCRECON_", "DJANGO_", "DATABASE_URL", "EMAIL_URL")
#: The faults of the demo fail for good, and soon: nobody waits for a year's back-off in a demo.
IMPATIENT = {"tries": 3, "first_backoff_seconds": 0.2, "patience_seconds": 2, "total_seconds": 8.0, "read_seconds": 5.0}


def start_again_in_own_directory(moment: datetime) -> None:
    """Replace this process by the same command with the demo's settings; the clock stands at `moment` (aware)."""
    folder = settings.ASCRECON_DATA_DIR / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    set_clock(folder, moment)
    # Bound now and inherited: the port stays ours, and the links in the digest are right.
    listener = _listener()
    os.set_inheritable(listener.fileno(), True)
    own = {
        MARK: f"{os.getpid()}:{listener.fileno()}",
        "ASCRECON_DATA_DIR": str(folder),
        "ASCRECON_NOW_FILE": str(folder / NOW),
        "ASCRECON_BASE_URL": f"http://{LOCAL}:{listener.getsockname()[1]}",
        "ASCRECON_APPSTORE_POLICY": json.dumps(IMPATIENT),
    }
    sys.stdout.flush()
    environment = _not_configured(os.environ) | _without_proxy(os.environ) | own
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)  # noqa: S606 (this very program)


def set_clock(folder: Path, moment: datetime) -> None:
    """Let the clock of every process of the demo stand at `moment` (aware); all of it or nothing is ever read."""
    part = folder / f"{NOW}.part"
    part.write_text(moment.isoformat(), encoding="ascii")
    part.replace(folder / NOW)


def _not_configured(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what is meant for the real installation: its database, its mail server, its keys, its production mode."""
    return {name: value for name, value in environment.items() if not name.startswith(CONFIGURED)}


def _without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """The simulator is on this machine, which a company's proxy does not reach."""
    beside = ",".join(filter(None, (environment.get("no_proxy") or environment.get("NO_PROXY"), LOCAL, "localhost")))
    return {"no_proxy": beside, "NO_PROXY": beside}


def _listener() -> socket.socket:
    """The usual port, or any free one."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOCAL, PORT))
    except OSError:
        listener.bind((LOCAL, 0))
    return listener


def is_own() -> bool:
    """Whether this very process was started by `start_again_in_own_directory`; a variable that somebody exported is not
    enough, for the demo empties its database.
    """
    started = os.environ.get(MARK, "").startswith(f"{os.getpid()}:")
    return started and "DATA_DIR" in connection.settings_dict and settings.ASCRECON_DATA_DIR.name == FOLDER


def listening_socket() -> int:
    """The file descriptor of the web server's socket, bound and not yet listening."""
    return int(os.environ[MARK].partition(":")[2])


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder, until any death: a second demo in it would empty the first one's database."""
    with (folder / "demo.lock").open("w") as file:
        if not locks.lock(file, locks.LOCK_EX | locks.LOCK_NB):
            raise CommandError(f"A demo runs already in {folder}: end it first.", returncode=2)
        yield
