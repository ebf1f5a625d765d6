"""Makes the data folder of a new server."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

from ascrecon.embedded.environment import server_environment
from ascrecon.embedded.errors import EmbeddedError
from ascrecon.embedded.place import MAJOR, Place, make_shelters

USER = "ascrecon"
INITDB_OPTIONS = [
    f"--username={USER}",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
]


def prepare_folders(place: Place) -> None:
    """Makes the folders around the data, private to the server's account."""
    if place.is_sheltered:
        _prepare_shelter(place)
    elif place.account.as_process() and not place.account.may_enter(place.home.parent):
        raise EmbeddedError(f"{place.data} lies below a folder that its account may no longer enter.")
    for folder in (place.root, place.log):
        folder.mkdir(mode=0o700, exist_ok=True)
        place.account.take_over(folder)
    if place.socket != place.root:
        _prepare_socket_folder(place)


def _prepare_shelter(place: Place) -> None:
    """Sets a removed installation's data aside: one in the same path starts empty, and nothing is lost."""
    make_shelters()
    if not place.is_foreign:
        return
    if place.root.exists():
        aside = place.root.with_name(f"{place.root.name}.left-{uuid.uuid4().hex[:8]}")
        place.root.rename(aside)
        sys.stderr.write(f"Data of a removed installation in {place.home.parent} were kept in {aside}.\n")
    place.root.mkdir(mode=0o700)
    place.moved.write_text(f"{place.root}\n", encoding="utf-8")
    sys.stderr.write(f"PostgreSQL's data go to {place.root}: its account may not enter {place.home.parent}.\n")


def _prepare_socket_folder(place: Place) -> None:
    """A folder in /tmp can be anybody's: it is used only if it is a real one, ours and closed to others."""
    try:
        place.socket.mkdir(mode=0o700)
        place.account.take_over(place.socket)
    except FileExistsError:
        pass
    found = place.socket.lstat()
    is_private = found.st_uid == place.account.uid and not found.st_mode & 0o077
    if place.socket.is_symlink() or not place.socket.is_dir() or not is_private:
        raise EmbeddedError(f"{place.socket} is not a private folder of the server's account: remove it.")


def create_cluster(place: Place, binaries: Path) -> None:
    """Runs initdb into a new folder and renames it, so that a killed initdb leaves nothing that looks like
    data.

    Sort order and case rules are PostgreSQL's own C.UTF-8: the same on every machine, in any locale.
    """
    if (place.data / "PG_VERSION").exists():
        return
    refuse_other_major(place)
    for left in place.root.glob(".new-*"):
        shutil.rmtree(left)
    fresh = place.root / f".new-{uuid.uuid4().hex}"
    done = subprocess.run(
        [binaries / "initdb", "-D", fresh, *INITDB_OPTIONS],
        env=server_environment(),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **place.account.as_process(),
    )
    if done.returncode:
        raise EmbeddedError(f"initdb: {done.stderr.strip()}")
    fresh.rename(place.data)


def refuse_other_major(place: Place) -> None:
    """Another version's data are left as they are; PostgreSQL cannot read them in place."""
    others = sorted(found.name for found in place.root.iterdir() if found.name.isdigit())
    if others:
        raise EmbeddedError(
            f"{place.root} holds data of PostgreSQL {', '.join(others)} and this version brings {MAJOR}. "
            "Nothing was changed. With the earlier version of ascrecon run `manage.py db dump FILE`, move "
            "that folder away, then load the file into the new database with pg_restore."
        )


def refuse_nameless_user() -> None:
    """initdb asks for the name of the account; a container's `--user 54321` has none."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError as exc:
        raise EmbeddedError(
            f"PostgreSQL needs an account with a name and user id {os.geteuid()} has none in /etc/passwd: "
            "add an entry, or name a database server in DATABASE_URL."
        ) from exc
