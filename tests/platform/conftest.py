from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from ascrecon.embedded import cluster
from ascrecon.embedded.place import place_below
from ascrecon.embedded.server import Server

REPOSITORY = Path(__file__).resolve().parents[2]


class Manage(Protocol):
    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(autouse=True)
def hurried_initdb(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power cut is tested, so initdb need not wait for the disk."""
    monkeypatch.setattr(cluster, "INITDB_OPTIONS", [*cluster.INITDB_OPTIONS, "--no-sync"])


@pytest.fixture
def folder() -> Iterator[Path]:
    """A new folder that the server's account may enter, also when root runs the tests (pytest's own is 0700).

    At the end every server whose data lie in it is stopped.
    """
    path = Path(tempfile.mkdtemp(prefix="ascrecon-test-"))
    path.chmod(0o755)
    yield path
    for lock in list(path.rglob("postgres/lock")):
        Server.below(lock.parents[1]).discard()
    shutil.rmtree(path)


@pytest.fixture
def server(folder: Path) -> Server:
    """A server that was never started."""
    return Server.below(folder / "data")


@pytest.fixture
def manage(folder: Path) -> Manage:
    """Runs manage.py as a user would, with a data directory of its own: folder / "data"."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ASCRECON_", "DJANGO_"))}
    own.pop("DATABASE_URL", None)

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, REPOSITORY / "manage.py", *arguments],
            env={**own, "ASCRECON_DATA_DIR": str(folder / "data"), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def was_started(folder: Path) -> bool:
    return place_below(folder / "data").data.exists()
