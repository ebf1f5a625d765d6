"""What the pages of the calendar show, from the address that a person asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict

from reports.badges import Look, cell_look
from reports.coverage.overview import RECENT_DAYS, known_by_scope
from reports.models import CellState
from reports.selectors.calendar import Scope, calendar, month_before

#: In the address: the month, and that only reports with something not final are wanted.
MONTH, SHOW, OPEN = "month", "show", "open"
#: Months that can be written as four digits and two.
FIRST_YEAR, LAST_YEAR = 1000, 9998


@dataclass(frozen=True)
class LegendLine:
    state: str
    look: Look
    text: str


def calendars_context(today: date) -> dict[str, Any]:
    return {"scopes": known_by_scope(today), "days_counted": RECENT_DAYS, "legend": legend()}


def calendar_context(scope: Scope, asked: Mapping[str, Any], today: date) -> dict[str, Any]:
    """`asked`: the address's parameters; a month that cannot be read is the month of `today`."""
    month = month_of(str(asked.get(MONTH, "")), today)
    only_open = asked.get(SHOW) == OPEN
    earlier, later = month_before(month, 1), month_before(month, -1)
    months = calendar(scope, month, today, only_open=only_open)
    return {
        "scope": scope,
        "app": scope.app,
        "months": months,
        "missing": months[0].missing,
        "has_later": later <= today,
        "only_open": only_open,
        "earlier_month": earlier,
        "later_month": later,
        "earlier": _address(earlier, only_open),
        "later": _address(later, only_open),
        "newest": _address(today, only_open),
        "open_reports": _address(month, True),
        "all_reports": _address(month, False),
        "legend": legend(),
    }


def month_of(text: str, today: date) -> date:
    """The first day of a month such as `2026-11`."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return month if FIRST_YEAR <= month.year <= LAST_YEAR else today.replace(day=1)


def legend() -> list[LegendLine]:
    return [LegendLine(state.value, cell_look(state), str(state.label)) for state in CellState]


def _address(month: date, only_open: bool) -> str:
    query = QueryDict(mutable=True)
    query[MONTH] = f"{month:%Y-%m}"
    if only_open:
        query[SHOW] = OPEN
    return query.urlencode()
