from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage

from ascrecon import clock
from reports.files.hashing import FileDigest, digest_file
from reports.models import RawFile


def keep(path: Path) -> RawFile:
    """Keep the bytes of `path` as received, under their SHA-256, before anything reads them."""
    digest = digest_file(path)
    stored_as = store(path, digest, f"raw/{digest.sha256[:2]}")
    raw, _ = RawFile.objects.get_or_create(
        sha256=digest.sha256, defaults={"size": digest.size, "stored_as": stored_as, "created_at": clock.now()}
    )
    return raw


def store(path: Path, digest: FileDigest, folder: str) -> str:
    """Put bytes into a folder of the store under their SHA-256; returns the name there.

    The same bytes are kept once. A file whose size in the store is wrong (a crash of another storage) is written again.
    """
    stored_as = f"{folder}/{digest.sha256}"
    if not (default_storage.exists(stored_as) and default_storage.size(stored_as) == digest.size):
        with path.open("rb") as file:
            default_storage.save(stored_as, File(file))
    return stored_as


@contextmanager
def local_copy(raw: RawFile) -> Iterator[Path]:
    """A path to the kept bytes for readers that need one, whatever the storage is."""
    with copy_of(raw.stored_as) as path:
        yield path


@contextmanager
def copy_of(stored_as: str) -> Iterator[Path]:
    """The same for a name in the store."""
    with tempfile.TemporaryDirectory(prefix="ascrecon-raw-") as folder:
        path = Path(folder) / "raw"
        with default_storage.open(stored_as, "rb") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield path
