from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage

from ascrecon import clock
from reports.files.hashing import digest_file
from reports.models import RawFile


def keep(path: Path) -> RawFile:
    """Keep the bytes of `path` as received, under their SHA-256, before anything reads them.

    The same bytes are kept once. A file whose size in the store is wrong (a crash of another storage) is written again.
    """
    digest = digest_file(path)
    stored_as = f"raw/{digest.sha256[:2]}/{digest.sha256}"
    if not (default_storage.exists(stored_as) and default_storage.size(stored_as) == digest.size):
        with path.open("rb") as file:
            default_storage.save(stored_as, File(file))
    raw, _ = RawFile.objects.get_or_create(
        sha256=digest.sha256, defaults={"size": digest.size, "stored_as": stored_as, "created_at": clock.now()}
    )
    return raw


@contextmanager
def local_copy(raw: RawFile) -> Iterator[Path]:
    """A path to the kept bytes for readers that need one, whatever the storage is."""
    with tempfile.TemporaryDirectory(prefix="ascrecon-raw-") as folder:
        path = Path(folder) / "raw"
        with default_storage.open(raw.stored_as, "rb") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield path
