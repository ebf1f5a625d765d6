"""Apple's times are whole milliseconds since 1970 in UTC; columns keep them as they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The last moment that a datetime can hold; anything later is no time that a person could read.
LATEST_MS = 253_402_300_799_999


def moment(ms: int | None) -> datetime | None:
    """The moment in UTC; None where it is not known or lies outside the calendar."""
    if ms is None or not 0 <= ms <= LATEST_MS:
        return None
    return EPOCH + timedelta(milliseconds=ms)


def milliseconds(at: datetime) -> int:
    """A moment (aware) in Apple's form, without what is below a millisecond."""
    return (at - EPOCH) // timedelta(milliseconds=1)
