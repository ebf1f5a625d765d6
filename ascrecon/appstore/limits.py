"""Apple's limits of calls: what the headers say, and how fast the next call may follow."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from .policy import Policy

_HOUR_SECONDS = 3600
_SLOWEST_SECONDS = 60.0
_PAIR = re.compile(r"user-hour-(lim|rem):(\d{1,9})(?=;|\s|$)", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)
_EPOCH_MILLISECONDS = re.compile(r"\d{12,14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Calls per rolling hour and key: how many Apple allows and how many are left."""

    limit: int
    remaining: int

    @property
    def share_left(self) -> float:
        """0 to 1."""
        return self.remaining / self.limit if self.limit else 0.0


def parse_rate_limit(header: str | None) -> RateLimit | None:
    """Reads `user-hour-lim:3500;user-hour-rem:500;`; None where it is absent or not of that form.

    Source: Apple documentation, Identifying Rate Limits.
    """
    found = {name: int(number) for name, number in _PAIR.findall(header or "")}
    if set(found) != {"lim", "rem"}:
        return None
    return RateLimit(limit=found["lim"], remaining=found["rem"])


def parse_retry_after(header: str | None, *, now: datetime, cap: float) -> float | None:
    """Seconds to wait from `now` (aware), between 0 and `cap`; None where the header says nothing readable.

    Takes seconds and an HTTP date (RFC 9110), and Unix time in milliseconds as the App Store Server API
    gives it (Apple documentation, Identifying Rate Limits of that API).
    """
    seconds = _seconds_named((header or "").strip(), now)
    return None if seconds is None else min(max(seconds, 0.0), cap)


def _seconds_named(text: str, now: datetime) -> float | None:
    if _EPOCH_MILLISECONDS.fullmatch(text):
        return int(text) / 1000 - now.timestamp()
    if _SECONDS.fullmatch(text):
        return float(text)
    return _until_http_date(text, now)


def _until_http_date(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (moment - now).total_seconds() if moment.tzinfo else None


class Pacer:
    """Spaces the calls of one client: a least interval, and slower when the hour's budget runs low."""

    def __init__(self, policy: Policy, *, sleep: Callable[[float], None], monotonic: Callable[[], float]) -> None:
        self._policy = policy
        self._sleep = sleep
        self._monotonic = monotonic
        self._last_call: float | None = None
        self.rate_limit: RateLimit | None = None

    def wait_for_turn(self) -> None:
        """Sleeps until the next call may be made, and counts it as made."""
        now = self._monotonic()
        if self._last_call is not None:
            pause = self._last_call + self.interval() - now
            if pause > 0:
                self._sleep(pause)
        self._last_call = self._monotonic()

    def observe(self, header: str | None) -> None:
        """Learns the budget from the X-Rate-Limit header of an answer."""
        self.rate_limit = parse_rate_limit(header) or self.rate_limit

    def interval(self) -> float:
        """Seconds between two calls now.

        Below a tenth of the budget it is the pace that the hour can sustain, and slower the less is left:
        at a twentieth twice as slow; never slower than a minute or the policy's patience.
        """
        budget, least = self.rate_limit, self._policy.min_interval_seconds
        if budget is None or budget.limit == 0 or budget.share_left >= self._policy.slow_below_share:
            return least
        slowest = min(_SLOWEST_SECONDS, self._policy.patience_seconds)
        if budget.remaining == 0:
            return slowest
        sustained = _HOUR_SECONDS / budget.limit
        return max(least, min(slowest, sustained * self._policy.slow_below_share / budget.share_left))
