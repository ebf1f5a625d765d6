"""Identity of a file: SHA-256 and size."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileDigest:
    """Lower-case hexadecimal SHA-256 and size in bytes."""

    sha256: str
    size: int


def digest_file(path: Path) -> FileDigest:
    """SHA-256 and size of the file at `path`, read as a stream."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return FileDigest(sha256=sha256, size=file.tell())
