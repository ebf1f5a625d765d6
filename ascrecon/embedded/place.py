"""Where the parts of one embedded server lie. Computed only: nothing is made, nothing is started."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from ascrecon.embedded.account import Account, server_account

MAJOR = 18
# For root only: where data goes that would lie below a folder which the server's account may not enter.
SHELTERS = Path("/var/lib/ascrecon")
# A socket's path holds 104 bytes on macOS and 108 on Linux, less the file's own name.
LONGEST_SOCKET_FOLDER = 80
# libpq reads a comma as a list of hosts and "@" as an abstract socket; a quote would end the setting's value.
UNFIT_FOR_SOCKET = frozenset('",@')


@dataclass(frozen=True)
class Place:
    """One server's folders: `home` is where the caller wants them, `root` where they are, mostly the same."""

    home: Path
    root: Path
    account: Account

    @property
    def data(self) -> Path:
        """The cluster; the major version is in its name, since one version cannot read another's files."""
        return self.root / str(MAJOR)

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def config(self) -> Path:
        """Our settings. `local.conf` beside them is the administrator's and has the last word."""
        return self.root / "ascrecon.conf"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def moved(self) -> Path:
        """The mark that this installation's data lies in a shelter."""
        return self.home / "moved.txt"

    @property
    def is_sheltered(self) -> bool:
        return self.root != self.home

    @property
    def is_foreign(self) -> bool:
        """Whether what lies in the shelter comes from an installation in the same path that was removed."""
        return self.is_sheltered and not self.moved.exists()

    @property
    def socket(self) -> Path:
        """The socket's folder: `root`, or a private one in /tmp where that path cannot hold a socket."""
        path = str(self.root)
        if len(os.fsencode(path)) <= LONGEST_SOCKET_FOLDER and not UNFIT_FOR_SOCKET & set(path):
            return self.root
        return Path(f"/tmp/ascrecon-{self.account.uid}-{digest(self.root)}")  # noqa: S108  (owner and mode are checked)


def place_below(data_dir: str | Path) -> Place:
    """The place of the server whose data belong to the installation in `data_dir`."""
    home = Path(os.path.abspath(data_dir)) / "postgres"
    account = server_account(home)
    if _needs_shelter(home, account):
        return Place(home, SHELTERS / digest(home), account)
    return Place(home, home, account)


def _needs_shelter(home: Path, account: Account) -> bool:
    """Data stay where they are: a folder's mode that changes later must not make an empty database appear."""
    if os.geteuid() or (home / str(MAJOR)).exists():
        return False
    return (home / "moved.txt").exists() or not account.may_enter(home.parent)


def make_shelters() -> None:
    """Makes /var/lib/ascrecon, which all may enter whatever root's umask is."""
    if not SHELTERS.exists():
        SHELTERS.mkdir(parents=True)
        SHELTERS.chmod(0o755)


def digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
