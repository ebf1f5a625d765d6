from __future__ import annotations

import pytest

from ascrecon.jobs.trust import ClockTrust
from ascrecon.jobs.watchdog import Patience


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_patience_ends_only_after_an_unbroken_time() -> None:
    clock = Clock()
    patience = Patience(60, clock)
    assert not patience.exhausted(True)
    clock.seconds += 59
    assert not patience.exhausted(True)
    assert not patience.exhausted(False)
    clock.seconds += 59
    assert not patience.exhausted(True)
    clock.seconds += 61
    assert patience.exhausted(True)


@pytest.mark.parametrize("jump", [86_400, -86_400, 6])
def test_leases_are_not_believed_for_a_while_after_the_clock_jumped(jump: float) -> None:
    monotonic, wall = Clock(), Clock()
    trust = ClockTrust(120, monotonic, wall)
    believed = [trust.firm]  # not after a start: what went before is not known
    for seconds, offset in ((120, 0.0), (1, jump), (120, 0.0)):
        monotonic.seconds += seconds
        wall.seconds += seconds + offset
        trust.observe()
        believed.append(trust.firm)
    assert believed == [False, True, False, True]
