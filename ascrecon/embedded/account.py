"""Which account the server runs as. PostgreSQL refuses root; no account is added and no folder is opened."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascrecon.embedded.errors import EmbeddedError

SYSTEM_ACCOUNTS = ("ascrecon", "postgres", "pgserver", "nobody")


@dataclass(frozen=True)
class Account:
    """An account of this machine, by number."""

    uid: int
    gid: int

    def may_enter(self, folder: Path) -> bool:
        """Whether the account reaches the folder itself: it needs the search bit of each folder on the way.

        Folders that do not exist yet are ours to make and do not count.
        """
        return all(self._may_search(step) for step in [folder, *folder.parents] if step.exists())

    def _may_search(self, folder: Path) -> bool:
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & 0o100)
        return bool(found.st_mode & (0o010 if found.st_gid == self.gid else 0o001))

    def take_over(self, path: Path) -> None:
        """Makes `path` the account's own; a change only where root made it for another account."""
        if os.geteuid() != self.uid:
            os.chown(path, self.uid, self.gid)

    def as_process(self) -> dict[str, Any]:
        """The arguments with which `subprocess` runs a program as this account."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(folder: Path) -> Account:
    """The caller, or for root the owner of the folder, else an account that exists already.

    A folder that is not there yet takes the owner of its nearest parent, so that root working in somebody's
    checkout leaves a database that its owner can use.
    """
    if os.geteuid():
        return Account(os.geteuid(), os.getegid())
    nearest = next(step for step in (folder, *folder.parents) if step.exists())
    return _owner(nearest) or _system_account()


def _owner(folder: Path) -> Account | None:
    uid = folder.stat().st_uid
    try:
        return Account(uid, pwd.getpwuid(uid).pw_gid) if uid else None
    except KeyError:  # initdb looks the number up and fails without an entry
        return None


def _system_account() -> Account:
    entries = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid}
    entry = next((entries[name] for name in SYSTEM_ACCOUNTS if name in entries), None)
    if entry is None:
        raise EmbeddedError(
            "PostgreSQL does not run as root and this machine has none of the accounts "
            f"{', '.join(SYSTEM_ACCOUNTS)}: name a database server in DATABASE_URL."
        )
    return Account(entry.pw_uid, entry.pw_gid)
