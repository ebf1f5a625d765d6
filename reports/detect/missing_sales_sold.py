"""What each line of business (a product in a country, of one app) sold on the delivered days, in temporary tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.figures.derive import ROOM
from reports.models import Rule
from reports.sql import execute, fetch

REPORT = Rule.Report.SALES_DAILY.value
#: Delivered days before a day that tell what usually sells, and how many of them must be there at least.
LOOK_BACK, LEAST_HISTORY = 28, 14
#: A line is regular when it sold on this share of those days.
REGULAR = 0.8
#: Days read before and after the window: what usually sold, and whether it came back.
AROUND = 90

DELIVERED = """
CREATE TEMPORARY TABLE delivered ON COMMIT DROP AS
SELECT * FROM (
    SELECT v.id, s.account_id, coalesce(s.vendor_id, 0) AS vendor_id, v.period_start AS day,
           row_number() OVER (PARTITION BY s.account_id, s.vendor_id ORDER BY v.period_start) AS number,
           count(*) OVER (PARTITION BY s.account_id, s.vendor_id) AS last
    FROM reports_vintage v JOIN reports_series s ON s.id = v.series_id
    WHERE v.current AND s.side = 'api' AND s.report = %(report)s
      AND v.period_start BETWEEN %(start)s::date - %(around)s AND %(end)s::date + %(around)s
      AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s)) d
WHERE last > %(least_history)s
"""

# Of both tables behind the view of figures, as units and rows of a sale stand side by side in one of them. The vintages
# are named by number: a join on them would read the figures of every day that there is.
SALES = """
    SELECT vintage_id, app_id, member_id, CASE WHEN units > 0 THEN units END AS units,
           nullif(sold_rows, 0)::numeric AS rows
    FROM reports_salesfigures
    WHERE vintage_id = ANY(%(vintages)s) AND (units > 0 OR sold_rows > 0)
      AND app_id IS NOT NULL AND (%(apps)s::bigint[] IS NULL OR app_id = ANY(%(apps)s))
    UNION ALL
    SELECT vintage_id, app_id, member_id,
           CASE metric WHEN 'units' THEN value END, CASE metric WHEN 'rows' THEN value END
    FROM reports_storedfigure
    WHERE vintage_id = ANY(%(vintages)s) AND metric IN ('units', 'rows') AND value > 0
      AND app_id IS NOT NULL AND (%(apps)s::bigint[] IS NULL OR app_id = ANY(%(apps)s))
"""

# Each line once, by a number: to sort by texts takes longer than all else.
LINES = f"""
CREATE TEMPORARY TABLE line ON COMMIT DROP AS
SELECT app_id, member_id, product, territory, dense_rank() OVER (ORDER BY app_id, product, territory) AS line FROM (
    SELECT f.app_id, f.member_id, m.dims->>'product' AS product, m.dims->>'territory' AS territory
    FROM (SELECT DISTINCT app_id, member_id FROM ({SALES}) s) f JOIN reports_member m ON m.id = f.member_id) named
"""  # noqa: S608 - constants only

SOLD = f"""
CREATE TEMPORARY TABLE sold_line ON COMMIT DROP AS
SELECT d.account_id, d.vendor_id, f.app_id, f.line, d.number, f.units, f.rows
FROM (SELECT s.vintage_id, l.line, min(l.app_id) AS app_id, sum(s.units) AS units, sum(s.rows) AS rows
      FROM line l JOIN ({SALES}) s USING (app_id, member_id)
      GROUP BY 1, 2) f
JOIN delivered d ON d.id = f.vintage_id
WHERE f.units > 0
"""  # noqa: S608 - constants only


def find_delivered(parameters: Mapping[str, Any]) -> None:
    """Table `delivered`: the days around the window that Apple's API told, numbered for each account and vendor."""
    execute(ROOM)
    execute("DROP TABLE IF EXISTS delivered")
    execute(DELIVERED, parameters)
    execute("ANALYZE delivered")


def delivered_days() -> list[int]:
    """The vintages of all of them."""
    return [number for (number,) in fetch("SELECT id FROM delivered")]


def find_sold(parameters: Mapping[str, Any]) -> None:
    """Tables `line` and `sold_line` (units and rows by line and number of the day) of `vintages`; of `apps`, or all."""
    execute("DROP TABLE IF EXISTS line, sold_line")
    execute(LINES, parameters)
    execute("ANALYZE line")
    execute(SOLD, parameters)
    execute("ANALYZE sold_line")
