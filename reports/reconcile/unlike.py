"""Which rows of a downloaded sales report does the API's file of the same period not have?

First the figures of both: a member (product, country, type, device) that adds up to the same on either side has lost
nothing. The rows of the others are compared as multisets over every column that a Summary Sales Report has, so equal
rows count as often as they stand there. What one file has more of than the other is then paired, row by row: first by
everything but the units, then by everything but units and prices. Such rows are changed, the others are lost or extra.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.figures.derive import ROOM
from reports.models import Vintage
from reports.models.rows import LINE_BITS
from reports.sql import SHARED, execute, fetch

KEY = (
    "sku",
    "title",
    "version",
    "product_type",
    "developer_proceeds",
    "customer_currency",
    "country",
    "proceeds_currency",
    "apple_id",
    "customer_price",
    "promo_code",
    "parent_identifier",
    "subscription",
    "period",
    "category",
    "cmb",
    "device",
    "supported_platforms",
    "proceeds_reason",
    "preserved_pricing",
    "client",
    "order_type",
)
COLUMNS = ", ".join(KEY)
PRICES = ("developer_proceeds", "customer_price")
WITHOUT_PRICES = ", ".join(name for name in KEY if name not in PRICES)

#: More members than these that differ are not named one by one: then all rows are compared.
MOST_MEMBERS = 50_000

# A member has one row of sales figures where it is sold in one way; that is most of them. One that is told otherwise by
# either side, or by two of the API's files, is left to the rows.
SALES = """
SELECT member_id, coalesce(app_id, 0) AS app_id, units, sold_rows, proceeds, proceeds_currency, sales, customer_currency
FROM reports_salesfigures WHERE vintage_id = ANY(%({side})s)
"""
STORED = """
SELECT member_id, coalesce(app_id, 0) AS app_id, metric, currency, value
FROM reports_storedfigure WHERE vintage_id = ANY(%({side})s)
"""
UNLIKE_MEMBERS = f"""
SELECT coalesce(c.member_id, a.member_id) AS member_id
FROM ({SALES.format(side="console")}) c FULL JOIN ({SALES.format(side="api")}) a USING (member_id, app_id)
WHERE (c.units = a.units AND c.sold_rows = a.sold_rows AND c.proceeds_currency = a.proceeds_currency
       AND c.customer_currency = a.customer_currency AND c.proceeds IS NOT DISTINCT FROM a.proceeds
       AND c.sales IS NOT DISTINCT FROM a.sales) IS NOT TRUE
UNION ALL
SELECT coalesce(c.member_id, a.member_id)
FROM ({STORED.format(side="console")}) c
FULL JOIN ({STORED.format(side="api")}) a USING (member_id, app_id, metric, currency)
WHERE (c.value = a.value) IS NOT TRUE
"""  # noqa: S608 - constants only
TOLD_TWICE = """
UNION ALL
SELECT member_id FROM (
    SELECT member_id, vintage_id FROM reports_salesfigures WHERE vintage_id = ANY(%(api)s)
    UNION SELECT member_id, vintage_id FROM reports_storedfigure WHERE vintage_id = ANY(%(api)s)) told
GROUP BY 1 HAVING count(*) > 1
"""
#: A product in a country: of a row `r`, and as `place` writes it.
PLACE_OF_ROW = "r.sku || chr(31) || r.country"
# The members by number: joined, PostgreSQL would take all that there are into memory for a few of them.
PLACES_OF_MEMBERS = """
SELECT DISTINCT (dims->>'product') || chr(31) || (dims->>'territory') FROM reports_member WHERE id = ANY(%(members)s)
"""

# Each row as a hash of 64 bits, and how often each stands on either side: one pass over both files, where EXCEPT ALL
# would hold all columns of both in memory, twice. That a row which differs has the hash of one on the other side has
# odds of one in 10^10 for a thousand such rows among a million; it would be left over as a difference, not be lost.
# PostgreSQL's hash of a number leaves out its sign, so a sale and its refund would be one: the signs stand beside.
SIGNS = "units < 0, customer_price < 0, developer_proceeds < 0"
# Each file by numbers of its own: with those in a join, PostgreSQL reads the rows with one process only.
SIDE = f"""
SELECT id, hash_record_extended(ROW({COLUMNS}, units, {SIGNS}), 0) AS hash, {{console}} AS console
FROM reports_salesrow r WHERE id BETWEEN {{first}} AND {{last}} {{there}}
"""  # noqa: S608 - constants and numbers only
#: A row `r` of the console's file in a place where something differs; of other rows none was looked at.
LOOKED_AT = "r.id = ANY(ARRAY(SELECT id FROM both_sides WHERE console))"
BOTH = "CREATE TEMPORARY TABLE both_sides ON COMMIT DROP AS {sides}"

UNLIKE = f"""
CREATE TEMPORARY TABLE unlike ON COMMIT DROP AS
WITH uneven AS (
    SELECT hash, count(*) FILTER (WHERE console) AS here, count(*) FILTER (WHERE NOT console) AS there
    FROM both_sides GROUP BY 1 HAVING sum(CASE WHEN console THEN 1 ELSE -1 END) <> 0),
ranked AS (
    SELECT b.id, b.console, u.here, u.there, row_number() OVER (PARTITION BY b.hash, b.console ORDER BY b.id) AS rank
    FROM both_sides b JOIN uneven u USING (hash))
SELECT r.id AS n, CASE WHEN k.console THEN 'lost' ELSE 'extra' END AS what, md5(row({COLUMNS})::text) AS key,
       md5(row({WITHOUT_PRICES})::text) AS loose_key, {COLUMNS}, units
FROM ranked k JOIN reports_salesrow r USING (id)
WHERE k.rank > CASE WHEN k.console THEN k.there ELSE k.here END
"""  # noqa: S608 - constants only

# A row whose twin stands on the other side is a changed row and not a lost one; each has one twin at most.
CHANGED = """
WITH ranked AS (
    SELECT n, what, {key} AS twin, row_number() OVER (PARTITION BY what, {key} ORDER BY units DESC, key, n) AS rank
    FROM unlike WHERE what <> 'changed'),
pairs AS (
    SELECT l.n AS lost, e.n AS extra FROM ranked l JOIN ranked e USING (twin, rank)
    WHERE l.what = 'lost' AND e.what = 'extra')
UPDATE unlike SET what = 'changed' WHERE n IN (SELECT lost FROM pairs UNION ALL SELECT extra FROM pairs)
"""


def find_unlike(console: Vintage, api: Sequence[Vintage]) -> None:
    """Fill the temporary table `unlike`: rows that the file of `console` or those of `api` together have more of.

    `what` is lost, extra or changed. A handful of statements; needs a transaction.
    """
    execute("DROP TABLE IF EXISTS both_sides, unlike")
    execute(ROOM)
    execute(SHARED)
    members = _unlike_members(console, api)
    few = len(members) <= MOST_MEMBERS
    places = [place for (place,) in fetch(PLACES_OF_MEMBERS, {"members": members})] if few else []
    there = f"AND {PLACE_OF_ROW} = ANY(%(places)s)" if few else ""
    sides = [_side(console, there, console=True), *(_side(vintage, there, console=False) for vintage in api)]
    execute(BOTH.format(sides=" UNION ALL ".join(sides)), {"places": places})
    execute("ANALYZE both_sides")
    execute(UNLIKE)
    execute("ANALYZE unlike")
    execute(CHANGED.format(key="key"))
    execute(CHANGED.format(key="loose_key"))


def place(product: str, territory: str) -> str:
    """As `PLACE_OF_ROW` tells it of a row."""
    return f"{product}{chr(31)}{territory}"


def _unlike_members(console: Vintage, api: Sequence[Vintage]) -> list[int]:
    """The members whose figures differ, of which there may be one more than are named."""
    members = UNLIKE_MEMBERS + (TOLD_TWICE if len(api) > 1 else "")
    numbers = {"console": [console.pk], "api": [vintage.pk for vintage in api], "most": MOST_MEMBERS + 1}
    return [member for (member,) in fetch(f"{members} LIMIT %(most)s", numbers)]  # noqa: S608 - constants only


def _side(vintage: Vintage, there: str, *, console: bool) -> str:
    number = vintage.delivery_id
    first, last = number << LINE_BITS, ((number + 1) << LINE_BITS) - 1
    return SIDE.format(console=console, first=first, last=last, there=there)
