from __future__ import annotations

import zlib

from reports.sql import execute


def advisory_lock(*names: str | int) -> None:
    """Wait for PostgreSQL's advisory lock of these names; it is released when the transaction ends."""
    key = zlib.crc32("\x1f".join(map(str, names)).encode())
    execute("SELECT pg_advisory_xact_lock(%s)", [key])
