"""The one clock. Whatever asks "what day is it" asks here, so that a past day can be looked at again.

Order: the override (`--as-of`, tests), then ASCRECON_NOW or the file that ASCRECON_NOW_FILE names, then the machine's
clock. The override is a plain module variable and not a context variable because a test's live server answers from
another thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from ascrecon import env

_override: datetime | None = None


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _override or env.moment("ASCRECON_NOW") or datetime.now(UTC)


def today(zone: str) -> date:
    """The calendar day in a zone named as in the IANA database, such as America/Los_Angeles."""
    return now().astimezone(ZoneInfo(zone)).date()


def set_override(moment: datetime | None) -> None:
    """Makes the clock stand at `moment`, which must have a time zone; None lets it run again."""
    global _override  # noqa: PLW0603  (one clock per process is the point)
    if moment is not None and moment.tzinfo is None:
        raise ValueError(f"The clock needs a moment with a time zone, not {moment!r}.")
    _override = moment.astimezone(UTC) if moment else None


@contextmanager
def standing_at(moment: datetime | None) -> Iterator[None]:
    """The clock stands at `moment` within the block; None leaves it as it is."""
    before = _override
    set_override(moment or before)
    try:
        yield
    finally:
        set_override(before)
