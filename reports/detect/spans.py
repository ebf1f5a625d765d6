"""Runs of consecutive periods: what lies side by side is one finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import TypeVar

Item = TypeVar("Item")
Span = tuple[date, date]


def runs(items: Iterable[Item], span: Callable[[Item], Span], gap_days: int = 1) -> list[list[Item]]:
    """Items in the order of their first day, cut wherever the next begins more than `gap_days` after the last end."""
    found: list[list[Item]] = []
    end = date.min
    for item in sorted(items, key=span):
        first, last = span(item)
        if found and first <= end + timedelta(days=gap_days):
            found[-1].append(item)
        else:
            found.append([item])
        end = max(end, last)
    return found


def touches(run: Sequence[Item], span: Callable[[Item], Span], start: date, end: date) -> bool:
    """Whether any day of the run lies between `start` and `end`."""
    spans = [span(item) for item in run]
    return min(first for first, _ in spans) <= end and max(last for _, last in spans) >= start
