from __future__ import annotations

import zlib
from collections.abc import Sequence

from reports.sql import execute


def advisory_lock(*names: str | int) -> None:
    """Wait for PostgreSQL's advisory lock of these names; it is released when the transaction ends."""
    execute("SELECT pg_advisory_xact_lock(%s)", [_key(names)])


def shared_lock(*names: str | int) -> None:
    """The same lock, which others may share: only those wait that want it for themselves."""
    execute("SELECT pg_advisory_xact_lock_shared(%s)", [_key(names)])


def _key(names: Sequence[str | int]) -> int:
    return zlib.crc32("\x1f".join(map(str, names)).encode())
