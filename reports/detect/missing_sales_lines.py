"""Lines of business in the database: what each usually sells, and on which days it sold, paused or stopped.

Apart from the detector, as the statements are most of it: which days of which apps are suspicious, and what their lines
would have sold. A line is a product in a country, of one app.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from reports.detect.missing_sales_screen import apps_to_look_at
from reports.detect.missing_sales_sold import (
    AROUND,
    LEAST_HISTORY,
    LOOK_BACK,
    REGULAR,
    REPORT,
    delivered_days,
    find_delivered,
    find_sold,
)
from reports.models import Account
from reports.sql import execute, fetch

#: What is lost sold this many units on such days: by chance alone nothing sells with a probability of e^-20.
LEAST_UNITS = 20.0
#: A lost part smaller than this share of what the app regularly sells is not told from a bad day.
LEAST_SHARE = 0.1
#: Regular lines pause by chance; a loss counts only this many standard deviations beyond that.
DEVIATIONS = 6.0
#: Half of the rows at random leave no line without sales, but fewer rows, each as large as usual: at most this share of
#: the usual rows, with at least this share of the usual units per row (a quiet day has smaller rows), this many rows
#: and deviations off. The deviation is that of the app's own four weeks before.
THINNED_TO, ROW_SIZE, LEAST_ROWS, ROW_DEVIATIONS = 0.7, 0.75, 10, 4.0
#: Few rows tell less. Where each holds several units, rows and units are two witnesses: then this many rows and
#: deviations will do, if the deviations of both add up to the third number.
FEW_ROWS, FEW_ROW_DEVIATIONS, JOINT_DEVIATIONS, SEVERAL_UNITS = 6, 2.5, 5.5, 1.5
#: Losses come in runs of days: within two days of a plain one, so many deviations will do.
BESIDE_DEVIATIONS = 1.5
#: Rows of this many units hardly vanish on a quiet day, so their size may vary more: large and small rows are lost.
LARGE_ROWS, LARGE_ROW_SIZE = 4.0, 0.6
#: Where nothing comes back yet, this many lines must have stopped on the same day to call it a loss.
LEAST_LINES = 5
#: A line due this many units never pauses by chance; e^-x below that is more than PostgreSQL's floats hold.
CERTAIN = 700.0
# For every delivered day: the lines that were regular before it, what they sold per day over the four weeks before, and
# whether they sold on that day, paused (they came back), or stopped.
LINE_DAYS = """
CREATE TEMPORARY TABLE line_day ON COMMIT DROP AS
WITH steps AS (
    SELECT *, lead(number) OVER line AS next_number,
           count(*) OVER before AS days_before, sum(units) OVER before AS units_before,
           sum(rows) OVER before AS rows_before,
           count(*) OVER upto AS days_upto, sum(units) OVER upto AS units_upto, sum(rows) OVER upto AS rows_upto
    FROM sold_line
    WINDOW line AS (PARTITION BY account_id, vendor_id, line ORDER BY number),
           before AS (line RANGE BETWEEN %(look_back)s PRECEDING AND 1 PRECEDING),
           upto AS (line RANGE BETWEEN %(look_back)s - 1 PRECEDING AND CURRENT ROW)),
seen AS (
    SELECT account_id, vendor_id, app_id, line, number, 'sold' AS state, units, rows,
           days_before AS days, units_before AS before, rows_before, least(number - 1, %(look_back)s) AS history
    FROM steps
    UNION ALL
    SELECT s.account_id, s.vendor_id, s.app_id, s.line, g.number,
           CASE WHEN s.next_number IS NULL THEN 'stopped' ELSE 'paused' END, 0, 0,
           s.days_upto, s.units_upto, s.rows_upto, least(s.number, %(look_back)s)
    FROM steps s JOIN (SELECT DISTINCT account_id, vendor_id, last FROM delivered) t USING (account_id, vendor_id)
    CROSS JOIN generate_series(s.number + 1,
                               coalesce(s.next_number - 1, least(s.number + %(look_back)s, t.last))) AS g(number))
SELECT x.account_id, x.vendor_id, x.app_id, x.line, d.day, x.state, x.units, coalesce(x.rows, 0) AS rows,
       (x.before / x.history)::float8 AS usual, (coalesce(x.rows_before, 0) / x.history)::float8 AS usual_rows
FROM seen x JOIN delivered d USING (account_id, vendor_id, number)
WHERE x.history >= %(least_history)s AND x.days >= %(regular)s * x.history
"""

# The same by app and day. A table with an index, since every day is held against the four weeks before it.
APP_DAYS = """
CREATE TEMPORARY TABLE app_day ON COMMIT DROP AS
SELECT account_id, vendor_id, app_id, day, sum(units)::float8 AS units,
       sum(usual) FILTER (WHERE state <> 'stopped') AS usual,
       sum(usual) FILTER (WHERE state = 'sold') AS usual_sold,
       sum(usual) FILTER (WHERE state = 'stopped') AS usual_stopped,
       sum(rows)::float8 AS rows, sum(usual_rows) FILTER (WHERE state <> 'stopped') AS usual_rows,
       count(*) FILTER (WHERE state = 'stopped') AS stopped,
       sum(units)::float8 / nullif(count(*) FILTER (WHERE state = 'sold'), 0) AS per_line
FROM line_day GROUP BY 1, 2, 3, 4
"""

# What the same weekday of the four weeks before sold, by what was usual then.
APP_PACE = """
CREATE TEMPORARY TABLE app_pace ON COMMIT DROP AS
SELECT t.*, w.units AS weekday, w.rows AS weekday_rows
FROM app_day t CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY w.units / w.usual) FILTER (WHERE w.usual > 0) AS units,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY w.rows / w.usual_rows) FILTER (WHERE w.usual_rows > 0) AS rows
    FROM app_day w
    WHERE w.account_id = t.account_id AND w.vendor_id = t.vendor_id AND w.app_id = t.app_id
      AND w.day IN (t.day - 7, t.day - 14, t.day - 21, t.day - 28)) w
WHERE t.day BETWEEN %(start)s::date - %(look_back)s AND %(end)s
"""

# Days on which more is lost than chance takes. A quiet day is quiet everywhere: how quiet, the lines that did sell tell
# (less what they are too high for having sold at all), and the same weekday of the four weeks before; the quieter one
# holds. What may pause by chance is reckoned with two standard deviations less.
SUSPECTS = """
WITH compared AS (
    SELECT t.*, d.row_deviation, d.unit_deviation, CASE WHEN usual_sold >= 0.2 * usual THEN units / usual_sold
               * CASE WHEN per_line < %(certain)s THEN 1 - exp(-per_line * (1 - exp(-per_line))) ELSE 1 END END AS today
    FROM app_pace t CROSS JOIN LATERAL (
        SELECT 1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(w.rows - w.usual_rows)) AS row_deviation,
               1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(w.units - w.usual * coalesce(w.weekday, 1)))
                   AS unit_deviation
        FROM app_pace w
        WHERE w.account_id = t.account_id AND w.vendor_id = t.vendor_id AND w.app_id = t.app_id
          AND w.usual_rows > 0 AND w.day BETWEEN t.day - 28 AND t.day - 1) d
    WHERE t.day BETWEEN %(start)s AND %(end)s),
activity AS (
    SELECT *, least(today, weekday) AS pace,
           least(today * greatest(0, 1 - 2 / sqrt(nullif(units, 0))), weekday) AS low_pace,
           usual * least(1, weekday) AS due_units, usual_rows * least(1, weekday_rows) AS due_rows
    FROM compared),
sparse AS (
    SELECT *, (due_rows - rows) / nullif(greatest(row_deviation, 0.35 * sqrt(due_rows)), 0) AS rows_off,
           (due_units - units) / nullif(greatest(unit_deviation, 0.35 * sqrt(due_units)), 0) AS units_off
    FROM activity
    WHERE rows > 0 AND rows <= %(thinned_to)s * due_rows AND units / rows >= due_units / due_rows
        * CASE WHEN due_units >= %(large_rows)s * due_rows THEN %(large_row_size)s ELSE %(row_size)s END),
thinned AS (
    SELECT *, due_rows - rows >= %(least_rows)s AND rows_off >= %(row_deviations)s
           OR due_rows - rows >= %(few_rows)s AND due_units >= %(several_units)s * due_rows
              AND rows_off >= %(few_row_deviations)s AND rows_off + units_off >= %(joint_deviations)s AS plain
    FROM sparse),
judged AS (
    SELECT a.account_id, a.vendor_id, a.app_id, a.day, a.pace, a.usual_sold, a.usual_stopped, a.stopped,
           sum(l.usual) AS usual, coalesce(sum(l.usual) FILTER (WHERE l.state = 'paused'), 0) AS lost,
           sum(l.usual * p.pauses) AS by_chance,
           sqrt(sum(l.usual ^ 2 * p.pauses * (1 - p.pauses))) AS deviation
    FROM activity a JOIN line_day l USING (account_id, vendor_id, app_id, day)
    CROSS JOIN LATERAL (SELECT l.usual * a.low_pace AS due) d
    CROSS JOIN LATERAL (
        SELECT CASE WHEN due < %(certain)s THEN exp(-due) WHEN due >= %(certain)s THEN 0 END AS pauses) p
    WHERE l.state <> 'stopped' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8)
SELECT account_id, vendor_id, app_id, day, 'paused', 1.0 FROM judged
WHERE lost * least(pace, 1) >= %(least_units)s AND lost >= %(least_share)s * usual
  AND lost > by_chance + %(deviations)s * deviation
UNION ALL
SELECT account_id, vendor_id, app_id, day, 'thinned', 1 - rows / due_rows FROM thinned t
WHERE plain OR rows_off >= %(beside_deviations)s AND EXISTS (
    SELECT FROM thinned n WHERE n.plain AND n.account_id = t.account_id AND n.vendor_id = t.vendor_id
        AND n.app_id = t.app_id AND n.day BETWEEN t.day - 2 AND t.day + 2)
UNION ALL
SELECT account_id, vendor_id, app_id, day, 'stopped', 1.0 FROM activity
WHERE usual IS NULL AND stopped >= %(least_lines)s AND usual_stopped * least(coalesce(pace, 1), 1) >= %(least_units)s
"""

CELLS = """
SELECT l.account_id, l.vendor_id, l.app_id, l.day, n.product, n.territory, l.usual,
       CASE WHEN l.state <> 'sold' THEN l.usual WHEN s.state = 'thinned' THEN l.usual * s.share ELSE 0 END
FROM line_day l
JOIN (SELECT DISTINCT line, product, territory FROM line) n USING (line)
JOIN unnest(%(accounts)s::bigint[], %(vendors)s::bigint[], %(apps)s::bigint[], %(days)s::date[], %(states)s::text[],
            %(shares)s::float8[])
    AS s(account_id, vendor_id, app_id, day, state, share) USING (account_id, vendor_id, app_id, day)
WHERE l.state IN ('sold', CASE s.state WHEN 'thinned' THEN 'paused' ELSE s.state END)
"""

# A console export of the day tells exactly what is missing; this is only for days without one.
EXPORTED = """
SELECT DISTINCT s.account_id, coalesce(s.vendor_id, 0), v.period_start
FROM reports_vintage v JOIN reports_series s ON s.id = v.series_id
WHERE v.current AND s.side = 'console' AND s.kind = 'R' AND s.report = %(report)s
  AND v.period_start BETWEEN %(start)s AND %(end)s
"""

Suspect = tuple[int, int, int, date, str, float]


def lost_cells(start: date, end: date, account: Account | None, new_from: date | None = None) -> list[tuple[Any, ...]]:
    """Of each suspicious app and day every line: account, vendor, app, day, product, territory, usual and lost units.

    Days that a console export tells are left out. With `new_from` the days before it were looked at before. Needs a
    transaction; leaves temporary tables in it.
    """
    parameters = _parameters(start, end, account)
    find_delivered(parameters)
    apps = apps_to_look_at(start, end, new_from, parameters) if new_from else None
    if apps == []:
        return []
    find_sold(parameters | {"vintages": delivered_days(), "apps": apps})
    _judge_lines(parameters)
    exported = set(fetch(EXPORTED, parameters))
    suspects = _once_each(row for row in fetch(SUSPECTS, parameters) if not _is_exported(row, exported))
    columns = zip(*suspects, strict=True) if suspects else [[]] * 6
    names = ("accounts", "vendors", "apps", "days", "states", "shares")
    return fetch(CELLS, dict(zip(names, map(list, columns), strict=True)))


def _parameters(start: date, end: date, account: Account | None) -> dict[str, object]:
    return {
        "report": REPORT,
        "start": start,
        "end": end,
        "account": account.pk if account else None,
        "around": AROUND,
        "look_back": LOOK_BACK,
        "least_history": LEAST_HISTORY,
        "regular": REGULAR,
        "least_units": LEAST_UNITS,
        "least_share": LEAST_SHARE,
        "deviations": DEVIATIONS,
        "least_lines": LEAST_LINES,
        "thinned_to": THINNED_TO,
        "row_size": ROW_SIZE,
        "large_rows": LARGE_ROWS,
        "large_row_size": LARGE_ROW_SIZE,
        "least_rows": LEAST_ROWS,
        "row_deviations": ROW_DEVIATIONS,
        "few_rows": FEW_ROWS,
        "few_row_deviations": FEW_ROW_DEVIATIONS,
        "joint_deviations": JOINT_DEVIATIONS,
        "several_units": SEVERAL_UNITS,
        "beside_deviations": BESIDE_DEVIATIONS,
        "certain": CERTAIN,
    }


def _judge_lines(parameters: dict[str, object]) -> None:
    execute("DROP TABLE IF EXISTS line_day, app_day, app_pace")
    execute(LINE_DAYS, parameters)
    execute(APP_DAYS)
    execute("CREATE INDEX ON app_day (account_id, vendor_id, app_id, day)")
    execute("ANALYZE line_day, app_day")
    execute(APP_PACE, parameters)
    execute("CREATE INDEX ON app_pace (account_id, vendor_id, app_id, day)")
    execute("ANALYZE app_pace")


def _once_each(suspects: Iterable[Suspect]) -> list[Suspect]:
    """An app and day once: whole lines that are gone say more than that its rows are fewer."""
    by_day: dict[tuple[int, int, int, date], Suspect] = {}
    for suspect in sorted(suspects, key=lambda s: s[4]):
        by_day.setdefault(suspect[:4], suspect)
    return list(by_day.values())


def _is_exported(row: Suspect, exported: set[tuple[int, int, date]]) -> bool:
    account_id, vendor_id, _, day, *_ = row
    return (account_id, vendor_id, day) in exported or (account_id, 0, day) in exported
