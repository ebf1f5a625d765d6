"""When Apple tries to send a notification, and which attempts a scenario lets fail.

Source: Apple documentation, Responding to App Store Server Notifications: in production five retries, 1, 12, 24, 48
and 72 hours after the previous attempt; in sandbox none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ascrecon.simulator.subscriptions.faults import NeverSent, SubscriptionFault, Unreachable

HOUR = 3_600_000
RETRY_HOURS = (1, 12, 24, 48, 72)


def utc_day(ms: int) -> date:
    """The day in UTC of a moment in milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC).date()


@dataclass(frozen=True)
class Road:
    """The way from Apple to one app's webhook, with what is planted on it."""

    faults: Sequence[SubscriptionFault]

    def is_blocked(self, signed_ms: int, at_ms: int) -> bool:
        """Whether the attempt at `at_ms` fails on its way."""
        return self.blocker(signed_ms, at_ms) is not None

    def blocker(self, signed_ms: int, at_ms: int) -> SubscriptionFault | None:
        """The fault that lets an attempt fail; one that lets all of them fail before one that lets some."""
        for fault in sorted(self.faults, key=lambda each: isinstance(each, Unreachable)):
            day = utc_day(signed_ms if isinstance(fault, NeverSent) else at_ms)
            if isinstance(fault, (NeverSent, Unreachable)) and fault.start <= day <= fault.end:
                return fault
        return None

    def arrives(self, signed_ms: int) -> int | None:
        """When a notification of production comes; None where no attempt succeeds."""
        return next((at for at in attempts(signed_ms) if not self.is_blocked(signed_ms, at)), None)


def attempts(signed_ms: int) -> Iterator[int]:
    """The moments of the first attempt and, as long as it goes on failing, of the retries."""
    at = signed_ms
    yield at
    for hours in RETRY_HOURS:
        at += hours * HOUR
        yield at
