"""A database server of the campaign's own, a fresh database for each run, and the processes that work on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import django
import psycopg
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from psycopg import sql

from ascrecon.embedded.cluster import USER
from ascrecon.embedded.config import PORT
from ascrecon.embedded.server import Server
from tests.soak.housekeeping import REPOSITORY, installation

BLANK = "blank"
NOON = "2026-11-20T20:00:00+00:00"
#: Short, so that recovery can be waited for; a table says them beside what it measured.
TIMES = {"LEASE": 4, "SWEEP": 1, "WATCHDOG": 5, "GRACE": 5, "RESTART": 1}


class Bench:
    """One server; the databases of its runs are copies of one that is migrated once."""

    def __init__(self) -> None:
        self.folder = installation()
        self.server = Server.below(self.folder)
        self.server.ensure()
        self._configure()

    def _configure(self) -> None:
        """Makes this process a part of the installation, as a web process would be."""
        self.sql("CREATE DATABASE {}", BLANK)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "tests.soak.settings",
            "DATABASE_URL": self.url(BLANK),
            "DJANGO_SECRET_KEY": "soak" * 20,
            "ASCRECON_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "ASCRECON_NOW": NOON,
            "ASCRECON_LOG_LEVEL": "WARNING",
        } | {f"ASCRECON_JOB_{name}": str(value) for name, value in TIMES.items()}
        django.setup()
        call_command("migrate", verbosity=0)

    def url(self, database: str) -> str:
        """Named by URL the server is a foreign one: nobody starts it again but the campaign."""
        return f"postgresql://{USER}@/{database}?{urlencode({'host': self.server.place.socket, 'port': PORT})}"

    def fresh(self, database: str, tablespace: str = "pg_default") -> Path:
        """Points this process to a new copy of the blank database; returns the run's data directory."""
        connection.close()
        self.sql("CREATE DATABASE {} TEMPLATE {} TABLESPACE {}", database, BLANK, tablespace)
        connection.settings_dict["NAME"] = database
        folder = self.folder / database
        folder.mkdir(exist_ok=True)
        os.environ |= {"DATABASE_URL": self.url(database), "ASCRECON_DATA_DIR": str(folder)}
        override_settings(ASCRECON_DATA_DIR=folder, MEDIA_ROOT=folder / "files").enable()
        return folder

    def sql(self, statement: str, *names: str) -> None:
        where = {"host": str(self.server.place.socket), "port": PORT, "user": USER, "dbname": "postgres"}
        with psycopg.connect(**where, autocommit=True) as connection:  # type: ignore[arg-type]
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class Work:
    """`manage.py work` on the current database, as systemd would run it."""

    def __init__(self, folder: Path, extra: Mapping[str, str]) -> None:
        self._log = folder / "work.log"
        self._extra = extra
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.child = subprocess.Popen(
                [sys.executable, "manage.py", "work"],
                cwd=REPOSITORY,
                env=os.environ | self._extra,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def end(self) -> int:
        """SIGTERM, as a deployment does it; what does not end within a minute is killed. Returns the exit code."""
        self.child.terminate()
        try:
            return self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def kill(self) -> None:
        """The supervisor alone; its group lives on."""
        self.child.kill()
        self.child.wait()


@contextmanager
def worker(folder: Path, extra: Mapping[str, str] | None = None) -> Iterator[Work]:
    """Workers on the current database until the block ends."""
    work = Work(folder, extra or {})
    try:
        yield work
    finally:
        work.end()
