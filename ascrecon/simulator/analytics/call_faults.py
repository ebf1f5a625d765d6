"""Faults of single calls: POSTs that are refused or lead to a ghost, segments that cannot be had."""

from __future__ import annotations

from collections import Counter
from datetime import date

from ascrecon.simulator.analytics.faults import GhostSnapshot, ScopeRefused, SegmentFault
from ascrecon.simulator.analytics.instance import Instance
from ascrecon.simulator.analytics.requests import SNAPSHOT
from ascrecon.simulator.scenario import App, Scenario

# A byte of the time stamp in the gzip head: the text stays readable, the checksum does not fit.
TIME_STAMP = 4


class CallFaults:
    """Counts how often each fault has happened, and remembers the ghosts that were made."""

    def __init__(self, scenario: Scenario) -> None:
        self._faults = list(enumerate(scenario.faults))
        self._used: Counter[int] = Counter()
        self._ghosts: set[int] = set()

    def refuses(self, app: App, today: date) -> bool:
        """Whether this POST for an app is 405."""
        for number, fault in self._faults:
            if isinstance(fault, ScopeRefused) and fault.apple_id == app.apple_id and today >= fault.day:
                return self._once_more(number, fault.times)
        return False

    def makes_ghost(self, app: App, access: str, today: date) -> bool:
        """Whether a request that is made for an app now will never be seen again."""
        ghosts = [fault for _, fault in self._faults if isinstance(fault, GhostSnapshot)]
        if access == SNAPSHOT and any(ghost.apple_id == app.apple_id and today >= ghost.day for ghost in ghosts):
            self._ghosts.add(app.apple_id)
            return True
        return False

    def in_the_way(self, app: App, access: str) -> bool:
        """Whether a ghost keeps an app from another request of its kind."""
        return access == SNAPSHOT and app.apple_id in self._ghosts

    def is_expired(self, instance: Instance) -> bool:
        """Whether the URL that is made now has expired already."""
        return self._segment("segment_expired", instance)

    def spoiled(self, instance: Instance, content: bytes) -> bytes:
        """A segment's bytes as they arrive this time."""
        if self._segment("segment_checksum", instance):
            return content[:TIME_STAMP] + b"\x01" + content[TIME_STAMP + 1 :]
        return content[: len(content) // 2] if self._segment("segment_short", instance) else content

    def _segment(self, kind: str, instance: Instance) -> bool:
        key = (instance.request.app.apple_id, instance.report.name, instance.granularity, instance.processed)
        for number, fault in self._faults:
            if isinstance(fault, SegmentFault) and (fault.kind, *fault.instance) == (kind, *key):
                return self._once_more(number, fault.times)
        return False

    def _once_more(self, number: int, times: int | None) -> bool:
        self._used[number] += 1
        return times is None or self._used[number] <= times
