"""The side-by-side table of a run, a page at a time, and its summary by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from reports.coverage.overview import Known, known_of_run
from reports.models import Run, RunLine
from reports.models.rules import Rule

LINES_PER_PAGE = 100
#: Lines that a filter looks through for one page: a run of a million lines is as quick as a small one.
LOOKED_THROUGH = 50_000
#: Name of a filter in the address to the lookup that it means.
LINE_FILTERS = {
    "rule": "rule__key",
    "kind": "kind",
    "cause": "cause",
    "currency": "currency__iexact",
    "apple_id": "app__apple_id",
    "from": "period_start__gte",
    "to": "period_end__lte",
}


@dataclass(frozen=True)
class RuleLine:
    key: str
    title: str
    confirmed: bool
    compared: int
    equal: int
    within_tolerance: int
    note: str
    first_line: int
    known: Known

    @property
    def differing(self) -> int:
        return self.compared - self.equal - self.within_tolerance


@dataclass(frozen=True)
class LinePage:
    """`is_partial`: the filter looked through a part of the run's lines only, and there are more."""

    lines: list[RunLine]
    next_after: int | None
    first: bool
    is_partial: bool = False


def rule_lines(run: Run) -> list[RuleLine]:
    keys = [str(item.get("rule", "")) for item in run.by_rule]
    rules = {rule.key: rule for rule in Rule.objects.filter(key__in=keys)}
    known = known_of_run(run, (rule.api_report for rule in rules.values()))
    return [_rule_line(item, rules.get(str(item.get("rule", ""))), known) for item in run.by_rule]


def _rule_line(item: Mapping[str, Any], rule: Rule | None, known: Mapping[str, Known]) -> RuleLine:
    return RuleLine(
        key=str(item.get("rule", "")),
        title=rule.title if rule else str(item.get("rule", "")),
        confirmed=rule.confirmed if rule else True,
        compared=int(item.get("compared", 0)),
        equal=int(item.get("equal", 0)),
        within_tolerance=int(item.get("within_tolerance", 0)),
        note=_note(item),
        first_line=int(item.get("first_line", 0)),
        known=known.get(rule.api_report if rule else "", Known(0, 0)),
    )


def _note(item: Mapping[str, Any]) -> str:
    reading, left_out = str(item.get("reading", "")), int(item.get("not_compared", 0))
    notes = [reading] * bool(reading)
    notes += [f"{left_out:,} told by another rule already, or by one side only"] * bool(left_out)
    return "; ".join(notes)


def filtered_lines(run: Run, filters: Mapping[str, object]) -> QuerySet[RunLine]:
    """The lines of a run that pass the filters; `filters` holds cleaned values by the names of LINE_FILTERS."""
    wanted = Q()
    for name, value in filters.items():
        if value not in (None, "") and name in LINE_FILTERS:
            wanted &= Q(**{LINE_FILTERS[name]: value})
    lines = RunLine.objects.filter(wanted, run=run).order_by("n")
    return lines.select_related("rule", "app", "finding")


def line_page(lines: QuerySet[RunLine], after: int | None) -> LinePage:
    """A page by key, so that the last page of a million lines is as quick as the first."""
    wanted = lines if after is None else lines.filter(n__gt=after)
    found = list(wanted[: LINES_PER_PAGE + 1])
    shown = found[:LINES_PER_PAGE]
    more = len(found) > LINES_PER_PAGE
    return LinePage(lines=shown, next_after=shown[-1].n if more else None, first=after is None)


def filtered_page(run: Run, filters: Mapping[str, object], after: int | None, rules: Sequence[RuleLine]) -> LinePage:
    """A page of the lines that pass the filters, out of 50,000 lines: those after `after`, else the rule's first."""
    start = _first_line(filters, rules) if after is None else after + 1
    last = start + LOOKED_THROUGH - 1
    found = list(filtered_lines(run, filters).filter(n__gte=start, n__lte=last)[: LINES_PER_PAGE + 1])
    if len(found) > LINES_PER_PAGE:
        shown = found[:LINES_PER_PAGE]
        return LinePage(lines=shown, next_after=shown[-1].n, first=after is None)
    more = RunLine.objects.filter(run=run, n__gt=last).exists()
    return LinePage(found, last if more else None, after is None, is_partial=more)


def _first_line(filters: Mapping[str, object], rules: Sequence[RuleLine]) -> int:
    """The lines of a rule stand together."""
    return next((rule.first_line for rule in rules if rule.key == filters.get("rule")), 0)
