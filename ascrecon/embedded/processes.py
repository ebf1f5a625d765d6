"""Looks at server processes: whose is a number in a lock file, which servers can nobody reach."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil

from ascrecon.embedded.config import PORT
from ascrecon.embedded.place import Place

PATIENCE = 20.0  # seconds for one signal to end a server


def socket_file(place: Place) -> Path:
    return place.socket / f".s.PGSQL.{PORT}"


def recorded_pid(place: Place) -> int | None:
    """The process that postmaster.pid names, which need not exist any more."""
    return _first_number(place.data / "postmaster.pid")


def is_alive(pid: int) -> bool:
    """A zombie counts as dead: in a container without an init nobody collects it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_postgres(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.name() == "postgres"
    except psutil.NoSuchProcess:
        return False


def drop_stale_locks(place: Place) -> None:
    """After a power cut, or in a new container, the number in a lock file may belong to a stranger:
    PostgreSQL would then refuse to start.
    """
    socket = socket_file(place)
    for lock in (place.data / "postmaster.pid", socket.with_name(f"{socket.name}.lock")):
        pid = _first_number(lock)
        if pid is not None and not is_postgres(pid):
            lock.unlink(missing_ok=True)


def end_unreachable_servers(place: Place) -> None:
    """Ends every server of this data folder that nobody can reach. To be called before initdb.

    A server whose folder was removed still writes global/pg_control by absolute path when it shuts down in
    order, into its successor, which is lost by that; SIGQUIT makes it end without writing. The server that
    postmaster.pid names has only lost its socket (/tmp was swept): it may shut down in order.
    """
    for process in _servers(place):
        recorded = process.pid == recorded_pid(place)
        if recorded and socket_file(place).exists():
            continue
        _end(process, signal.SIGINT if recorded else signal.SIGQUIT)


def _servers(place: Place) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] != "postgres":
            continue
        if (process.info["cmdline"] or [])[1:3] == ["-D", str(place.data)] and _shares_our_files(process.pid):
            yield process


def _shares_our_files(pid: int) -> bool:
    """False for a server in a container, whose folder only bears the same name; seen by root on the host."""
    try:
        return not os.path.isdir("/proc/self/root") or os.path.samefile(f"/proc/{pid}/root", "/")
    except OSError:
        return False


def _end(process: psutil.Process, first: signal.Signals) -> None:
    for signum in (first, signal.SIGKILL):
        with contextlib.suppress(psutil.TimeoutExpired):
            try:
                process.send_signal(signum)
                process.wait(PATIENCE)
            except psutil.NoSuchProcess:
                pass
            return


def _first_number(path: Path) -> int | None:
    """PostgreSQL writes the process's number first; a stand-alone backend writes it negative."""
    try:
        return abs(int(path.read_text(encoding="utf-8").split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None
