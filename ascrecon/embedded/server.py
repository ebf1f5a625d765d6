"""The supervisor of the embedded server: starts it if needed, leaves it running, stops it on request.

The server is detached (own session, parent 1): web and worker processes come and go, and may be killed,
without it. Any number of starters may call at the same instant: a lock file lets one work, the others find
it done.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from ascrecon.embedded import processes
from ascrecon.embedded.binaries import server_binaries
from ascrecon.embedded.cluster import USER, create_cluster, prepare_folders, refuse_nameless_user
from ascrecon.embedded.config import PORT, write_config
from ascrecon.embedded.environment import forget_libpq_variables, server_environment
from ascrecon.embedded.errors import EmbeddedError
from ascrecon.embedded.place import Place, place_below

DATABASE = "ascrecon"
START_SECONDS = 300.0  # crash recovery after a bulk load takes its time
STOP_SECONDS = 60.0
ATTEMPTS = 3
TAIL_CHARACTERS = 1500

# $! is printed so that a server which dies at once is told from one that is slow. The shell ends at once,
# which makes the server a child of init: nobody has to wait for it.
DETACH = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'


class Server:
    """The one server of a data directory."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @classmethod
    def below(cls, data_dir: str | Path) -> Server:
        return cls(place_below(data_dir))

    def ensure(self) -> None:
        """Returns when the server answers and has our database: after 0.01 s if it runs, 0.7 s if new.

        Raises EmbeddedError with a sentence for the reader.
        """
        forget_libpq_variables()
        refuse_nameless_user()
        try:
            with self._lock():
                self._start()
                self._create_database()
        except OSError as exc:
            raise EmbeddedError(f"The embedded PostgreSQL cannot be started: {exc}.") from exc

    def stop(self) -> bool:
        """Stops the server in order (open transactions are rolled back); False if it did not run."""
        if not self.place.home.exists():
            return False
        with self._lock():
            return self._shut_down()

    def discard(self) -> None:
        """Stops the server and removes its data for good, also what lies outside of the data directory.

        For a data directory that is thrown away (demo, tests): a shelter would stay behind otherwise.
        """
        self.stop()
        for folder in {self.place.root, self.place.socket, self.place.home}:
            shutil.rmtree(folder, ignore_errors=True)

    def pid(self) -> int | None:
        pid = processes.recorded_pid(self.place)
        return pid if pid is not None and processes.is_postgres(pid) else None

    def ping(self) -> psycopg.pq.Ping:
        """Asks the server itself and not a lock file: OK, REJECT (starting or stopping) or NO_RESPONSE."""
        conninfo = psycopg.conninfo.make_conninfo(**self._parameters("postgres"))
        return psycopg.pq.Ping(psycopg.pq.PGconn.ping(conninfo.encode()))

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        self.place.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.place.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _shut_down(self) -> bool:
        pid = self.pid()
        if pid is None:
            return False
        os.kill(pid, signal.SIGINT)
        self._wait_until_gone()
        return True

    def _start(self) -> None:
        if self.place.is_foreign:
            self._shut_down()
        if self.ping() is psycopg.pq.Ping.NO_RESPONSE:
            processes.end_unreachable_servers(self.place)
            prepare_folders(self.place)
            create_cluster(self.place, server_binaries(self.place))
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        """Starts the server again up to three times: one that is just shutting down still holds its locks."""
        pid: int | None = None
        attempts = 0
        deadline = time.monotonic() + START_SECONDS
        while (state := self.ping()) is not psycopg.pq.Ping.OK:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL is not ready after {START_SECONDS:.0f} s:\n{self._last_words()}")
            if state is psycopg.pq.Ping.NO_RESPONSE and not (pid and processes.is_alive(pid)):
                pid = self._attempt(attempts)
                attempts += 1
            time.sleep(0.03)

    def _attempt(self, before: int) -> int:
        if before == ATTEMPTS:
            raise EmbeddedError(f"PostgreSQL did not start:\n{self._last_words()}")
        if before:
            time.sleep(1)
        processes.drop_stale_locks(self.place)
        write_config(self.place)
        return self._spawn()

    def _spawn(self) -> int:
        binary = server_binaries(self.place) / "postgres"
        command: list[str | Path] = [binary, "-D", self.place.data, "-c", f"config_file={self.place.config}"]
        done = subprocess.run(
            ["/bin/sh", "-c", DETACH, "sh", self.place.log / "start.log", *command],
            env=server_environment(),
            cwd="/",
            start_new_session=True,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            umask=0o077,
            **self.place.account.as_process(),
        )
        return int(done.stdout)

    def _create_database(self) -> None:
        with psycopg.connect(**self._parameters("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _wait_until_gone(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while (self.place.data / "postmaster.pid").exists():
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL still runs {STOP_SECONDS:.0f} s after it was told to stop.")
            time.sleep(0.05)

    def _parameters(self, database: str) -> dict[str, Any]:
        return {
            "host": str(self.place.socket),
            "port": PORT,
            "user": USER,
            "dbname": database,
            "connect_timeout": 5,
        }

    def _last_words(self) -> str:
        logs = sorted(self.place.log.glob("*.log"), key=lambda path: path.stat().st_mtime)
        return "\n".join(log.read_text(errors="replace")[-TAIL_CHARACTERS:] for log in logs[-2:])


def database_settings(data_dir: Path) -> dict[str, Any]:
    """The entry for Django's DATABASES: strings only, nothing is made or started."""
    return {
        "ENGINE": "ascrecon.embedded.backend",
        "NAME": DATABASE,
        "USER": USER,
        "HOST": str(place_below(data_dir).socket),
        "PORT": str(PORT),
        "DATA_DIR": str(data_dir),
    }
