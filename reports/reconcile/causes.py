"""Why the two sides may differ, tried in this order; the first that fits is named.

Only causes that the rule allows are tried. A cause that is an arithmetic identity (refund sign, price per unit) must
hold to the last unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from babel.numbers import get_currency_precision
from django.db.models import Sum

from reports.figures.regions import regions_of_currency
from reports.models import Cause, Delivery, Figure, FindingKind, Grain, Rule, Vintage
from reports.reconcile.analytics_policy import analytics_policy
from reports.reconcile.lines import Line
from reports.reconcile.rows import Reading, finance_readings, sales_readings
from reports.reconcile.zones import shifted_spans
from reports.sql import fetch


@dataclass
class Evidence:
    """What the causes of one rule look at, read once each."""

    rule: Rule
    today: date
    lines: Sequence[Line]

    @cached_property
    def vintages(self) -> dict[int, Vintage]:
        return vintages_of(self.lines)

    @cached_property
    def _readings(self) -> dict[int, dict[tuple[int | None, str], Reading]]:
        return {}

    def reading(self, line: Line) -> Reading | None:
        vintage = self.vintages.get(line.api_vintage_id or 0)
        if vintage is None or self.rule.cut not in ("app", "currency"):
            return None
        if vintage.pk not in self._readings:
            self._readings[vintage.pk] = _read(vintage.delivery, self.rule)
        return self._readings[vintage.pk].get((line.app_id, line.currency))

    @cached_property
    def page_views(self) -> dict[int, Decimal]:
        """What the page views of a vintage of the engagement report add up to, whole apps only."""
        if self.rule.cut != Rule.Cut.APP:
            return {}
        ids = [line.api_vintage_id for line in self.lines if line.api_vintage_id]
        told = Figure.objects.filter(vintage__in=ids, metric="counts", member__dims__event="page view")
        return dict(told.values_list("vintage_id").annotate(total=Sum("value")))

    @cached_property
    def regions_delivered(self) -> dict[tuple[int, date], set[str]]:
        """The regions whose finance file came, by account and period; ZZ stands for all of them."""
        delivered: dict[tuple[int, date], set[str]] = {}
        for account_id, period_start, scope in fetch("SELECT account_id, period_start, scope FROM api_vintage"):
            delivered.setdefault((account_id, period_start), set()).add(scope)
        return delivered

    def missing_regions(self, line: Line) -> list[str]:
        """Region codes of the line's currency whose rows did not come.

        Where the file of all regions came: the region of the payments file whose amount is the very difference.
        """
        if not self.rule.api_report.startswith("FINANCE"):
            return []
        delivered = self.regions_delivered.get((line.account_id, line.period_start), set())
        if "ZZ" in delivered or "Z1" in delivered:
            regions = self._regions_told.get((line.console_vintage_id, line.currency), {})
            return [region for region, value in regions.items() if value and value == line.difference]
        return [code for code in regions_of_currency().get(line.currency or line.member, []) if code not in delivered]

    @cached_property
    def _regions_told(self) -> dict[tuple[int | None, str], dict[str, Decimal]]:
        """What the console tells of each region, by vintage and currency."""
        ids = [line.console_vintage_id for line in self.lines if line.console_vintage_id]
        told = (
            Figure.objects.filter(vintage__in=ids, metric=self.rule.console_metric)
            .values_list("vintage_id", "currency", "member__dims__region")
            .annotate(total=Sum("value"))
        )
        regions: dict[tuple[int | None, str], dict[str, Decimal]] = {}
        for vintage_id, currency, region, total in told:
            if region:
                regions.setdefault((vintage_id, currency), {})[region] = total
        return regions


def vintages_of(lines: Iterable[Line]) -> dict[int, Vintage]:
    """The vintages that lines tell of, by number, each with its delivery, file and series."""
    wanted = {n for line in lines for n in (line.api_vintage_id, line.console_vintage_id) if n}
    vintages = Vintage.objects.filter(pk__in=wanted).select_related("delivery__raw_file", "series")
    return {vintage.pk: vintage for vintage in vintages}


def _read(delivery: Delivery, rule: Rule) -> dict[tuple[int | None, str], Reading]:
    if rule.api_report.startswith("SALES"):
        return sales_readings(delivery, rule.api_measure)
    return finance_readings(delivery) if rule.api_measure == Rule.Measure.EARNED else {}


Test = Callable[[Line, Evidence], bool]


def not_delivered(line: Line, evidence: Evidence) -> bool:
    if not line.api_delivered:
        return True
    missing = evidence.missing_regions(line)
    if not missing or line.difference <= 0:
        return False
    line.details["missing_regions"] = missing
    return True


def not_final(line: Line, evidence: Evidence) -> bool:
    """Younger than the rule's days, or a payments table of a pending month: its amounts are Apple's estimates."""
    if line.period_end > evidence.today - timedelta(days=evidence.rule.completeness_days):
        return True
    console = evidence.vintages.get(line.console_vintage_id or 0)
    if console and evidence.rule.is_analytics and _still_moved(line, console):
        return True
    payouts = console.delivery.totals.get("payouts", []) if console else []
    return any(payout["state"] == "estimate" for payout in payouts)


def _still_moved(line: Line, console: Vintage) -> bool:
    """The last days of an App Analytics export still grow when it is taken (a real export, taken again a day later).

    When it was taken stands nowhere: not after it was handed in, and perhaps on the day after its last one.
    """
    open_days = timedelta(days=analytics_policy().console_open_days)
    if line.period_end > console.delivery.received_at.date() - open_days:
        return True
    return line.difference < 0 and line.period_end > console.taken_on - open_days


def refund_sign(line: Line, evidence: Evidence) -> bool:
    """The console's total with refunds added instead of taken away, or left out."""
    reading = evidence.reading(line)
    if reading is None or not reading.refunds:
        return False
    return line.difference in (-2 * reading.refunds, -reading.refunds)


def per_unit_price(line: Line, evidence: Evidence) -> bool:
    """The console's total is the sum of the prices per unit, not multiplied by the units."""
    reading = evidence.reading(line)
    return reading is not None and line.console_value == reading.per_unit


def rounding(line: Line, evidence: Evidence) -> bool:
    """At most half of the smallest coin for each row that was rounded (Apple: amounts with two decimals, JPY none)."""
    if not line.currency:
        return False
    reading = evidence.reading(line)
    half_coin = Decimal(5).scaleb(-get_currency_precision(line.currency) - 1)
    return abs(line.difference) <= half_coin * (reading.rows if reading else 1) and _is_finer(line, half_coin)


def _is_finer(line: Line, half_coin: Decimal) -> bool:
    """Rounding leaves crumbs: one of the two values is finer than the coin, or the difference is one coin at most."""
    coin = half_coin * 2
    values = (line.api_value or Decimal(0), line.console_value or Decimal(0))
    return any(value % coin for value in values) or abs(line.difference) <= coin


def impressions_include_page_views(line: Line, evidence: Evidence) -> bool:
    """The console's impressions are those of the report and exactly its page views more, or less."""
    views = evidence.page_views.get(line.api_vintage_id or 0)
    return bool(views) and abs(line.difference) == views


def metric_definition(line: Line, evidence: Evidence) -> bool:
    return not evidence.rule.additive


#: In the order in which they are tried. Shifted days and lost rows are looked for over several lines, elsewhere.
TESTS: tuple[tuple[Cause, Test], ...] = (
    (Cause.NOT_DELIVERED, not_delivered),
    (Cause.NOT_FINAL, not_final),
    (Cause.METRIC_DEFINITION, metric_definition),
    (Cause.IMPRESSIONS_INCLUDE_PAGE_VIEWS, impressions_include_page_views),
    (Cause.REFUND_SIGN, refund_sign),
    (Cause.PER_UNIT_PRICE, per_unit_price),
    (Cause.ROUNDING, rounding),
)
#: These leave nothing over. A file that did not come may hold the difference, but nobody has seen it.
EXPLAINS = {
    Cause.NOT_FINAL,
    Cause.METRIC_DEFINITION,
    Cause.IMPRESSIONS_INCLUDE_PAGE_VIEWS,
    Cause.REFUND_SIGN,
    Cause.PER_UNIT_PRICE,
    Cause.ROUNDING,
}


def find_causes(lines: Iterable[Line], evidence: Evidence) -> None:
    """Give each line its kind, its cause and the part of the difference that the cause explains."""
    for line in lines:
        line.kind = _kind(line)
        line.cause = next(
            (cause for cause, fits in TESTS if cause in evidence.rule.causes and fits(line, evidence)),
            Cause.UNEXPLAINED,
        )
        line.explained = line.difference if line.cause in EXPLAINS else Decimal(0)


def _kind(line: Line) -> FindingKind:
    if line.api_value is None:
        return FindingKind.MISSING_IN_API
    return FindingKind.MISSING_IN_CONSOLE if line.console_value is None else FindingKind.VALUE_MISMATCH


SERIES = """
SELECT period_start, coalesce(console_value, 0), coalesce(api_value, 0), api_delivered AND console_value IS NOT NULL
FROM compared
WHERE account_id = %s AND scope = %s AND app_id IS NOT DISTINCT FROM %s AND member = %s AND currency = %s
ORDER BY period_start
"""


def find_zone_shifts(lines: Sequence[Line], evidence: Evidence) -> None:
    """Put lines down to days that end at another midnight, where a whole run of days fits that and nothing else."""
    rule = evidence.rule
    if Cause.TIMEZONE_SHIFT not in rule.causes or rule.grain != Grain.DAY or not rule.additive:
        return
    groups: dict[tuple[object, ...], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.account_id, line.scope, line.app_id, line.member, line.currency), []).append(line)
    for key, group in groups.items():
        for first, last in _shifted(key):
            for line in group:
                if first <= line.period_start <= last and line.api_delivered:
                    line.cause, line.explained, line.shift = Cause.TIMEZONE_SHIFT, line.difference, first


def _shifted(key: tuple[object, ...]) -> list[tuple[date, date]]:
    """The runs of consecutive days that both sides tell, and in which only the midnight differs."""
    rows = fetch(SERIES, key)
    found = []
    for run in _consecutive(rows):
        spans = shifted_spans([row[1] for row in run], [row[2] for row in run])
        found += [(run[start][0], run[end - 1][0]) for start, end in spans]
    return found


Day = tuple[Any, ...]


def _consecutive(rows: Sequence[Day]) -> list[list[Day]]:
    runs: list[list[Day]] = []
    for row in rows:
        if not row[3]:
            continue
        if runs and row[0] - runs[-1][-1][0] == timedelta(days=1):
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs
