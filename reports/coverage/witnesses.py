"""Reports that never came day by day although something else tells that they should: only then is that suspicious.

Apple makes no file for a report without a row to show, so a report that never came may just have nothing to tell (an
app without pre-orders), or only small groups of people, which Apple leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass

from ascrecon.appstore import load_catalogue
from reports.figures.analytics import DETAILED, FAMILIES, STANDARD, Family
from reports.figures.counted import twin_of
from reports.models import Account, App
from reports.sql import fetch
from reports.sync.policy import sync_policy

Pair = tuple[int, str]


@dataclass(frozen=True)
class Witness:
    """What a report must be beside: `metric` of `report`, at least so many on a day."""

    report: str
    metric: str
    a_day: int


#: Own choices: people who download look at the product page before, and some of them share their use with developers.
BY_DOWNLOADS = {
    "App Store Discovery and Engagement Standard": Witness("App Downloads Standard", "counts", 20),
    "App Store Installation and Deletion Standard": Witness("App Downloads Standard", "counts", 100),
    "App Sessions Standard": Witness("App Downloads Standard", "counts", 100),
}
#: Which column of a Standard report counts people, for a family whose rows of few people Apple leaves out.
PEOPLE = {
    "App Downloads": "counts",
    "App Store Purchases": "paying_users",
    "App Store Discovery and Engagement": "unique_counts",
    "App Store Installation and Deletion": "unique_devices",
    "App Sessions": "unique_devices",
}

NEVER = """
SELECT a.id, r.report FROM reports_app a CROSS JOIN unnest(%(reports)s::text[]) AS r(report)
WHERE a.account_id = %(account)s AND (%(app)s::bigint IS NULL OR a.id = %(app)s)
  AND EXISTS (SELECT 1 FROM reports_reportrequest q WHERE q.app_id = a.id)
  AND NOT EXISTS (SELECT 1 FROM reports_analyticsinstance i JOIN reports_analyticsreport p ON p.id = i.report_id
                  JOIN reports_reportrequest q ON q.id = p.request_id AND q.access = 'ONGOING'
                  WHERE q.app_id = a.id AND p.name = r.report AND i.delivery_id IS NOT NULL)
"""

# On how many of its last days the witness tells at least so much. Figures of one day are one vintage's.
DAYS_OF_METRIC = """
WITH days AS (
    SELECT s.app_id, v.id FROM reports_series s JOIN reports_vintage v ON v.series_id = s.id AND v.current
    WHERE s.kind = 'ANALYTICS' AND s.grain = 'day' AND s.report = %(report)s AND s.app_id = ANY(%(apps)s)
      AND v.period_start > (SELECT max(w.period_start) - %(days)s FROM reports_vintage w WHERE w.series_id = s.id)),
sums AS (
    SELECT d.app_id, d.id FROM days d JOIN reports_storedfigure f ON f.vintage_id = d.id AND f.metric = %(metric)s
    GROUP BY 1, 2 HAVING sum(f.value) >= %(least)s)
SELECT app_id FROM sums GROUP BY 1 HAVING count(*) >= %(days_needed)s
"""

# The same for a row of so many people: Apple's detailed report, which divides it, leaves out fewer than five.
DAYS_OF_ROW = """
WITH days AS (
    SELECT s.app_id, v.delivery_id, v.period_start FROM reports_series s
    JOIN reports_vintage v ON v.series_id = s.id AND v.current
    WHERE s.kind = 'ANALYTICS' AND s.grain = 'day' AND s.report = %(report)s AND s.app_id = ANY(%(apps)s)
      AND v.period_start > (SELECT max(w.period_start) - %(days)s FROM reports_vintage w WHERE w.series_id = s.id))
SELECT app_id FROM days d
WHERE EXISTS (SELECT 1 FROM {table} r WHERE r.id BETWEEN d.delivery_id << 32 AND (d.delivery_id << 32) + 4294967295
              AND r.day = d.period_start AND r.{people} >= %(least)s)
GROUP BY 1 HAVING count(*) >= %(days_needed)s
"""

DAYS_OF_SALES = """
WITH days AS (
    SELECT f.app_id, v.period_start FROM reports_salesfigures f
    JOIN reports_vintage v ON v.id = f.vintage_id AND v.current
    JOIN reports_series s ON s.id = v.series_id AND s.side = 'api' AND s.grain = 'day'
    WHERE f.app_id = ANY(%(apps)s) AND f.proceeds > 0
      AND v.period_start > (SELECT max(w.period_start) - %(days)s FROM reports_vintage w WHERE w.series_id = s.id)
    GROUP BY 1, 2 HAVING sum(f.units) >= %(least)s)
SELECT app_id FROM days GROUP BY 1 HAVING count(*) >= %(days_needed)s
"""
WINDOW, DAYS_NEEDED = 28, 7
LEAST_SALES = 5


def witnessed_reports(account: Account, app: App | None) -> list[Pair]:
    """(App, report) of what never came and should: the other level of detail came, or what goes before it did."""
    names = [report.name for report in load_catalogue().analytics_reports]
    never = set(fetch(NEVER, {"reports": names, "account": account.pk, "app": app.pk if app else None}))
    came = {(app_id, name) for app_id, _ in never for name in names} - never
    found = {pair for pair in never if _other_level(pair) in came and pair[1].endswith(STANDARD)}
    for report, witness in BY_DOWNLOADS.items():
        found |= _witnessed(never, report, DAYS_OF_METRIC, witness.report, metric=witness.metric, least=witness.a_day)
    for family in FAMILIES:
        if people := PEOPLE.get(family.name):
            found |= _by_rows(never, came, family, people)
    return sorted(found | _witnessed(never, "App Store Purchases Standard", DAYS_OF_SALES, "", least=LEAST_SALES))


def _other_level(pair: Pair) -> Pair:
    app_id, report = pair
    return app_id, twin_of(report)


def _by_rows(never: set[Pair], came: set[Pair], family: Family, people: str) -> set[Pair]:
    """A detailed report, where another one of the app comes, and the standard one has rows of many people."""
    detailed_apps = {app_id for app_id, report in came if report.endswith(DETAILED)}
    candidates = {pair for pair in never if pair[0] in detailed_apps and _other_level(pair) in came}
    statement = DAYS_OF_ROW.format(table=family.table, people=people)
    least = sync_policy().analytics_people_for_detail
    return _witnessed(candidates, family.name + DETAILED, statement, family.name + STANDARD, least=least)


def _witnessed(never: set[Pair], report: str, statement: str, witness: str, **how: object) -> set[Pair]:
    apps = [app_id for app_id, name in never if name == report]
    if not apps:
        return set()
    parameters = {"apps": apps, "report": witness, "days": WINDOW, "days_needed": DAYS_NEEDED, **how}
    return {(app_id, report) for (app_id,) in fetch(statement, parameters)}
