"""Parameters of the analytics endpoints, refused as Apple refuses them."""

from __future__ import annotations

from datetime import date

from ascrecon.simulator.errors import invalid_parameter
from ascrecon.simulator.reading import DAY
from ascrecon.simulator.request import Request

INCLUDING = ("include", "limit[reports]")
INCLUDED_LIMIT = 50


def choices(request: Request, name: str, known: tuple[str, ...], strict: bool = True) -> tuple[str, ...]:
    """Values of a filter, all known ones without it; unknown ones are 400, or (not strict) find nothing."""
    if name not in request.query:
        return known
    values = tuple(request.query[name].split(","))
    for value in values:
        if strict and value not in known:
            raise invalid_parameter(name, f"'{value}' is not a valid filter value")
    return values


def processing_days(request: Request) -> set[date] | None:
    """The days of `filter[processingDate]`; None without it."""
    text = request.query.get("filter[processingDate]")
    if text is None:
        return None
    try:
        return {_day(part) for part in text.split(",")}
    except ValueError as error:
        raise invalid_parameter("filter[processingDate]", f"'{text}' is not a valid date") from error


def included_reports(request: Request) -> int:
    """How many reports of a request are to be included; 0 without `include=reports`."""
    if request.query.get("include") != "reports":
        return 0
    limit = request.query.get("limit[reports]", str(INCLUDED_LIMIT))
    if limit.isdecimal() and 1 <= int(limit) <= INCLUDED_LIMIT:
        return int(limit)
    raise invalid_parameter("limit[reports]", f"'{limit}' is not a number from 1 to {INCLUDED_LIMIT}")


def _day(text: str) -> date:
    if not DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)
