from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from ascrecon.embedded import processes
from ascrecon.embedded.cluster import USER
from ascrecon.embedded.config import PORT
from ascrecon.embedded.errors import EmbeddedError
from ascrecon.embedded.server import DATABASE, Server
from tests.platform.conftest import REPOSITORY

START = "import sys; from ascrecon.embedded.server import Server; Server.below(sys.argv[1]).ensure()"


def ask(server: Server, question: str) -> str:
    with psycopg.connect(host=str(server.place.socket), port=PORT, user=USER, dbname=DATABASE) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def keep_a_row(server: Server) -> None:
    with psycopg.connect(host=str(server.place.socket), port=PORT, user=USER, dbname=DATABASE) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 12.30 AS amount")


def running_pid(server: Server) -> int:
    pid = server.pid()
    assert pid is not None
    return pid


def start_elsewhere(data_dir: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", START, data_dir], cwd=REPOSITORY)


def test_it_starts_stays_and_stops(server: Server) -> None:
    server.ensure()
    pid = running_pid(server)
    server.ensure()

    assert server.pid() == pid
    assert_closed_to_the_network_and_to_others(server)
    assert server.stop() is True
    assert server.pid() is None
    assert server.stop() is False


def assert_closed_to_the_network_and_to_others(server: Server) -> None:
    assert ask(server, "SHOW listen_addresses") == ""
    assert server.place.socket.stat().st_mode & 0o777 == 0o700
    assert processes.socket_file(server.place).stat().st_mode & 0o777 == 0o700


def test_it_takes_no_locale_zone_or_port_from_the_caller(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    surroundings = {"LC_ALL": "xx_XX", "LANG": "xx", "TZ": "America/New_York", "PGPORT": "6000"}
    for name, value in {**surroundings, "PGOPTIONS": "-c foo", "PGHOSTADDR": "192.0.2.1"}.items():
        monkeypatch.setenv(name, value)
    server.ensure()

    assert ask(server, "SHOW timezone") == "UTC"
    assert ask(server, "SELECT datlocale FROM pg_database WHERE datname = 'ascrecon'") == "C.UTF-8"


def test_it_gives_local_conf_the_last_word(server: Server) -> None:
    server.place.root.mkdir(parents=True)
    (server.place.root / "local.conf").write_text("work_mem = '7MB'\n")
    server.ensure()

    assert ask(server, "SHOW work_mem") == "7MB"


def test_it_starts_one_server_for_four_simultaneous_starters(folder: Path) -> None:
    starters = [start_elsewhere(folder / "data") for _ in range(4)]

    assert [starter.wait(60) for starter in starters] == [0, 0, 0, 0]
    mine = [process for process in psutil.process_iter(["cmdline"]) if is_server_of(process, folder)]
    assert len(mine) == 1


def is_server_of(process: psutil.Process, folder: Path) -> bool:
    command = process.info["cmdline"] or []
    return command[1:2] == ["-D"] and command[2].startswith(str(folder))


def test_it_recovers_when_the_server_was_killed(server: Server) -> None:
    server.ensure()
    keep_a_row(server)
    os.kill(running_pid(server), signal.SIGKILL)
    server.ensure()

    assert ask(server, "SELECT amount FROM kept") == "12.30"


def test_it_starts_although_the_recorded_process_number_is_a_strangers(server: Server) -> None:
    server.ensure()
    keep_a_row(server)
    server.stop()
    (server.place.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.place.data}\n")
    server.ensure()

    assert ask(server, "SELECT amount FROM kept") == "12.30"


def test_it_starts_again_when_the_socket_was_swept_away(server: Server) -> None:
    server.ensure()
    keep_a_row(server)
    processes.socket_file(server.place).unlink()
    server.ensure()

    assert ask(server, "SELECT amount FROM kept") == "12.30"


def test_it_starts_empty_when_the_folder_was_removed_under_the_server(server: Server) -> None:
    server.ensure()
    first = running_pid(server)
    shutil.rmtree(server.place.home)
    server.ensure()

    assert not processes.is_alive(first)
    assert ask(server, "SELECT count(*) FROM pg_class WHERE relname = 'kept'") == "0"


def test_it_starts_after_an_initdb_that_was_cut_off(server: Server) -> None:
    left = server.place.root / ".new-left" / "base"
    left.mkdir(parents=True)
    server.ensure()

    assert not left.exists()


@pytest.mark.parametrize("name", ["a b ä日本 it's $HOME `x` back\\slash", 'a,b "so"', "x" * 110])
def test_it_works_in_a_folder_named(folder: Path, name: str) -> None:
    server = Server.below(folder / name)
    server.ensure()

    assert ask(server, "SELECT 1") == "1"


def test_it_keeps_two_data_directories_apart(folder: Path) -> None:
    one, other = Server.below(folder / "one"), Server.below(folder / "other")
    one.ensure()
    other.ensure()
    keep_a_row(one)
    other.stop()

    assert ask(one, "SELECT amount FROM kept") == "12.30"
    assert one.pid() is not None


def test_it_leaves_data_of_another_major_version_alone(server: Server) -> None:
    earlier = server.place.root / "17"
    earlier.mkdir(parents=True)
    (earlier / "PG_VERSION").write_text("17\n")

    with pytest.raises(EmbeddedError, match=r"holds data of PostgreSQL 17 .* Nothing was changed"):
        server.ensure()

    assert [path.name for path in earlier.iterdir()] == ["PG_VERSION"]


def test_it_says_what_to_do_where_no_programs_are_installed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(EmbeddedError, match="name a database server in DATABASE_URL"):
        server.ensure()
