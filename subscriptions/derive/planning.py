from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from reports.sql import execute

#: Tens of thousands of copies are sorted in memory; with PostgreSQL's usual 4 MB they would go through files.
ROOM = "SET LOCAL work_mem = '64MB'"


@contextmanager
def without_nested_loops() -> Iterator[None]:
    """Statements over many subscriptions, in a transaction of their own or the caller's.

    Three columns that go together look to PostgreSQL like three that do not, so it expects one row of each join, and
    would go through ten thousand rows ten thousand times; so would a merge by the app alone. What is left is to hash.
    """
    with transaction.atomic():
        execute(ROOM)
        for way in ("enable_nestloop", "enable_mergejoin"):
            execute(f"SET LOCAL {way} = off")
        yield
        for way in ("enable_nestloop", "enable_mergejoin"):
            execute(f"SET LOCAL {way} = on")
