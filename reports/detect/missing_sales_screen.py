"""Which apps are worth the whole look for missing sales after a new day: where none is, it takes a quarter of the time.

The whole look goes over the new days and the four weeks before them, and reads three months more, since it asks how
much an app varies from day to day. Whether anything regular is gone, came back, or has fewer rows, eight weeks tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from reports.detect.missing_sales_sold import find_sold
from reports.models import Finding, FindingState
from reports.sql import fetch

DETECTOR = "missing_sales"
#: Each new day is held against its own eight weeks: from a week on, the whole look is as fast.
FEW = timedelta(days=7)
#: Lines that came back are a part of what their app sells now; the whole look asks for their part of what it sold then.
GROWTH = 3.0

# A line whose last sale is four weeks back was regular over the four weeks before that sale.
NEEDED = """
SELECT d.id FROM delivered d JOIN (
    SELECT account_id, vendor_id, min(number) AS first FROM delivered WHERE day BETWEEN %(new_from)s AND %(end)s
    GROUP BY 1, 2) w USING (account_id, vendor_id)
WHERE d.number > w.first - 2 * %(look_back)s
"""

# Of every app and new day: what its regular lines usually sell, how much of that did not sell, their rows, and what the
# lines usually sold that are back. The bounds are those of the whole look without what it allows for quiet days, which
# only makes it find less; a hair wider, as fractions are rounded otherwise there.
SCREEN = """
WITH oldest AS (
    SELECT account_id, vendor_id, greatest(1, min(number) - 2 * %(look_back)s + 1) AS oldest FROM delivered
    WHERE day BETWEEN %(new_from)s AND %(end)s GROUP BY 1, 2),
latest AS (
    SELECT w.account_id, w.vendor_id, w.number, s.app_id, s.line, max(s.number) AS sold,
           max(s.number) FILTER (WHERE s.number < w.number) AS before,
           sum(s.rows) FILTER (WHERE s.number = w.number) AS rows
    FROM delivered w JOIN sold_line s ON s.account_id = w.account_id AND s.vendor_id = w.vendor_id
        AND s.number <= w.number
    WHERE w.day BETWEEN %(new_from)s AND %(end)s
    GROUP BY 1, 2, 3, 4, 5),
known AS (
    SELECT account_id, vendor_id, number, app_id, line, 'sells' AS state, number - 1 AS until, rows
    FROM latest WHERE sold = number
    UNION ALL
    SELECT account_id, vendor_id, number, app_id, line, 'gone', sold, 0
    FROM latest WHERE sold < number AND sold >= number - %(look_back)s
    UNION ALL
    SELECT account_id, vendor_id, number, app_id, line, 'back', before, 0
    FROM latest WHERE sold = number AND before < number - 1),
measured AS (
    SELECT *, least(until, %(look_back)s, until - oldest + 1) AS history
    FROM known JOIN oldest USING (account_id, vendor_id)
    WHERE until >= %(least_history)s),
regular AS (
    SELECT m.account_id, m.vendor_id, m.app_id, m.number, m.line, m.state, m.rows,
           sum(s.units) / m.history AS usual, sum(s.rows) / m.history AS usual_rows
    FROM measured m JOIN sold_line s ON s.account_id = m.account_id AND s.vendor_id = m.vendor_id AND s.line = m.line
        AND s.number > m.until - %(look_back)s AND s.number <= m.until
    GROUP BY 1, 2, 3, 4, 5, 6, 7, m.history HAVING count(*) >= %(regular)s * m.history)
SELECT DISTINCT app_id FROM regular GROUP BY account_id, vendor_id, app_id, number
HAVING sum(usual) FILTER (WHERE state = 'gone') >= 0.999 * %(least_share)s * sum(usual) FILTER (WHERE state <> 'back')
    OR sum(usual) FILTER (WHERE state = 'back')
        >= %(least_share)s / %(growth)s * coalesce(sum(usual) FILTER (WHERE state <> 'back'), 0)
    OR coalesce(sum(rows), 0) <= 1.001 * %(thinned_to)s * sum(usual_rows) FILTER (WHERE state <> 'back')
"""


def apps_to_look_at(start: date, end: date, new_from: date, parameters: Mapping[str, Any]) -> list[int] | None:
    """Primary keys of the apps that may have lost sales from `start` to `end`; None: any app.

    Needs the table `delivered`. The days before `new_from` were looked at when they were new; what was found then is
    looked at again. Only for a few days at the end of what was delivered: before others, everything may have come back.
    """
    if end - new_from >= FEW or fetch("SELECT FROM delivered WHERE day > %s LIMIT 1", (end,)):
        return None
    known = {**parameters, "new_from": new_from, "growth": GROWTH, "apps": None}
    find_sold(known | {"vintages": [number for (number,) in fetch(NEEDED, known)]})
    return sorted({app for (app,) in fetch(SCREEN, known)} | _found_before(start, end))


def _found_before(start: date, end: date) -> set[int]:
    told = Finding.objects.filter(detector=DETECTOR, from_day__lte=end, to_day__gte=start, app__isnull=False)
    return set(told.exclude(state=FindingState.CLOSED).values_list("app_id", flat=True))
