from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ascrecon.embedded.server import Server
from tests.platform.conftest import Manage, was_started


@pytest.mark.parametrize(
    "arguments",
    [
        ("help",),
        ("check",),
        ("collectstatic", "--dry-run", "--no-input"),
        ("makemigrations", "--check", "--dry-run", "auth"),
        ("db", "status"),
    ],
)
def test_it_starts_no_server_for(manage: Manage, folder: Path, arguments: tuple[str, ...]) -> None:
    done = manage(*arguments)

    assert (done.returncode, was_started(folder)) == (0, False), done.stderr


def test_it_makes_a_new_data_directory_usable_by_migrate_alone(manage: Manage, folder: Path) -> None:
    done = manage("migrate", PGOPTIONS="-c foo", PGPORT="6000", LC_ALL="xx")

    assert done.returncode == 0, done.stderr
    assert was_started(folder)


def test_it_works_on_after_the_server_was_killed(manage: Manage, folder: Path) -> None:
    server = Server.below(folder / "data")
    server.ensure()
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    assert manage("showmigrations", "auth").returncode == 0


def test_it_starts_shows_saves_and_stops_the_database(manage: Manage, folder: Path) -> None:
    assert "running, process" in manage("db", "start").stdout
    assert manage("db", "dump", str(folder / "saved.dump")).returncode == 0
    assert (folder / "saved.dump").read_bytes().startswith(b"PGDMP")
    assert "is there already" in manage("db", "dump", str(folder / "saved.dump")).stderr
    assert manage("db", "stop").stdout == "stopped\n"
    assert manage("db", "stop").stdout == "not running\n"


def test_it_does_not_stop_a_server_that_is_not_its_own(manage: Manage) -> None:
    done = manage("db", "stop", DATABASE_URL="postgresql://user:word@127.0.0.1:1/name")

    assert done.returncode == 2
    assert "DATABASE_URL names the server" in done.stderr


def test_it_says_in_a_sentence_that_the_database_does_not_answer(manage: Manage) -> None:
    done = manage("migrate", DATABASE_URL="postgresql://user:word@127.0.0.1:1/name")

    assert done.returncode == 2
    assert done.stderr.startswith("The database cannot be used: ")
    assert "Traceback" not in done.stderr
    assert "word" not in done.stderr


def test_it_says_in_a_sentence_that_data_are_of_another_version(manage: Manage, folder: Path) -> None:
    (folder / "data" / "postgres" / "17").mkdir(parents=True)
    done = manage("migrate")

    assert done.returncode == 2
    assert "holds data of PostgreSQL 17" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_refuses_a_wrong_setting_in_one_line(manage: Manage) -> None:
    done = manage("check", DATABASE_URL="nonsense://user:word@host/name")

    assert done.returncode == 2
    assert done.stderr == ("DATABASE_URL must name a PostgreSQL server: postgresql://USER:PASSWORD@HOST:5432/NAME.\n")
