from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import transaction

from reports.sql import execute, fetch

#: For these statements alone: tens of thousands of copies are sorted in memory and not through files, tables are joined
#: by hashing, and in the order in which the statement names them.
SETTINGS = {"work_mem": "64MB", "enable_nestloop": "off", "enable_mergejoin": "off", "join_collapse_limit": "1"}


@contextmanager
def without_nested_loops() -> Iterator[None]:
    """Statements over many subscriptions, in a transaction of their own or the caller's.

    Three columns that go together look to PostgreSQL like three that do not, so it expects one row of each join, and
    would go through ten thousand rows ten thousand times; so would a merge by the app alone. What is left is to hash.
    For the same reason it would join whatever shares an app first, and have each customer beside each subscription.
    """
    with transaction.atomic():
        before = {name: fetch(f"SHOW {name}")[0][0] for name in SETTINGS}
        _set(SETTINGS)
        yield
        _set(before)


def _set(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        execute(f"SET LOCAL {name} = '{value}'")
