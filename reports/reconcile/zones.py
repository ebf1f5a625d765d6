"""Do two series of the same events differ only because their days end at different midnights?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

#: Fewer days prove nothing: few differences can always be put down to something.
LEAST_DAYS = 7
#: Nearly every day has events near midnight, so nearly every day differs.
LEAST_DIFFERING = 0.6
#: What one day loses the next one gains, so both signs are there; a number that is always too high is no shift.
LEAST_OF_EACH_SIGN = 0.15
#: A UTC day ends 7 or 8 hours before a Pacific one. Of an even day that is about 0.3; people are not even.
SHARE = (0.02, 0.75)


def shifted_spans(earlier: Sequence[Decimal], later: Sequence[Decimal]) -> list[tuple[int, int]]:
    """The parts (first index, index after the last) of two series of days in which only the midnight differs.

    A wrong day cuts the series: what lies before and after it is looked at on its own.
    """
    differences = [utc - pacific for utc, pacific in zip(earlier, later, strict=True)]
    spans, start = [], 0
    while start < len(later):
        end = _reach(differences, later, start)
        if end < len(later):
            end = _wrong_day(differences, later, start, end)
        if is_zone_shift(earlier[start:end], later[start:end]):
            spans.append((start, end))
        start = end + 1
    return spans


def _reach(differences: Sequence[Decimal], later: Sequence[Decimal], start: int) -> int:
    """The index of the first day from `start` on that no shift allows."""
    total, least, most = Decimal(0), Decimal(0), Decimal("Infinity")
    for n in range(start, len(later)):
        total += differences[n]
        least, most = max(least, total), min(most, later[n] + total)
        if least > most:
            return n
    return len(later)


def _wrong_day(differences: Sequence[Decimal], later: Sequence[Decimal], start: int, end: int) -> int:
    """The day without which the series goes on longest; of several such days the one that differs most."""
    return max(range(start, end + 1), key=lambda n: (_reach(differences, later, n + 1), abs(differences[n])))


def is_zone_shift(earlier: Sequence[Decimal], later: Sequence[Decimal]) -> bool:
    """Whether moving one part of each day to the next turns `later` (Pacific days) into `earlier` (UTC days).

    Both hold one value per consecutive day. With f(d) = what day d hands on to the next, earlier(d) = later(d) - f(d)
    + f(d-1), so the sum of the differences up to d is f(before) - f(d). A shift is possible only where all f(d) lie
    between 0 and later(d) for one f(before); a missing or doubled amount breaks that bound. Works for counts and
    amounts that are never negative.
    """
    if len(later) < LEAST_DAYS or any(value < 0 for value in (*earlier, *later)):
        return False
    differences = [utc - pacific for utc, pacific in zip(earlier, later, strict=True)]
    up, down = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    if up + down < LEAST_DIFFERING * len(differences) or min(up, down) < LEAST_OF_EACH_SIGN * (up + down):
        return False
    return _possible(differences, later)


def _possible(differences: Sequence[Decimal], later: Sequence[Decimal]) -> bool:
    sums = [sum(differences[: n + 1], Decimal(0)) for n in range(len(differences))]
    least = max(Decimal(0), *sums)
    most = min(value + total for value, total in zip(later, sums, strict=True))
    if least > most:
        return False
    handed_on = (least + most) / 2 * len(sums) - sum(sums)
    return SHARE[0] <= float(handed_on / (sum(later) or 1)) <= SHARE[1]
