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
from reports.models import Delivery
from reports.models.rows import LINE_BITS
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

ROWS = f"""
CREATE TEMPORARY TABLE unlike ON COMMIT DROP AS
WITH c AS (SELECT {COLUMNS}, units FROM reports_salesrow WHERE id BETWEEN %(console_first)s AND %(console_last)s),
a AS (SELECT {COLUMNS}, units FROM reports_salesrow
      WHERE EXISTS (SELECT FROM unnest(%(api_first)s::bigint[], %(api_last)s::bigint[]) AS span(low, high)
                    WHERE reports_salesrow.id BETWEEN span.low AND span.high)),
lost AS (SELECT * FROM c EXCEPT ALL SELECT * FROM a),
extra AS (SELECT * FROM a EXCEPT ALL SELECT * FROM c)
SELECT row_number() OVER () AS n, md5(row({COLUMNS})::text) AS key, md5(row({WITHOUT_PRICES})::text) AS loose_key, *
FROM (SELECT 'lost' AS what, * FROM lost UNION ALL SELECT 'extra', * FROM extra) both_sides
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
SELECT {APP_ID} AS app_id, r.sku, r.country, {{currency}}, count(*), coalesce(sum({{amount}}), 0)
FROM unlike r {APP_OF_ROW}
WHERE r.what = 'lost' AND r.units > 0
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - constants only

EXPECTED = f"""
SELECT {APP_ID} AS app_id, r.sku, r.country, count(*)
FROM reports_salesrow r {APP_OF_ROW}
WHERE r.id BETWEEN %(console_first)s AND %(console_last)s AND r.units > 0
GROUP BY 1, 2, 3
"""  # noqa: S608 - constants only


@dataclass(frozen=True)
class LostRows:
    """Rows with sales that only the console's file has; `amount` by the measure asked for, in its `currency`."""

    app_id: int | None
    product: str
    territory: str
    currency: str
    rows: int
    amount: Decimal


@dataclass(frozen=True)
class ExpectedRows:
    app_id: int | None
    product: str
    territory: str
    rows: int


@dataclass(frozen=True)
class RowDifference:
    lost: list[LostRows]
    expected: list[ExpectedRows]


def compare_rows(console: Delivery, api: Sequence[int], measure: str) -> RowDifference:
    """What `console` has more of than the deliveries `api` together, in `measure` (units, proceeds or sales).

    Five statements over the rows of these files.
    """
    parameters = {
        "account": console.account_id,
        "console_first": console.first_row_id,
        "console_last": console.last_row_id,
        "api_first": [delivery_id << LINE_BITS for delivery_id in api],
        "api_last": [((delivery_id + 1) << LINE_BITS) - 1 for delivery_id in api],
    }
    currency, amount, _ = MEASURES[measure]
    execute("DROP TABLE IF EXISTS unlike")
    execute(ROWS, parameters)
    execute(CHANGED.format(key="key"))
    execute(CHANGED.format(key="loose_key"))
    lost = [LostRows(*row) for row in fetch(LOST.format(currency=currency, amount=amount), parameters)]
    expected = [ExpectedRows(*row) for row in fetch(EXPECTED, parameters)]
    return RowDifference(lost, expected)


#: What a sales total would be if it were worked out wrongly, each in one pass over the rows of a file.
READINGS = f"""
SELECT {APP_ID} AS app_id, {{currency}} AS currency, count(*) AS row_count,
       coalesce(sum({{amount}}) FILTER (WHERE r.units < 0), 0) AS refunds,
       coalesce(sum({{price}}), 0) AS per_unit
FROM reports_salesrow r {APP_OF_ROW}
WHERE r.id BETWEEN %(first)s AND %(last)s
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
