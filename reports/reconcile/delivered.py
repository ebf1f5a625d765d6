"""Console values beside which Apple's API has delivered nothing: was there anything to expect?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Min

from reports.models import CellState, CoverageCell, Rule, Side, Vintage
from reports.reconcile.lines import Line

#: The delivery itself is reported (late, blocked, not due yet): its values are not reported again.
REPORTED_ELSEWHERE = (CellState.OPEN, CellState.OVERDUE, CellState.BLOCKED)


@dataclass(frozen=True)
class Expectation:
    """What is known of the API's deliveries of one report."""

    spans: dict[int, tuple[date, date]]
    states: dict[tuple[int, date], set[str]]

    @classmethod
    def of(cls, rule: Rule, lines: Iterable[Line]) -> Expectation:
        days = {line.period_start for line in lines if not line.api_delivered}
        told = Vintage.objects.filter(series__side=Side.API, series__report=rule.api_report, current=True)
        spans = told.values_list("series__account").annotate(first=Min("period_start"), last=Max("period_start"))
        cells = CoverageCell.objects.filter(report=rule.api_report, date__in=days)
        states: dict[tuple[int, date], set[str]] = {}
        for account_id, day, state in cells.values_list("account_id", "date", "state"):
            states.setdefault((account_id, day), set()).add(state)
        return cls({account: (first, last) for account, first, last in spans}, states)

    def is_missing(self, line: Line) -> bool:
        """Whether a value without a delivery beside it is missing, and not merely outside of what is pulled."""
        if line.api_delivered:
            return True
        if not line.difference:
            return False  # the console tells 0, and a day without activity is never delivered
        states = self.states.get((line.account_id, line.period_start))
        if states is not None:
            return not states.intersection(REPORTED_ELSEWHERE)
        first, last = self.spans.get(line.account_id, (date.max, date.min))
        return first <= line.period_start <= last
