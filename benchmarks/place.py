"""A database and a data directory of the benchmark alone; nothing of the user's is touched, all is removed."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from benchmarks.measuring import REPOSITORY


@contextmanager
def own_place() -> Iterator[Path]:
    """A fresh data directory and a fresh database on the configured server, else a server of its own.

    The environment is set for this process and its children; Django must not be set up before.
    """
    _end_on_signals()
    (REPOSITORY / "var").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=REPOSITORY / "var"))
    os.environ |= {"ASCRECON_DATA_DIR": str(folder), "ASCRECON_LOG_LEVEL": "WARNING"}
    os.environ.pop("ASCRECON_NOW", None)
    try:
        with _database(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(folder: Path) -> Iterator[None]:
    from ascrecon import env  # noqa: PLC0415  (reads the environment, which is set by now)

    if url := env.secret("DATABASE_URL"):
        with _scratch_database(url):
            yield
    else:
        with _scratch_server(folder):
            yield


@contextmanager
def _scratch_database(url: str) -> Iterator[None]:
    name = f"ascrecon_bench_{secrets.token_hex(4)}"
    os.environ.pop("DATABASE_URL_FILE", None)
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _scratch_server(folder: Path) -> Iterator[None]:
    from ascrecon.embedded.server import Server  # noqa: PLC0415  (cannot be imported on Windows)

    try:
        yield
    finally:
        Server.below(folder).discard()


def _end_on_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
