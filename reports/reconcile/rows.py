"""Row by row: which rows of a downloaded sales report does the API's file of the same period not have?

The rows are compared as multisets over every column that a Summary Sales Report has, so equal rows count as often as
they stand there. What one file has more of than the other is then paired, row by row: first by everything but the
units, then by everything but units and prices. Such rows are changed, the others are lost or extra.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reports.figures.apps import APP_ID, APP_OF_ROW
from reports.figures.derive import ROOM
from reports.models import Delivery, Vintage
from reports.models.rows import LINE_BITS
from reports.reconcile.losses import APP, Slice
from reports.sql import execute, fetch

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

# Each row as a hash of 64 bits, and how often each stands on either side: one pass over both files, where EXCEPT ALL
# would hold all columns of both in memory, twice. That a row which differs has the hash of one on the other side has
# odds of one in 10^10 for a thousand such rows among a million; it would be left over as a difference, not be lost.
# PostgreSQL's hash of a number leaves out its sign, so a sale and its refund would be one: the signs stand beside.
SIGNS = "units < 0, customer_price < 0, developer_proceeds < 0"
# Each file by numbers of its own: with those in a join, PostgreSQL reads the rows with one process only. It takes the
# hash of 22 columns for as cheap as any function, and would rather work alone than hand over two million hashes.
SHARED = "SET LOCAL parallel_tuple_cost = 0.005"
SIDE = f"""
SELECT id, hash_record_extended(ROW({COLUMNS}, units, {SIGNS}), 0) AS hash, {{console}} AS console
FROM reports_salesrow WHERE id BETWEEN {{first}} AND {{last}}
"""  # noqa: S608 - constants and numbers only
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

LOST = f"""
CREATE TEMPORARY TABLE lost_cell ON COMMIT DROP AS
SELECT {APP_ID} AS app_id, r.sku AS product, r.country AS territory, {{currency}} AS currency, count(*) AS rows,
       coalesce(sum({{amount}}), 0) AS amount
FROM unlike r {APP_OF_ROW}
WHERE r.what = 'lost' AND r.units > 0
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - constants only

# What the console's file holds of the apps that lost something, by product and territory, from its figures.
EXPECTED = """
CREATE TEMPORARY TABLE expected_cell ON COMMIT DROP AS
SELECT f.app_id, m.dims->>'product' AS product, m.dims->>'territory' AS territory, sum(f.value) AS rows
FROM reports_figure f JOIN reports_member m ON m.id = f.member_id
WHERE f.vintage_id = %(vintage)s AND f.metric = 'rows' AND coalesce(f.app_id, 0) = ANY(%(apps)s)
GROUP BY 1, 2, 3
"""

EXPECTED_LOST = """
SELECT l.app_id, l.product, l.territory, l.currency, l.rows, l.amount, e.rows::bigint
FROM lost_cell l JOIN expected_cell e
ON e.app_id IS NOT DISTINCT FROM l.app_id AND e.product = l.product AND e.territory = l.territory
"""

# Only slices of which something is lost can be gone: of the others nobody asks how many cells they have.
EXPECTED_SLICES = """
SELECT app_id, NULL, NULL, count(*), sum(rows)::bigint FROM expected_cell GROUP BY 1
UNION ALL
SELECT app_id, product, NULL, count(*), NULL FROM expected_cell
WHERE product IN (SELECT product FROM lost_cell) GROUP BY 1, 2
UNION ALL
SELECT app_id, NULL, territory, count(*), NULL FROM expected_cell
WHERE territory IN (SELECT territory FROM lost_cell) GROUP BY 1, 3
"""


@dataclass(frozen=True)
class LostRows:
    """Rows with sales that only the console's file has; `amount` by the measure asked for, in its `currency`.

    `expected` is how many rows with sales that file has of the product in the territory, in whatever currency.
    """

    app_id: int | None
    product: str
    territory: str
    currency: str
    rows: int
    amount: Decimal
    expected: int


@dataclass(frozen=True)
class RowDifference:
    """What is lost; of each app that lost something its rows with sales, and of how many cells its slices consist."""

    lost: list[LostRows]
    expected: dict[int | None, int]
    cells: dict[int | None, dict[Slice, int]]


def compare_rows(console: Vintage, api: Sequence[int], measure: str) -> RowDifference:
    """What the file of `console` has more of than the deliveries `api` together; `measure`: units, proceeds or sales.

    A handful of statements over the rows of these files; needs a transaction.
    """
    _find_unlike(console.delivery, api)
    currency, amount, _ = MEASURES[measure]
    execute("DROP TABLE IF EXISTS lost_cell, expected_cell")
    if not execute(LOST.format(currency=currency, amount=amount), {"account": console.delivery.account_id}):
        return RowDifference([], {}, {})
    apps = [app_id or 0 for (app_id,) in fetch("SELECT DISTINCT app_id FROM lost_cell")]
    execute(EXPECTED, {"vintage": console.pk, "apps": apps})
    execute("ANALYZE expected_cell")
    return _with_expected([LostRows(*row) for row in fetch(EXPECTED_LOST)])


def _with_expected(lost: list[LostRows]) -> RowDifference:
    difference = RowDifference(lost, {}, {})
    for app_id, product, territory, cells, rows in fetch(EXPECTED_SLICES):
        part = Slice("product", product) if product is not None else Slice("territory", territory)
        if rows is not None:
            part, difference.expected[app_id] = APP, rows
        difference.cells.setdefault(app_id, {})[part] = cells
    return difference


def _find_unlike(console: Delivery, api: Sequence[int]) -> None:
    execute("DROP TABLE IF EXISTS both_sides, unlike")
    execute(ROOM)
    execute(SHARED)
    sides = [_side(console.pk, console=True), *(_side(number, console=False) for number in api)]
    execute(BOTH.format(sides=" UNION ALL ".join(sides)))
    execute(UNLIKE)
    execute("ANALYZE unlike")
    execute(CHANGED.format(key="key"))
    execute(CHANGED.format(key="loose_key"))


def _side(delivery_id: int, *, console: bool) -> str:
    first, last = delivery_id << LINE_BITS, ((delivery_id + 1) << LINE_BITS) - 1
    return SIDE.format(console=console, first=first, last=last)


#: What a sales total would be if it were worked out wrongly, each in one pass over the rows of a file.
READINGS = f"""
WITH r AS (
    SELECT product_type, apple_id, sku, parent_identifier, {{currency}} AS currency, count(*) AS row_count,
           coalesce(sum({{amount}}) FILTER (WHERE r.units < 0), 0) AS refunds, coalesce(sum({{price}}), 0) AS per_unit
    FROM reports_salesrow r WHERE r.id BETWEEN %(first)s AND %(last)s
    GROUP BY 1, 2, 3, 4, 5)
SELECT {APP_ID} AS app_id, r.currency, sum(r.row_count)::bigint, sum(r.refunds), sum(r.per_unit)
FROM r {APP_OF_ROW}
GROUP BY 1, 2
"""  # noqa: S608 - constants only

MEASURES = {
    "units": ("''", "r.units", "1"),
    "proceeds": ("r.proceeds_currency", "r.units * r.developer_proceeds", "r.developer_proceeds"),
    "sales": ("r.customer_currency", "r.units * abs(r.customer_price)", "abs(r.customer_price)"),
}


@dataclass(frozen=True)
class Reading:
    """Of one app and currency in a file: how many rows, the refunds' part, and the sum of bare prices per unit."""

    rows: int
    refunds: Decimal
    per_unit: Decimal


def sales_readings(delivery: Delivery, measure: str) -> dict[tuple[int | None, str], Reading]:
    currency, amount, price = MEASURES[measure]
    statement = READINGS.format(currency=currency, amount=amount, price=price)
    parameters = {"account": delivery.account_id, "first": delivery.first_row_id, "last": delivery.last_row_id}
    return {(row[0], row[1]): Reading(*row[2:]) for row in fetch(statement, parameters)}


FINANCE_READINGS = """
SELECT currency, count(*), coalesce(sum(extended_partner_share) FILTER (WHERE quantity < 0), 0),
       coalesce(sum(partner_share), 0)
FROM reports_financerow WHERE id BETWEEN %(first)s AND %(last)s GROUP BY 1
"""


def finance_readings(delivery: Delivery) -> dict[tuple[int | None, str], Reading]:
    parameters = {"first": delivery.first_row_id, "last": delivery.last_row_id}
    return {(None, row[0]): Reading(*row[1:]) for row in fetch(FINANCE_READINGS, parameters)}
