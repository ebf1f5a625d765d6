"""A campaign's own installation, and the certainty that neither a process nor a database server of it stays behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from ascrecon.embedded.processes import is_alive
from ascrecon.embedded.server import Server

REPOSITORY = Path(__file__).resolve().parents[2]
PREFIX = "ascrecon-soak-"
#: In the environment of every process of a campaign: the process that clears up after it, and the folder.
MARK = "ASCRECON_SOAK"
CONFIGURED = ("ASCRECON_", "DJANGO_", "DATABASE_URL", "EMAIL_URL")
PATIENCE = 20.0  # seconds


@contextmanager
def own_installation() -> Iterator[Path]:
    """A data directory that is gone after the block, with all that ran in it."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    try:
        yield folder
    finally:
        clear(folder)


def run(module: str, arguments: Sequence[str], folder: Path) -> int:
    """Runs a campaign in a session of its own, so that what it kills is never ours; returns its exit code."""
    command = [sys.executable, "-m", module, *arguments]
    child = subprocess.Popen(command, cwd=REPOSITORY, env=environment(folder), start_new_session=True)
    return child.wait()


def environment(folder: Path) -> dict[str, str]:
    """Nothing that is configured for the real installation; no proxy on the way to this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(CONFIGURED)}
    own = {
        MARK: f"{os.getpid()}:{folder}",
        "ASCRECON_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "ascrecon.settings",
    }
    return kept | own | {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def installation() -> Path:
    """The folder of the campaign that this process belongs to."""
    return Path(os.environ[MARK].partition(":")[2])


def clear(folder: Path) -> None:
    for process in _of_installation(folder):
        with suppress(psutil.Error):
            process.kill()
            process.wait(PATIENCE)
    Server.below(folder).discard()
    shutil.rmtree(folder, ignore_errors=True)


def end_what_others_left() -> None:
    """A run that was killed could clear up nothing: the next one does, known by the mark in the environment."""
    for folder in {folder for _process, keeper, folder in _marked() if not is_alive(keeper)}:
        clear(folder)


def _of_installation(folder: Path) -> list[psutil.Process]:
    """PostgreSQL inherits the environment too; it is stopped in order afterwards."""
    return [p for p, _keeper, found in _marked() if found == folder and not _is_postgres(p)]


def _marked() -> Iterator[tuple[psutil.Process, int, Path]]:
    for process in psutil.process_iter():
        keeper, _, folder = _environment(process).get(MARK, "").partition(":")
        if keeper.isdigit():
            yield process, int(keeper), Path(folder)


def _environment(process: psutil.Process) -> dict[str, str]:
    with suppress(psutil.Error):
        return process.environ()
    return {}


def _is_postgres(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.name() == "postgres")
    return False
