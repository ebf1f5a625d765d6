"""Console values beside which Apple's API has delivered nothing: was there anything to expect?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Min

from reports.models import CellState, CoverageCell, Rule, Side, Vintage
from reports.reconcile.compare import adds_days
from reports.reconcile.lines import Line

#: The delivery itself is reported (late, blocked, not due yet): its values are not reported again.
REPORTED_ELSEWHERE = (CellState.OPEN, CellState.OVERDUE, CellState.BLOCKED)
#: Of an analytics report also a day that never came: every metric that is made of it would tell of it once more.
OF_ANALYTICS = (*REPORTED_ELSEWHERE, CellState.LOST)

#: An account, and an app where the report is one app's; None for the reports of a whole vendor.
Owner = tuple[int, int | None]


@dataclass(frozen=True)
class Expectation:
    """What is known of the API's deliveries of one report."""

    rule: Rule
    spans: dict[Owner, tuple[date, date]]
    states: dict[tuple[Owner, date], set[str]]

    @classmethod
    def of(cls, rule: Rule, lines: Iterable[Line]) -> Expectation:
        days = {line.period_start for line in lines if not line.api_delivered}
        told = Vintage.objects.filter(
            series__side=Side.API, series__report=rule.api_report, series__grain=rule.grain, current=True
        )
        spans = told.values_list("series__account", "series__app").annotate(
            first=Min("period_start"), last=Max("period_start")
        )
        cells = CoverageCell.objects.filter(report=rule.api_report, granularity=rule.grain, date__in=days)
        states: dict[tuple[Owner, date], set[str]] = {}
        for account_id, app_id, day, state in cells.values_list("account_id", "app_id", "date", "state"):
            states.setdefault(((account_id, app_id), day), set()).add(state)
        return cls(rule, {(account, app): (first, last) for account, app, first, last in spans}, states)

    def is_missing(self, line: Line) -> bool:
        """Whether a value without a delivery beside it is missing, and not merely outside of what is pulled.

        An analytics report has a cell for every period since it was first asked for: where none is, none is expected.
        """
        if line.api_delivered:
            return True
        if not line.difference or adds_days(self.rule):
            return False  # the console tells 0, and a day without activity is never delivered
        owner = (line.account_id, line.app_id if self.rule.is_analytics else None)
        states = self.states.get((owner, line.period_start))
        if states is not None:
            return not states.intersection(OF_ANALYTICS if self.rule.is_analytics else REPORTED_ELSEWHERE)
        first, last = self.spans.get(owner, (date.max, date.min))
        return not self.rule.is_analytics and first <= line.period_start <= last
