"""How fast the App Store Server API may be asked: limits per second, each with its source, in limits.json."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files


@cache
def facts() -> dict[str, float]:
    text = files(__package__).joinpath("limits.json").read_text(encoding="utf-8")
    return {name: float(fact["value"]) for name, fact in json.loads(text).items()}


class PerSecond:
    """Spaces the calls of one app to each endpoint. A test's clock may be given as `monotonic` and `sleep`."""

    def __init__(self, *, is_sandbox: bool, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        share = facts()["used_share"] * (facts()["sandbox_share"] if is_sandbox else 1)
        self._intervals = {name: 1 / (limit * share) for name, limit in facts().items() if not name.endswith("share")}
        self._next: dict[str, float] = {}
        self._monotonic = monotonic
        self._sleep = sleep

    def wait_for_turn(self, endpoint: str) -> None:
        """Sleep until this endpoint may be asked again, and count the call as made."""
        pause = self._next.get(endpoint, 0.0) - self._monotonic()
        if pause > 0:
            self._sleep(pause)
        self._next[endpoint] = self._monotonic() + self._intervals[endpoint]
