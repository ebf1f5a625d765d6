"""How much of a difference from a Detailed report Apple's noise and its rule of five people explain.

Noise: each number of a row is off by a few (data/analytics_policy.json); that of many rows grows with the root of their
number. Rows left out: never more than the Standard report of the same day has over the Detailed one, which holds for
all members together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from reports.figures.analytics import is_detailed
from reports.figures.counted import counted_metrics, facts_of, twin_of
from reports.models import Cause, Rule
from reports.reconcile.analytics_policy import analytics_policy
from reports.reconcile.compare import MEMBER_OF_CUT, filter_parameters, filter_sql, folded
from reports.reconcile.lines import Line
from reports.sql import fetch

#: Of purchases the noise of the paying users moves everything else in proportion (Apple, Privacy).
IN_PROPORTION = ("purchases", "proceeds_usd", "sales_usd")

TOLD = """
WITH detailed AS (
    SELECT v.app_id, v.period_start, {member} AS member,
           sum(f.value) FILTER (WHERE f.metric = %(measure)s) AS value,
           sum(f.value) FILTER (WHERE f.metric = 'rows') AS rows,
           sum(f.value) FILTER (WHERE f.metric = %(people)s) AS people
    FROM api_vintage v JOIN reports_storedfigure f ON f.vintage_id = v.id AND f.metric = ANY(%(metrics)s)
    JOIN reports_member m ON m.id = f.member_id
    WHERE {wanted} GROUP BY 1, 2, 3),
standard AS (
    SELECT s.app_id, v.period_start, sum(f.value) FILTER (WHERE f.metric = %(measure)s) AS value,
           sum(f.value) FILTER (WHERE f.metric = %(people)s) AS people
    FROM (SELECT DISTINCT app_id, period_start FROM api_vintage) d
    JOIN reports_series s ON s.app_id = d.app_id AND s.report = %(standard)s AND s.grain = %(grain)s AND s.side = 'api'
    JOIN reports_vintage v ON v.series_id = s.id AND v.period_start = d.period_start AND v.current
        AND (s.grain <> 'day' OR v.taken_on >= v.period_end + %(lag)s)
    JOIN reports_storedfigure f ON f.vintage_id = v.id AND f.metric IN (%(measure)s, %(people)s)
    JOIN reports_member m ON m.id = f.member_id
    WHERE {wanted} GROUP BY 1, 2)
SELECT d.app_id, d.period_start, d.member, d.value, d.rows, d.people, s.value, s.people
FROM detailed d LEFT JOIN standard s USING (app_id, period_start)
"""


@dataclass
class _Sum:
    value: Decimal = Decimal(0)
    rows: Decimal = Decimal(0)
    people: Decimal = Decimal(0)

    def add(self, value: Decimal | None, rows: Decimal | None, people: Decimal | None) -> None:
        self.value += value or 0
        self.rows += rows or 0
        self.people += people or 0


Day = tuple[int | None, date]


class Band:
    """What the privacy rules can hide in the report of a rule: noise of each member, rows left out of each day."""

    def __init__(self, rule: Rule) -> None:
        self._in_proportion = rule.api_measure in IN_PROPORTION
        self._members: dict[tuple[Day, str], _Sum] = defaultdict(_Sum)
        self._days: dict[Day, _Sum] = defaultdict(_Sum)
        self._standard: dict[Day, _Sum] = {}
        for app_id, start, member, value, rows, people, standard, standard_people in _told(rule):
            day = (app_id, start)
            self._members[day, member].add(value, rows, people)
            self._days[day].add(value, rows, people)
            if standard is not None:
                self._standard[day] = _Sum(standard, people=standard_people or Decimal(0))

    def noise(self, day: Day, member: str) -> Decimal:
        return noise(self._members[day, member], in_proportion=self._in_proportion)

    def refunds(self, day: Day) -> Decimal:
        """What a row of few refunds can hold of a purchases metric. It is left out too, which makes the sum higher."""
        if not self._in_proportion:
            return Decimal(0)
        return (analytics_policy().fewest_people - 1) * per_person(self._standard[day])

    def left_out(self, day: Day) -> Decimal | None:
        """The most that the rows left out on a day hold; None where no Standard report tells it."""
        standard = self._standard.get(day)
        if standard is None:
            return None
        total = self._days[day]
        return max(Decimal(0), standard.value - total.value) + noise(total, in_proportion=self._in_proportion)


def noise(told: _Sum, *, in_proportion: bool) -> Decimal:
    """What the noise of these rows can add up to, either way."""
    policy = analytics_policy()
    scale = per_person(told) if in_proportion else Decimal(1)
    return policy.noise_deviations * policy.noise_sigma * told.rows.sqrt() * scale


def per_person(told: _Sum) -> Decimal:
    return abs(told.value / told.people) if told.people else Decimal(0)


def _told(rule: Rule) -> list[tuple[Any, ...]]:
    people = _people(rule)
    wanted = filter_sql("wanted", rule.api_filter)
    return fetch(
        TOLD.format(member=MEMBER_OF_CUT[rule.cut], wanted=wanted),
        filter_parameters("wanted", folded(rule, rule.api_filter))
        | {
            "measure": rule.api_measure,
            "people": people,
            "metrics": [rule.api_measure, "rows", people],
            "standard": twin_of(rule.api_report),
            "grain": rule.grain,
            "lag": facts_of(rule.api_report).lag,
        },
    )


def _people(rule: Rule) -> str:
    return next(m.people for m in counted_metrics() if m.detailed == rule.api_report)


def is_banded(rule: Rule) -> bool:
    """Whether the rule reads a Detailed report, whose rows have noise and in which some are missing."""
    return is_detailed(rule.api_report) and Cause.PRIVACY_THRESHOLD in rule.causes


def explain_privacy(rule: Rule, lines: Iterable[Line]) -> None:
    """Put what the band explains of each unexplained line down to it; all, where no Standard report tells the band.

    A line that is explained in whole has the cause `privacy_threshold`; of another only the rest is unexplained.
    """
    band = Band(rule)
    by_day: dict[Day, list[Line]] = defaultdict(list)
    for line in lines:
        if line.cause in (Cause.UNEXPLAINED, Cause.NOT_FINAL) and line.api_delivered:
            by_day[line.app_id, line.period_start].append(line)
    for day, group in by_day.items():
        _explain_day(band, day, group)


def _explain_day(band: Band, day: Day, lines: Sequence[Line]) -> None:
    left_out = band.left_out(day)
    wanted = sum((line.difference for line in lines if line.difference > 0), Decimal(0))
    for line in lines:
        if left_out is None:
            _explain(line, line.difference)
            continue
        hidden = line.difference * min(Decimal(1), left_out / wanted) if line.difference > 0 else band.refunds(day)
        _explain(line, hidden + band.noise(day, line.member))


def _explain(line: Line, most: Decimal) -> None:
    sign = 1 if line.difference > 0 else -1
    smallest = Decimal("0.01") if line.currency else Decimal(1)
    explained = sign * min(abs(line.difference), abs(most).quantize(smallest, ROUND_FLOOR))
    if explained == line.difference:
        line.cause = Cause.PRIVACY_THRESHOLD
    if line.cause != Cause.NOT_FINAL:
        line.explained = explained
