"""Plain SQL where one statement does what a loop would: on the default connection, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

# PostgreSQL takes the sum or the hash of a row for nearly free, and would rather work alone than hand over millions.
SHARED = "SET LOCAL parallel_tuple_cost = 0.005"

Parameters = Mapping[str, Any] | Sequence[Any] | None


def execute(statement: str, parameters: Parameters = None) -> int:
    """Run it; returns the number of rows that it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def fetch(statement: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
    """Run it; returns all its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
