"""One set-based FULL JOIN of the two sides for a rule, left in a temporary table for counting and explaining."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from reports.figures.vintages import NEWEST_FIRST
from reports.models import Account, App, DeliveryState, Kind, Rule
from reports.sql import execute, fetch

PAYMENTS = "PAYMENTS"

#: How a figure is named in each cut. Counts have no currency, so where the cut is the currency it names them.
MEMBER_OF_CUT = {
    "app": "''",
    "currency": "coalesce(nullif(f.currency, ''), m.dims->>'currency', '')",
    "territory": "coalesce(m.dims->>'territory', '')",
    "product": "coalesce(m.dims->>'product', '')",
    "region": "coalesce(m.dims->>'region', '')",
}
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
       v.id, v.period_start, v.period_end, v.delivery_id,
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
    SELECT FROM reports_figure f WHERE f.vintage_id = v.id AND f.metric = %(console_metric)s)
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
    SELECT DISTINCT s.account_id, s.vendor_id, s.scope, s.period_start
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
JOIN LATERAL (SELECT min(period_end) AS period_end, min(timezone) AS timezone FROM scope s
    WHERE s.account_id = b.account_id AND s.vendor_id = b.vendor_id AND s.scope = b.scope
      AND s.period_start = b.period_start) s ON true
LEFT JOIN delivered d ON d.account_id = b.account_id AND d.vendor_id = b.vendor_id AND d.scope = b.scope
    AND d.period_start = b.period_start
"""

SAME_REPORT = """v.account_id = s.account_id AND v.period_start = s.period_start
        AND (s.vendor_id = 0 OR v.vendor_id IS NULL OR v.vendor_id = s.vendor_id)
        AND (s.scope = '' OR v.scope = s.scope)"""


def compare(rule: Rule, scope: Scope) -> None:
    """Fill the temporary tables `console_vintage`, `api_vintage` and `compared` for `rule`; needs a transaction.

    A console value stands beside nothing where Apple delivered nothing (`api_delivered` false). A member that a
    delivered file does not name has no value there and counts as 0 in the difference: the file is complete.
    """
    parameters = _parameters(rule, scope)
    execute(ROOM)
    execute("DROP TABLE IF EXISTS console_vintage, api_vintage, compared")
    for side, report, kind in (
        ("console", console_report(rule), "AND s.kind = %(kind)s"),
        ("api", rule.api_report, ""),
    ):
        newest = "v.received_at <= %(as_of)s" if scope.as_of else "v.current"
        select = VINTAGES.format(kind=kind, newest=newest)
        execute(
            f"CREATE TEMPORARY TABLE {side}_vintage ON COMMIT DROP AS {select}",
            parameters | {"side": side, "report": report},
        )
    execute(ONE_COPY)
    if rule.console_kind in (Kind.A1, Kind.A2, Kind.P):
        execute(WITHOUT_THE_METRIC, parameters)
    if scope.app:
        execute("DELETE FROM console_vintage WHERE app_id <> %s", [scope.app.pk])
    execute(_compared(rule), parameters | {f"{side}_vintages": _vintages(side) for side in ("console", "api")})
    if scope.app:
        execute("DELETE FROM compared WHERE app_id IS DISTINCT FROM %s", [scope.app.pk])


def _compared(rule: Rule) -> str:
    # A downloaded finance report is one region's: it is held against the same region's file and no other.
    by_region = rule.console_kind in (Kind.F1, Kind.F2)
    cut = MEMBER_OF_CUT[rule.cut]
    wanted, second = _filter_sql("wanted", rule.api_filter), _filter_sql("second", rule.alternative_filter)
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


def _filter_sql(name: str, patterns: dict[str, list[str]] | None) -> str:
    if patterns is None:
        return "false"
    dims = (f"m.dims->>%({name}_{n})s LIKE ANY(%({name}_{n}_patterns)s)" for n in range(len(patterns)))
    return "(" + (" AND ".join(dims) or "true") + ")"


def _filter_parameters(name: str, patterns: dict[str, list[str]] | None) -> dict[str, object]:
    parameters: dict[str, object] = {}
    for n, (dim, values) in enumerate((patterns or {}).items()):
        parameters[f"{name}_{n}"] = dim
        parameters[f"{name}_{n}_patterns"] = [_like(value) for value in values]
    return parameters


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
        **_filter_parameters("wanted", rule.api_filter),
        **_filter_parameters("second", rule.alternative_filter),
    }
