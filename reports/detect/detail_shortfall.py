"""Detailed reports that add up to less than Apple's own privacy rules explain.

A Detailed report leaves out rows of fewer than five people and has noise, so it is nearly always a little less than the
Standard one. What is usual for a source of an app is told by its other days; what fewer rows can hold, by the rows.
Beyond both, rows are missing. All numbers of the band are data (data/analytics_policy.json), each with its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from itertools import groupby
from math import prod

from django.db import transaction

from reports.console.breakdowns import as_apple_writes
from reports.detect.evidence import files_of
from reports.detect.spans import Span, runs, touches
from reports.figures.counted import Counted, counted_metrics, facts_of, passes
from reports.findings.found import Found, FoundDay
from reports.findings.severity import severity_of
from reports.findings.store import day_beside
from reports.models import Account, App, Cause, FindingKind, Grain
from reports.reconcile.analytics_policy import analytics_policy
from reports.reconcile.band import IN_PROPORTION
from reports.sql import execute, fetch
from reports.wording import amount, span

#: The source whose apps are named in Source Info.
APP_REFERRER = "app referrer"

# Both reports of every complete day, by source: amount, rows and people of the Standard one; of the Detailed one the
# amount and rows, and the amount of rows with a named referrer.
SOURCES = """
CREATE TEMPORARY TABLE shortfall_source ON COMMIT DROP AS
WITH told AS (
    SELECT s.account_id, s.app_id, s.report, v.id, v.period_start AS day
    FROM reports_series s JOIN reports_vintage v ON v.series_id = s.id AND v.current
    WHERE s.kind = 'ANALYTICS' AND s.grain = 'day' AND s.report IN (%(standard)s, %(detailed)s)
      AND v.period_start BETWEEN %(first)s AND %(last)s AND v.taken_on >= v.period_end + %(lag)s
      AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s)),
days AS (
    SELECT s.account_id, s.app_id, s.day, s.id AS standard_id, d.id AS detailed_id
    FROM told s JOIN told d USING (account_id, app_id, day)
    WHERE s.report = %(standard)s AND d.report = %(detailed)s),
standard AS (
    SELECT y.account_id, y.app_id, y.day, y.standard_id, y.detailed_id, coalesce(m.dims->>'source_type', '') AS source,
           sum(f.value) FILTER (WHERE f.metric = %(measure)s) AS amount,
           sum(f.value) FILTER (WHERE f.metric = 'rows') AS rows,
           sum(f.value) FILTER (WHERE f.metric = %(people)s) AS people
    FROM days y JOIN reports_storedfigure f ON f.vintage_id = y.standard_id AND f.metric = ANY(%(metrics)s)
    JOIN reports_member m ON m.id = f.member_id
    WHERE {wanted} GROUP BY 1, 2, 3, 4, 5, 6),
detailed AS (
    SELECT y.app_id, y.day, coalesce(m.dims->>'source_type', '') AS source,
           sum(f.value) FILTER (WHERE f.metric = %(measure)s) AS amount,
           sum(f.value) FILTER (WHERE f.metric = 'rows') AS rows,
           sum(f.value) FILTER (WHERE f.metric = %(measure)s AND m.dims->>'source_info' <> '') AS named,
           sum(f.value) FILTER (WHERE f.metric = 'rows' AND m.dims->>'source_info' <> '') AS named_rows
    FROM days y JOIN reports_storedfigure f ON f.vintage_id = y.detailed_id AND f.metric = ANY(%(metrics)s)
    JOIN reports_member m ON m.id = f.member_id
    WHERE {wanted} GROUP BY 1, 2, 3)
SELECT *, day - (row_number() OVER (PARTITION BY app_id, source, detail_rows = 0 ORDER BY day))::int AS detail_island,
       day - (row_number() OVER (PARTITION BY app_id, source, named_rows = 0 ORDER BY day))::int AS named_island
FROM (
    SELECT s.*, s.amount > %(hidden)s * s.rows * coalesce(s.amount / nullif(s.people, 0), 1) AS over_rows,
           coalesce(d.amount, 0) AS detail, coalesce(d.rows, 0) AS detail_rows,
           coalesce(d.named, 0) AS named, coalesce(d.named_rows, 0) AS named_rows
    FROM standard s LEFT JOIN detailed d USING (app_id, day, source) WHERE s.amount > 0) b
"""

# Days with nothing in a row have one island, so that a loss of many days is not taken for what is usual. Only days on
# which more is gone than the rows that are left out can hold, or everything, are held against what is usual.
SHORT = """
SELECT c.account_id, c.app_id, c.source, c.day, c.{whole}, c.{whole_rows}, c.people, c.{told}, c.{rows},
       c.detailed_id, ARRAY[c.standard_id, c.detailed_id], c.over_rows AND %(source)s = '', u.*
FROM shortfall_source c CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE o.{rows} > 0) AS days, min(o.{rows}) FILTER (WHERE o.{rows} > 0) AS fewest,
           count(*) FILTER (WHERE o.{rows} = 0) AS empty_days,
           percentile_disc(%(quantile)s) WITHIN GROUP (ORDER BY o.{told} / o.{whole}) AS share,
           percentile_disc(0.25) WITHIN GROUP (ORDER BY o.{told} / o.{whole}) AS low_share,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY o.{whole}) AS usual,
           count(*) FILTER (WHERE o.{whole} BETWEEN c.{whole} * 0.7 AND c.{whole}) AS alike,
           count(*) FILTER (WHERE o.{whole} BETWEEN c.{whole} * 0.7 AND c.{whole} AND o.{rows} = 0) AS alike_empty,
           count(*) FILTER (WHERE o.over_rows) AS over_rows,
           count(*) FILTER (WHERE o.over_rows AND o.{rows} = 0) AS over_rows_empty
    FROM shortfall_source o
    WHERE o.app_id = c.app_id AND o.source = c.source AND o.day <> c.day AND o.{whole} > 0
      AND o.day BETWEEN c.day - %(usual_days)s AND c.day + %(usual_days)s
      AND (o.{rows} > 0 OR c.{rows} > 0 OR o.{island} <> c.{island})) u
WHERE c.day BETWEEN %(start)s AND %(end)s AND (%(source)s = '' OR c.source = %(source)s) AND c.{whole} > 0
  AND (c.{rows} = 0 OR c.{whole} - c.{told} >
       %(hidden)s * greatest(c.{whole_rows} - c.{rows}, 0) * coalesce(c.{whole} / nullif(c.people, 0), 1))
ORDER BY c.account_id, c.app_id, c.source, c.day
"""


HALF = Decimal("0.5")
#: Fewer days tell no chance; a day without a row that is likelier than this does not begin or end a loss.
LEAST_ALIKE, LIKELY = 3, Decimal("0.3")


@dataclass(frozen=True)
class Short:
    """A day and source: `amount` should be told and `told` is; `share` of it is usually told.

    `over_rows`: more people than rows of fewer than five could hold. `days` other days have rows, `fewest` of them at
    least; on `empty_days` others there was no row at all. `alike` days were as large or a little smaller, `over_days`
    were over their rows as well; how many of each had no row tells how likely that is.
    """

    account_id: int
    app_id: int
    source: str
    day: date
    amount: Decimal
    rows: Decimal
    people: Decimal | None
    told: Decimal
    told_rows: Decimal
    vintage_id: int
    vintages: Sequence[int]
    over_rows: bool
    days: int
    fewest: Decimal | None
    empty_days: int
    share: Decimal | None
    low_share: Decimal | None
    usual: Decimal | None
    alike: int
    alike_empty: int
    over_days: int
    over_empty: int

    @property
    def difference(self) -> Decimal:
        return self.amount - self.told

    @property
    def is_known(self) -> bool:
        return self.days >= analytics_policy().usual_days_needed

    @property
    def chance(self) -> Decimal:
        """How likely a day like this has no row, by what other days show; 1 where nothing is known."""
        known = [(self.alike_empty, self.alike)] + [(self.over_empty, self.over_days)] * self.over_rows
        chances = [(empty + HALF) / (days + 1) for empty, days in known if days >= LEAST_ALIKE]
        return min([Decimal(1), *chances]) if self.is_known else Decimal(1)


@dataclass(frozen=True)
class Check:
    """A source of the Detailed report against the Standard one, or rows with a named referrer against their source.

    The others are columns of `shortfall_source`.
    """

    metric: Counted
    cut: str
    whole: str
    whole_rows: str
    told: str
    rows: str
    island: str
    source: str = ""

    @property
    def by_rows(self) -> bool:
        """Whether rows may be left out: both sums of the named referrers are of one file."""
        return not self.source


def detail_shortfalls(start: date, end: date, account: Account | None) -> list[Found]:
    """One finding per app, report, source and run of days on which the Detailed one lacks more than privacy explains.

    `difference` is Standard less Detailed; `explained` what noise and the rule of five people usually hide. Within the
    Detailed report the named app referrers are held against all that it has from App referrer (cut `source_info`).
    """
    metrics = [metric for metric in counted_metrics() if metric.main and metric.detailed]
    return [found for metric in metrics for found in _of_metric(metric, start, end, account)]


def _of_metric(metric: Counted, start: date, end: date, account: Account | None) -> list[Found]:
    by_source = Check(metric, "source_type", "amount", "rows", "detail", "detail_rows", "detail_island")
    by_name = Check(metric, "source_info", "detail", "detail_rows", "named", "named_rows", "named_island", APP_REFERRER)
    with transaction.atomic():
        _gather(metric, start, end, account)
        sources = _short(by_source, start, end)
        told = {(item.app_id, item.source, item.day) for item in sources}
        names = [item for item in _short(by_name, start, end) if (item.app_id, item.source, item.day) not in told]
        execute("DROP TABLE shortfall_source")
    return [*_findings(by_source, sources, start, end), *_findings(by_name, names, start, end)]


def _gather(metric: Counted, start: date, end: date, account: Account | None) -> None:
    wanted, parameters = passes("m.dims", metric.filter)
    around = analytics_policy().usual_days
    execute("DROP TABLE IF EXISTS shortfall_source")
    execute(
        SOURCES.format(wanted=wanted),
        parameters
        | {
            "standard": metric.report,
            "detailed": metric.detailed,
            "measure": metric.measure,
            "people": metric.people,
            "metrics": [metric.measure, metric.people, "rows"],
            "lag": facts_of(metric.report).lag,
            "first": day_beside(start, -around),
            "last": day_beside(end, around),
            "account": account.pk if account else None,
            "hidden": analytics_policy().fewest_people - 1,
        },
    )
    execute("CREATE INDEX ON shortfall_source (app_id, source, day)")
    execute("ANALYZE shortfall_source")


def _short(check: Check, start: date, end: date) -> list[Short]:
    policy = analytics_policy()
    parameters = {
        "source": check.source,
        "quantile": float(policy.usual_share_quantile),
        "usual_days": policy.usual_days,
        "start": start,
        "end": end,
        "hidden": policy.fewest_people - 1 if check.by_rows else 0,
    }
    names = {name: getattr(check, name) for name in ("whole", "whole_rows", "told", "rows", "island")}
    items = [Short(*row) for row in fetch(SHORT.format(**names), parameters)]
    lost = _lost_runs(items)
    return [item for item in items if item in lost or _never_all(item) or _beyond(check, item)]


def _lost_runs(items: Sequence[Short]) -> list[Short]:
    """Runs of days without a row that privacy alone hardly makes: one such day may be chance, several are not."""
    empty = (item for item in items if not item.told_rows)
    series = (list(group) for _, group in groupby(empty, key=lambda item: (item.account_id, item.app_id, item.source)))
    found = (_without_likely_ends(run) for group in series for run in runs(group, _span))
    return [item for run in found if prod(i.chance for i in run) <= analytics_policy().chance_of_loss for item in run]


def _without_likely_ends(run: Sequence[Short]) -> Sequence[Short]:
    """A day that may well be empty by chance says nothing at either end of a loss."""
    unlikely = [n for n, item in enumerate(run) if item.chance <= LIKELY]
    return run[unlikely[0] : unlikely[-1] + 1] if unlikely else ()


def _never_all(item: Short) -> bool:
    """No row at all, where every other day has several: a day of the usual size does not lose them all to privacy."""
    if item.told_rows or not item.is_known or item.empty_days or item.usual is None or item.fewest is None:
        return False
    return item.fewest >= analytics_policy().rows_never_missing and item.amount * 2 >= item.usual


def _beyond(check: Check, item: Short) -> bool:
    """More than the rows left out and the noise can hold. What is usual must be known, or nothing be told."""
    if not item.is_known and (item.told_rows or not check.by_rows):
        return False
    if check.metric.currency and item.told_rows:
        return False  # one row of few people may hold much money
    if item.is_known and not _is_far_below(item):
        return False
    return item.difference > max(_by_share(item), _by_rows(check, item)) + _spread(check, item)


def _is_far_below(item: Short) -> bool:
    """The share that is told lies beyond the outer fence of the usual ones: many small campaigns make it vary."""
    if item.share is None or item.low_share is None:
        return False
    fence = item.low_share - analytics_policy().usual_share_fence * max(Decimal(0), item.share - item.low_share)
    return item.told < item.amount * fence


def _by_share(item: Short) -> Decimal:
    """What is hidden when the Detailed report has its usual share of the source."""
    if not item.is_known or item.share is None:
        return Decimal(0)
    return max(Decimal(0), item.amount * (1 - item.share))


def _by_rows(check: Check, item: Short) -> Decimal:
    """What the rows that are left out hold, when each has one person less than the rule asks for."""
    if not check.by_rows:
        return Decimal(0)
    return _most_hidden(item) * max(Decimal(0), item.rows - item.told_rows)


def _most_hidden(item: Short) -> Decimal:
    return (analytics_policy().fewest_people - 1) * _per_person(item)


def _per_person(item: Short) -> Decimal:
    """Downloads have one person each; a person brings several impressions, or some dollars."""
    return item.amount / item.people if item.people else Decimal(1)


def _spread(check: Check, item: Short) -> Decimal:
    """Noise of the rows that are told, and rows near the limit, of which each is told on one day and not on another."""
    policy = analytics_policy()
    noise = policy.noise_sigma * (_per_person(item) if check.metric.measure in IN_PROPORTION else 1)
    row = max(_most_hidden(item), item.amount / item.rows if not check.by_rows else Decimal(0))
    variance = noise**2 * item.told_rows + row**2 * item.rows / 4
    return policy.noise_deviations * variance.sqrt()


def _explained(check: Check, item: Short) -> Decimal:
    """The part that is put down to privacy: what is usual for the source, else what so many rows can hide."""
    hidden = _by_share(item) if item.is_known else _by_rows(check, item)
    smallest = Decimal("0.01") if check.metric.currency else Decimal(1)
    return min(item.difference, hidden).quantize(smallest, ROUND_FLOOR)


def _findings(check: Check, items: Sequence[Short], start: date, end: date) -> list[Found]:
    series = (list(group) for _, group in groupby(items, key=lambda item: (item.account_id, item.app_id, item.source)))
    stretches = (run for group in series for run in runs(group, _span))
    return [_found(check, run) for run in stretches if touches(run, _span, start, end)]


def _span(item: Short) -> Span:
    return (item.day, item.day)


def _found(check: Check, run: Sequence[Short]) -> Found:
    first, metric = run[0], check.metric
    standard, told = (sum(values, Decimal(0)) for values in zip(*((i.amount, i.told) for i in run), strict=True))
    explained = sum((_explained(check, item) for item in run), Decimal(0))
    residual = standard - told - explained
    kind, cause = FindingKind.DETAIL_SHORTFALL, Cause.POSITIVE_ROWS_MISSING
    app = App.objects.get(pk=first.app_id)
    return Found(
        kind=kind,
        cause=cause,
        severity=severity_of(kind, cause, residual, told, standard),
        account=Account.objects.get(pk=first.account_id),
        app=app,
        report=metric.detailed,
        metric=metric.metric,
        cut=check.cut,
        member=as_apple_writes("source_type", first.source),
        currency=metric.currency,
        grain=Grain.DAY,
        from_day=first.day,
        to_day=run[-1].day,
        api_value=told,
        difference=standard - told,
        explained=explained,
        money_at_risk={metric.currency: str(residual)} if metric.currency else {},
        message=_message(check, app, run, (standard, told, explained)),
        next_step="Take the numbers of this source from the Standard report. Ask for a snapshot of the Detailed one; "
        "if its rows stay away, report it to Apple with both files.",
        evidence=files_of(_deliveries(run)),
        details={"whole": str(standard)},
        days=[_day(check, item) for item in run],
    )


def _message(check: Check, app: App, run: Sequence[Short], sums: tuple[Decimal, Decimal, Decimal]) -> str:
    metric, source = check.metric, as_apple_writes("source_type", run[0].source)
    standard, told, explained = (amount(value, metric.currency) for value in sums)
    rest = amount(sums[0] - sums[1] - sums[2], metric.currency)
    where = f"{app}, {span(run[0].day, run[-1].day)}: {metric.metric.replace('_', ' ')} from {source}"
    if not check.by_rows:
        return (
            f"{where}: {standard} in {metric.detailed}, {told} of it from named referrers. Usually {explained} would "
            f"have no name; {rest} have lost theirs."
        )
    return (
        f"{where}: {standard} in {metric.report}, {told} in {metric.detailed}. Noise and rows of fewer than "
        f"{analytics_policy().fewest_people} people explain {explained}; {rest} are missing."
    )


def _deliveries(run: Sequence[Short]) -> list[int]:
    vintages = [pk for item in run for pk in item.vintages]
    return [pk for (pk,) in fetch("SELECT delivery_id FROM reports_vintage WHERE id = ANY(%s)", [vintages])]


def _day(check: Check, item: Short) -> FoundDay:
    return FoundDay(
        period_start=item.day,
        period_end=item.day,
        api_value=item.told,
        difference=item.difference,
        explained=_explained(check, item),
        api_vintage_id=item.vintage_id,
    )
