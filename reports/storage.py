from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.core.files import File
from django.core.files.storage import FileSystemStorage

PART = ".new-"
ABANDONED = 24 * 3600.0  # seconds; no file takes that long to write


class DurableFileStorage(FileSystemStorage):
    """A file is there whole or not at all: written beside its place, flushed to the disk, then renamed.

    Names are content hashes here, so overwriting a file writes the same bytes again.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File[bytes] | IO[bytes]) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=PART, dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                for chunk in (
                    content.chunks() if isinstance(content, File) else iter(lambda: content.read(1 << 20), b"")
                ):
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            os.replace(temporary, target)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
        return name


def remove_abandoned_parts(folder: Path) -> int:
    """Removes what processes left half written that were killed while they wrote; returns how many files."""
    oldest = time.time() - ABANDONED
    abandoned = [part for part in folder.rglob(f"{PART}*") if part.stat().st_mtime < oldest]
    for part in abandoned:
        part.unlink(missing_ok=True)
    return len(abandoned)
