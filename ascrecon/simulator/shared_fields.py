"""Fields that exports and faults of several kinds have in common."""

from __future__ import annotations

from datetime import date

from ascrecon.simulator.reading import Fields, ScenarioError, one_of


def range_of(fields: Fields) -> tuple[date, date]:
    """`from` and `to`, both included."""
    start, end = fields.day("from"), fields.day("to")
    if start > end:
        raise ScenarioError(fields.place, f"from {start} is after to {end}", "swap them")
    return start, end


def times_of(fields: Fields) -> int | None:
    """`times`, or None for `always`."""
    which = one_of(fields, ("times", "always"))
    if which == "times":
        return fields.whole("times", low=1, high=1000)
    if which == "always" and fields.flag("always"):
        return None
    raise ScenarioError(fields.place, "neither times nor always", 'give "times": 2 or "always": true')
