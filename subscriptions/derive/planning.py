from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from reports.sql import execute


@contextmanager
def without_nested_loops() -> Iterator[None]:
    """Statements over many subscriptions, in a transaction of their own or the caller's.

    Three columns that go together look to PostgreSQL like three that do not, so it expects one row of each join, and
    would go through ten thousand rows ten thousand times.
    """
    with transaction.atomic():
        execute("SET LOCAL enable_nestloop = off")
        yield
        execute("SET LOCAL enable_nestloop = on")
