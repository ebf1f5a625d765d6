"""Whether the database's clock can be believed when it says that a lease has run out."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection

JUMP = 5.0  # seconds


def database_seconds() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return float(cursor.fetchone()[0])


class ClockTrust:
    """After an outage of the database, or a jump of its clock, all leases look expired though their workers live.

    They need a moment to renew them. So for the length of a lease nothing is taken back for its lease alone.
    """

    def __init__(
        self,
        lease: float,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = database_seconds,
    ) -> None:
        self._lease = lease
        self._monotonic = monotonic
        self._wall = wall
        self._offset: float | None = None
        self._from = 0.0
        self.shaken()

    @property
    def firm(self) -> bool:
        return self._monotonic() >= self._from

    def shaken(self) -> None:
        self._from = self._monotonic() + self._lease

    def observe(self) -> None:
        """Compares how far both clocks went since the last call. One short query."""
        offset = self._wall() - self._monotonic()
        if self._offset is not None and abs(offset - self._offset) > JUMP:
            self.shaken()
        self._offset = offset
