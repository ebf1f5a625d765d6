"""The lines of a rule on which the two sides differ, and the counts of those that agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from reports.console.breakdowns import as_apple_writes
from reports.models import Cause, FindingKind, Rule
from reports.sql import fetch

#: Region codes of finance files that hold every region.
WHOLE = ("ZZ", "Z1")


@dataclass
class Line:
    """One period, app, member and currency of a rule. Values are None where a side has none."""

    account_id: int
    vendor_id: int | None
    scope: str
    period_start: date
    period_end: date
    timezone: str
    app_id: int | None
    member: str
    currency: str
    api_value: Decimal | None
    console_value: Decimal | None
    second_value: Decimal | None
    api_vintage_id: int | None
    console_vintage_id: int | None
    api_delivered: bool
    difference: Decimal
    kind: FindingKind | None = None
    cause: Cause = Cause.UNEXPLAINED
    explained: Decimal = Decimal(0)
    cut: str = ""
    note: str = ""
    metric: str = ""
    shift: date | None = None  # the first of the days that end at another midnight
    details: dict[str, object] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The member, after its region where the two sides are compared region by region."""
        return " ".join(filter(None, (self.scope if self.scope not in WHOLE else "", self.member)))


@dataclass(frozen=True)
class Counts:
    compared: int
    equal: int
    second_reading: int
    within_tolerance: int


# Equal by the rule's filter; else by its second reading; else within tolerance of the first.
EQUAL = "(api_delivered AND difference = 0)"
SECOND = "(api_delivered AND difference <> 0 AND second_value IS NOT NULL AND second_difference = 0 AND %(has_second)s)"
TOLERATED = f"""(api_delivered AND difference <> 0 AND NOT {SECOND} AND abs(difference) <=
    greatest(%(tolerance)s::numeric, %(percent)s::numeric / 100 * abs(coalesce(api_value, 0))))"""

COUNT = f"""
SELECT count(*), count(*) FILTER (WHERE {EQUAL}), count(*) FILTER (WHERE {SECOND}),
       count(*) FILTER (WHERE {TOLERATED})
FROM compared
"""  # noqa: S608 - constants only

DIFFERING = f"""
SELECT account_id, vendor_id, scope, period_start, period_end, timezone, app_id, member, currency, api_value,
       console_value, second_value, api_vintage_id, console_vintage_id, api_delivered, difference
FROM compared WHERE NOT {EQUAL} AND NOT {SECOND} AND NOT {TOLERATED}
ORDER BY account_id, vendor_id, scope, app_id, member, currency, period_start
"""  # noqa: S608 - constants only


def count_lines(rule: Rule) -> Counts:
    return Counts(*fetch(COUNT, _parameters(rule))[0])


def differing_lines(rule: Rule) -> Iterator[Line]:
    for row in fetch(DIFFERING, _parameters(rule)):
        line = Line(*row)
        if rule.cut == "source_type":
            line.member = as_apple_writes(rule.cut, line.member)
        yield line


def _parameters(rule: Rule) -> dict[str, object]:
    return {
        "tolerance": rule.tolerance,
        "percent": rule.tolerance_percent,
        "has_second": rule.alternative_filter is not None,
    }
