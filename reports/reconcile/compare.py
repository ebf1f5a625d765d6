"""One set-based FULL JOIN of the two sides for a rule, left in a temporary table for counting and explaining."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from reports.console.breakdowns import dimension
from reports.figures.counted import facts_of
from reports.figures.vintages import NEWEST_FIRST
from reports.models import Account, App, DeliveryState, Grain, Kind, Rule, Series, Side
from reports.reconcile.analytics_policy import analytics_policy
from reports.sql import SHARED, execute, fetch

PAYMENTS = "PAYMENTS"

#: How a figure is named in each cut. Counts have no currency, so where the cut is the currency it names them.
MEMBER_OF_CUT = {
    "app": "''",
    "currency": "coalesce(nullif(f.currency, ''), m.dims->>'currency', '')",
    "territory": "coalesce(m.dims->>'territory', '')",
    "product": "coalesce(m.dims->>'product', '')",
    "region": "coalesce(m.dims->>'region', '')",
    # Apple says that its values are not case sensitive, and writes them both ways.
    "source_type": "lower(coalesce(m.dims->>'source_type', ''))",
    "source_info": "lower(coalesce(m.dims->>'source_info', ''))",
    "campaign": "lower(coalesce(m.dims->>'campaign', ''))",
}
#: Cuts that an export may tell in part, and those whose names need not be the report's.
BREAKDOWNS = ("source_type", "source_info", "campaign")
OWN_NAMES = ("source_info", "campaign")
#: Cuts of a whole vendor: payments know no apps.
WITHOUT_APP = ("currency", "region")


@dataclass(frozen=True)
class Scope:
    """What a run looks at. Both days included; periods that lie wholly inside are compared."""

    start: date
    end: date
    account: Account | None = None
    app: App | None = None
    as_of: datetime | None = None


def console_report(rule: Rule) -> str:
    """The name of the console series that `rule` reads: a metric of App Analytics, payments, or the report itself."""
    if rule.console_kind in (Kind.A1, Kind.A2):
        return rule.console_metric
    return PAYMENTS if rule.console_kind == Kind.P else rule.api_report


# The newest delivery of each period; with a past day given, the newest that had been received by then. An export that
# was handed in again as one of another time zone takes the place of the first: both would count the same events.
VINTAGES = f"""
SELECT DISTINCT ON (s.account_id, s.vendor_id, s.app_id, s.kind, s.scope, v.period_start)
       v.id, v.period_start, v.period_end, v.delivery_id, v.taken_on, d.received_at,
       s.account_id, s.vendor_id, s.app_id, s.scope, s.timezone
FROM reports_vintage v
JOIN reports_series s ON s.id = v.series_id
JOIN reports_delivery d ON d.id = v.delivery_id
WHERE s.side = %(side)s AND s.report = %(report)s AND s.grain = %(grain)s {{kind}}
  AND v.period_start >= %(start)s AND v.period_end <= %(end)s
  AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s)
  AND d.state = %(loaded)s AND {{newest}}
ORDER BY s.account_id, s.vendor_id, s.app_id, s.kind, s.scope, v.period_start,
         {NEWEST_FIRST}
"""  # noqa: S608 - constants only

# A consolidated finance file (ZZ) holds every region: beside it the region files would count twice.
ONE_COPY = """
DELETE FROM api_vintage v WHERE v.scope <> 'ZZ' AND EXISTS (
    SELECT FROM api_vintage z WHERE z.scope = 'ZZ' AND z.account_id = v.account_id
      AND z.vendor_id IS NOT DISTINCT FROM v.vendor_id AND z.period_start = v.period_start)
"""

# A payments table may lack a column. A report file always tells everything: what it does not name is not there.
WITHOUT_THE_METRIC = """
DELETE FROM console_vintage v WHERE NOT EXISTS (
    SELECT FROM reports_figure f WHERE f.vintage_id = v.id AND f.metric = %(console_metric)s
      AND (%(api_currency)s = '' OR f.currency = %(api_currency)s))
"""

# An export that was taken before a month was over, or before it was complete, tells a part of it.
CUT_MONTHS = """
DELETE FROM console_vintage WHERE taken_on < period_end OR received_at::date <= period_end + %(console_open_days)s
"""

# What an analytics report tells of a day before it is complete is no figure yet: the ledger calls such a day open.
INCOMPLETE_DAYS = "DELETE FROM api_vintage WHERE taken_on < period_end + %(lag)s"

# Of a report that Apple makes for days only, a month is the sum of its days, where each is complete or proved empty.
MONTHS_OF_DAYS = """
CREATE TEMPORARY TABLE api_vintage ON COMMIT DROP AS
WITH months AS (
    SELECT account_id, app_id, date_trunc('month', period_start)::date AS month, count(*) AS days
    FROM api_day GROUP BY 1, 2, 3),
empty AS (
    SELECT c.account_id, c.app_id, date_trunc('month', c.date)::date AS month, count(*) AS days
    FROM reports_coveragecell c
    WHERE c.report = %(report)s AND c.granularity = 'day' AND c.state = 'empty' AND %(may_be_empty)s
      AND c.date BETWEEN %(start)s AND %(end)s
      AND NOT EXISTS (SELECT FROM api_day d WHERE d.account_id = c.account_id AND d.app_id = c.app_id
                      AND d.period_start = c.date)
    GROUP BY 1, 2, 3),
whole AS (
    SELECT m.account_id, m.app_id, m.month, (m.month + interval '1 month')::date - 1 AS month_end
    FROM months m LEFT JOIN empty e USING (account_id, app_id, month)
    WHERE m.days + coalesce(e.days, 0) = extract(day FROM (m.month + interval '1 month')::date - 1))
SELECT d.id, w.month AS period_start, w.month_end AS period_end, d.delivery_id, d.taken_on, d.received_at,
       d.account_id, d.vendor_id, d.app_id, d.scope, d.timezone
FROM api_day d JOIN whole w
  ON w.account_id = d.account_id AND w.app_id = d.app_id AND d.period_start BETWEEN w.month AND w.month_end
"""

# A breakdown on the screen lists the biggest members: one that the export does not name is no difference.
NOT_EXPORTED = "DELETE FROM compared WHERE console_value IS NULL"
# Names may be written otherwise than in the report: what it names on none of these days may be called differently.
NOT_NAMED = {
    "source_info": """DELETE FROM compared c WHERE c.api_value IS NULL AND NOT EXISTS (
        SELECT FROM compared o WHERE o.app_id = c.app_id AND o.member = c.member AND o.api_value IS NOT NULL)""",
    "campaign": """DELETE FROM compared c WHERE c.api_value IS NULL AND NOT EXISTS (
        SELECT FROM compared o WHERE o.app_id = c.app_id AND o.api_value IS NOT NULL)""",
}
# Unique counts stand in each row for themselves; several rows may count one person several times.
NEEDS_ADDING = """
DELETE FROM compared c WHERE (
    SELECT sum(f.value) FROM reports_storedfigure f {members}
    WHERE f.vintage_id = c.api_vintage_id AND f.metric = 'rows' AND {wanted}) > 1
"""

# What each vintage tells, summed before anything is joined: a million figures become a handful of rows. The vintages
# are named by number, since a join on them would read the figures of every period that there is: into a branch of the
# view with a condition of its own, PostgreSQL takes constants only.
SUMS = """SELECT f.vintage_id, f.app_id, {member} AS member, f.currency, {sums}
    FROM reports_figure f {members}
    WHERE f.vintage_id = ANY(%({side}_vintages)s) AND f.metric = %({side}_metric)s AND {told}
    GROUP BY 1, 2, 3, 4"""

# Figures of two tables tell PostgreSQL little of how many groups they have: with its usual 4 MB it sorts them in files.
ROOM = "SET LOCAL work_mem = '64MB'"

# NULL never equals NULL in a join, so a missing vendor or app is 0 until the end.
COMPARED = """
CREATE TEMPORARY TABLE compared ON COMMIT DROP AS
WITH scope AS (
    SELECT account_id, coalesce(vendor_id, 0) AS vendor_id, coalesce(app_id, 0) AS app_id, {scope_key} AS scope,
           period_start, min(period_end) AS period_end, min(timezone) AS timezone
    FROM console_vintage v GROUP BY 1, 2, 3, 4, 5),
delivered AS (
    SELECT DISTINCT s.account_id, s.vendor_id, s.app_id, s.scope, s.period_start
    FROM scope s JOIN api_vintage v ON {same_report}),
console AS (
    SELECT v.account_id, coalesce(v.vendor_id, 0) AS vendor_id, {scope_key} AS scope, v.period_start,
           {app} AS app_id, f.member, f.currency, sum(f.value) AS value, min(v.id) AS vintage_id
    FROM console_vintage v
    JOIN ({console_sums}) f ON f.vintage_id = v.id
    GROUP BY 1, 2, 3, 4, 5, 6, 7),
api AS (
    SELECT s.account_id, s.vendor_id, s.scope, s.period_start, {app} AS app_id, f.member, f.currency,
           coalesce(sum(f.value), 0) AS value, coalesce(sum(f.second_value), 0) AS second_value,
           min(v.id) AS vintage_id
    FROM scope s
    JOIN api_vintage v ON {same_report}
    JOIN ({api_sums}) f ON f.vintage_id = v.id AND (s.app_id = 0 OR f.app_id = s.app_id)
    GROUP BY 1, 2, 3, 4, 5, 6, 7),
both_sides AS (
    SELECT account_id, vendor_id, scope, period_start, app_id, member, currency,
           a.value AS api_value, c.value AS console_value, a.second_value,
           a.vintage_id AS api_vintage_id, c.vintage_id AS console_vintage_id
    FROM console c FULL JOIN api a
    USING (account_id, vendor_id, scope, period_start, app_id, member, currency))
SELECT b.account_id, nullif(b.vendor_id, 0) AS vendor_id, b.scope, b.period_start, s.period_end, s.timezone,
       nullif(b.app_id, 0) AS app_id, b.member, b.currency, b.api_value, b.console_value, b.second_value,
       b.api_vintage_id, b.console_vintage_id, d.account_id IS NOT NULL AS api_delivered,
       coalesce(b.console_value, 0) - coalesce(b.api_value, 0) AS difference,
       coalesce(b.console_value, 0) - coalesce(b.second_value, 0) AS second_difference
FROM both_sides b
JOIN (SELECT account_id, vendor_id, scope, period_start, min(period_end) AS period_end, min(timezone) AS timezone
      FROM scope GROUP BY 1, 2, 3, 4) s USING (account_id, vendor_id, scope, period_start)
LEFT JOIN delivered d ON d.account_id = b.account_id AND d.vendor_id = b.vendor_id AND d.scope = b.scope
    AND d.period_start = b.period_start AND d.app_id IN (0, b.app_id)
"""

SAME_REPORT = """v.account_id = s.account_id AND v.period_start = s.period_start
        AND (s.vendor_id = 0 OR v.vendor_id IS NULL OR v.vendor_id = s.vendor_id)
        AND (s.app_id = 0 OR v.app_id IS NULL OR v.app_id = s.app_id)
        AND (s.scope = '' OR v.scope = s.scope)"""


#: Kind, report and grain of a console series.
Export = tuple[str, str, str]


def exported() -> set[Export]:
    """What anybody ever handed in as a console export."""
    return set(Series.objects.filter(side=Side.CONSOLE).values_list("kind", "report", "grain").distinct())


def export_of(rule: Rule) -> Export:
    """The console series that `rule` reads."""
    return rule.console_kind, console_report(rule), rule.grain


def compare(rule: Rule, scope: Scope) -> int:
    """Fill the temporary tables `console_vintage`, `api_vintage` and `compared` for `rule`; needs a transaction.

    A console value stands beside nothing where Apple delivered nothing (`api_delivered` false). A member that a
    delivered file does not name has no value there and counts as 0 in the difference: the file is complete. Returns
    how many lines were left out because the two sides need not agree on them.
    """
    parameters = _parameters(rule, scope)
    execute(ROOM)
    execute(SHARED)
    execute("DROP TABLE IF EXISTS console_vintage, api_vintage, api_day, compared")
    _choose_console(rule, scope, parameters)
    _choose_api(rule, scope, parameters)
    execute(_compared(rule), parameters | {f"{side}_vintages": _vintages(side) for side in ("console", "api")})
    if scope.app:
        execute("DELETE FROM compared WHERE app_id IS DISTINCT FROM %s", [scope.app.pk])
    return sum(execute(statement, parameters) for statement in _left_out(rule))


def _choose_console(rule: Rule, scope: Scope, parameters: dict[str, object]) -> None:
    of_kind = "AND s.kind = %(kind)s" + (" AND s.scope = %(breakdown)s" if rule.cut in BREAKDOWNS else "")
    _choose("console", "console", console_report(rule), of_kind, scope, parameters)
    if rule.console_kind in (Kind.A1, Kind.A2, Kind.P):
        execute(WITHOUT_THE_METRIC, parameters)
    if rule.is_analytics and rule.grain == Grain.MONTH:
        execute(CUT_MONTHS, parameters)
    if scope.app:
        execute("DELETE FROM console_vintage WHERE app_id <> %s", [scope.app.pk])


def _choose_api(rule: Rule, scope: Scope, parameters: dict[str, object]) -> None:
    """The API's vintages that have a console export beside them; without one there is nothing to look for."""
    first, last = fetch("SELECT min(period_start), max(period_end) FROM console_vintage")[0]
    parameters = parameters | {"start": first, "end": last, "report": rule.api_report}
    if first is None or not adds_days(rule):
        _choose("api", "api", rule.api_report, "", scope, parameters)
        execute(ONE_COPY)
    else:
        _choose("api_day", "api", rule.api_report, "", scope, parameters | {"grain": Grain.DAY.value})
        execute(INCOMPLETE_DAYS.replace("api_vintage", "api_day"), parameters)
        execute(MONTHS_OF_DAYS, parameters)
    if rule.is_analytics and rule.grain == Grain.DAY:
        execute(INCOMPLETE_DAYS, parameters)


def _choose(name: str, side: str, report: str, more: str, scope: Scope, parameters: dict[str, object]) -> None:
    newest = "v.received_at <= %(as_of)s" if scope.as_of else "v.current"
    select = VINTAGES.format(kind=more, newest=newest)
    table = name if name == "api_day" else f"{name}_vintage"
    execute(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {select}", parameters | {"side": side, "report": report})


def adds_days(rule: Rule) -> bool:
    """Whether the rule compares months with a report that Apple makes for days only."""
    return rule.is_analytics and rule.grain == Grain.MONTH and "MONTHLY" not in facts_of(rule.api_report).grains


def _left_out(rule: Rule) -> Iterable[str]:
    if rule.cut in BREAKDOWNS:
        yield NOT_EXPORTED
    if rule.cut in OWN_NAMES:
        yield NOT_NAMED[rule.cut]
    if rule.is_analytics and not rule.additive:
        wanted = filter_sql("wanted", rule.api_filter)
        yield NEEDS_ADDING.format(members=_members_for(wanted), wanted=wanted)


def _compared(rule: Rule) -> str:
    # A downloaded finance report is one region's: it is held against the same region's file and no other.
    by_region = rule.console_kind in (Kind.F1, Kind.F2)
    cut = MEMBER_OF_CUT[rule.cut]
    wanted, second = filter_sql("wanted", rule.api_filter), filter_sql("second", rule.alternative_filter)
    both = f"sum(f.value) FILTER (WHERE {wanted}) AS value, sum(f.value) FILTER (WHERE {second}) AS second_value"
    return COMPARED.format(
        console_sums=_sums("console", cut, "sum(f.value) AS value"),
        api_sums=_sums("api", cut, both, told=f"({wanted} OR {second})"),
        scope_key="v.scope" if by_region else "''",
        same_report=SAME_REPORT,
        app="0" if rule.cut in WITHOUT_APP else "coalesce(f.app_id, 0)",
    )


def _sums(side: str, member: str, sums: str, told: str = "true") -> str:
    return SUMS.format(side=side, member=member, sums=sums, told=told, members=_members_for(member, told))


def _vintages(side: str) -> list[int]:
    return [number for (number,) in fetch(f"SELECT id FROM {side}_vintage")]  # noqa: S608 - one of two names


def _members_for(*expressions: str) -> str:
    """The join that `expressions` need; whole apps need none, and it is half of the work over a million figures."""
    named = any("m.dims" in expression for expression in expressions)
    return "JOIN reports_member m ON m.id = f.member_id" if named else ""


def filter_sql(name: str, patterns: dict[str, list[str]] | None) -> str:
    """Whether the dims of a member `m` pass a rule's filter; `name` tells its parameters apart."""
    if patterns is None:
        return "false"
    dims = (f"m.dims->>%({name}_{n})s LIKE ANY(%({name}_{n}_patterns)s)" for n in range(len(patterns)))
    return "(" + (" AND ".join(dims) or "true") + ")"


def filter_parameters(name: str, patterns: dict[str, list[str]] | None) -> dict[str, object]:
    """The parameters of `filter_sql`."""
    parameters: dict[str, object] = {}
    for n, (dim, values) in enumerate((patterns or {}).items()):
        parameters[f"{name}_{n}"] = dim
        parameters[f"{name}_{n}_patterns"] = [_like(value) for value in values]
    return parameters


def folded(rule: Rule, patterns: dict[str, list[str]] | None) -> dict[str, list[str]] | None:
    """A filter as it is compared: figures of analytics reports have their texts in lower case."""
    if patterns is None or not rule.is_analytics:
        return patterns
    return {name: [value.lower() for value in values] for name, values in patterns.items()}


def _like(pattern: str) -> str:
    """A pattern of a rule, in which only * stands for anything, as one of LIKE."""
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%")


def _parameters(rule: Rule, scope: Scope) -> dict[str, object]:
    return {
        "kind": rule.console_kind,
        "grain": rule.grain,
        "start": scope.start,
        "end": scope.end,
        "account": scope.account.pk if scope.account else None,
        "as_of": scope.as_of,
        "loaded": DeliveryState.LOADED.value,
        "console_metric": rule.console_metric,
        "api_metric": rule.api_measure,
        "api_currency": rule.api_currency,
        "breakdown": dimension(rule.cut).scope if rule.cut in BREAKDOWNS else "",
        **_analytics_parameters(rule),
        **filter_parameters("wanted", folded(rule, rule.api_filter)),
        **filter_parameters("second", folded(rule, rule.alternative_filter)),
    }


def _analytics_parameters(rule: Rule) -> dict[str, object]:
    if not rule.is_analytics:
        return {}
    facts = facts_of(rule.api_report)
    return {
        "lag": facts.lag,
        "may_be_empty": not facts.opt_in_only,
        "console_open_days": analytics_policy().console_open_days,
    }
