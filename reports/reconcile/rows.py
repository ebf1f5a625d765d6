"""The rows with sales that the API's file of a period lost, as the downloaded report tells it, and of how many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from typing import Any

from reports.figures.apps import APP_ID, APP_OF_ROW, IS_IN_APP
from reports.models import Delivery, Vintage
from reports.reconcile.losses import APP, Slice, slices_of
from reports.reconcile.unlike import LOOKED_AT, PLACE_OF_ROW, find_unlike, place
from reports.sql import execute, fetch

LOST = f"""
CREATE TEMPORARY TABLE lost_cell ON COMMIT DROP AS
SELECT {APP_ID} AS app_id, r.sku AS product, r.country AS territory, {{currency}} AS currency, count(*) AS rows,
       coalesce(sum({{amount}}), 0) AS amount
FROM unlike r {APP_OF_ROW}
WHERE r.what = 'lost' AND r.units > 0
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - constants only

# How many rows with sales a file has of some products or territories, by app. An in-app purchase names its app by other
# columns than the app's own row; a million rows become a few thousand before any app is looked for.
WITH_SALES = f"""
WITH r AS (
    SELECT product_type, {{product}} AS product, {{territory}} AS territory, count(*) AS row_count,
           CASE WHEN {IS_IN_APP} THEN NULL ELSE apple_id END AS apple_id,
           CASE WHEN {IS_IN_APP} THEN '' ELSE sku END AS sku,
           CASE WHEN {IS_IN_APP} THEN parent_identifier ELSE '' END AS parent_identifier
    FROM reports_salesrow r WHERE id BETWEEN %(first)s AND %(last)s AND units > 0 AND {{among}}
    GROUP BY 1, 2, 3, 5, 6, 7)
SELECT {APP_ID} AS app_id, r.product, r.territory, sum(r.row_count)::bigint
FROM r {APP_OF_ROW}
WHERE coalesce({APP_ID}, 0) = ANY(%(apps)s)
GROUP BY 1, 2, 3
"""  # noqa: S608 - constants only
# Of a table that was just filled PostgreSQL knows little, and would sort a million rows in place of hashing them.
HASHED = "SET LOCAL enable_sort = off"
SORTED_AGAIN = "RESET enable_sort"
BY_PLACE = WITH_SALES.format(
    product="sku", territory="country", among=f"{LOOKED_AT} AND {PLACE_OF_ROW} = ANY(%(places)s)"
)
BY_PRODUCT = WITH_SALES.format(product="sku", territory="NULL", among="sku = ANY(%(products)s)")
BY_TERRITORY = WITH_SALES.format(product="NULL", territory="country", among="true")
LOST_CELLS = "SELECT app_id, product, territory, currency, rows, amount FROM lost_cell"

Cell = tuple[int | None, str, str]


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
    _: KW_ONLY
    expected: int


@dataclass(frozen=True)
class RowDifference:
    """What is lost, and of each app that lost something: its rows with sales, and those that each slice has besides the
    cells of which something is lost.
    """

    lost: list[LostRows]
    expected: dict[int | None, int]
    untouched: dict[int | None, dict[Slice, int]]


def compare_rows(console: Vintage, api: Sequence[Vintage], measure: str) -> RowDifference:
    """What the file of `console` has more of than those of `api` together; `measure`: units, proceeds or sales.

    A handful of statements over the rows of these files; needs a transaction.
    """
    find_unlike(console, api)
    currency, amount, _ = MEASURES[measure]
    execute("DROP TABLE IF EXISTS lost_cell")
    if not execute(LOST.format(currency=currency, amount=amount), {"account": console.delivery.account_id}):
        return RowDifference([], {}, {})
    return _with_expected(fetch(LOST_CELLS), console.delivery)


def _with_expected(lost: Sequence[tuple[Any, ...]], delivery: Delivery) -> RowDifference:
    cells: set[Cell] = {row[:3] for row in lost}
    parameters = _parameters(delivery) | {
        "apps": list({app_id or 0 for app_id, _, _ in cells}),
        "places": [place(product, territory) for _, product, territory in cells],
        "products": list({product for _, product, _ in cells}),
    }
    execute(HASHED)
    expected: dict[Cell, int] = {(row[0], row[1], row[2]): row[3] for row in fetch(BY_PLACE, parameters)}
    untouched = _rows_of_slices(parameters)
    execute(SORTED_AGAIN)
    totals = {app_id: slices[APP] for app_id, slices in untouched.items()}
    for cell in cells:
        for part in slices_of(*cell[1:]):
            untouched[cell[0]][part] -= expected[cell]
    told = [LostRows(*row, expected=expected[row[0], row[1], row[2]]) for row in lost]
    return RowDifference(told, totals, untouched)


def _rows_of_slices(parameters: Mapping[str, object]) -> dict[int | None, dict[Slice, int]]:
    """The rows with sales of each app, of its territories, and of the products that lost something."""
    rows: dict[int | None, dict[Slice, int]] = defaultdict(lambda: defaultdict(int))
    for app_id, _, territory, number in fetch(BY_TERRITORY, parameters):
        rows[app_id][Slice("territory", territory)] += number
        rows[app_id][APP] += number
    for app_id, product, _, number in fetch(BY_PRODUCT, parameters):
        rows[app_id][Slice("product", product)] += number
    return rows


def _parameters(delivery: Delivery) -> dict[str, object]:
    return {"account": delivery.account_id, "first": delivery.first_row_id, "last": delivery.last_row_id}


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
    return {(row[0], row[1]): Reading(*row[2:]) for row in fetch(statement, _parameters(delivery))}


FINANCE_READINGS = """
SELECT currency, count(*), coalesce(sum(extended_partner_share) FILTER (WHERE quantity < 0), 0),
       coalesce(sum(partner_share), 0)
FROM reports_financerow WHERE id BETWEEN %(first)s AND %(last)s GROUP BY 1
"""


def finance_readings(delivery: Delivery) -> dict[tuple[int | None, str], Reading]:
    return {(None, row[0]): Reading(*row[1:]) for row in fetch(FINANCE_READINGS, _parameters(delivery))}
