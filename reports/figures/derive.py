"""Figures from rows: one GROUP BY over the rows of a file, members first, then the figures.

Every row ends in a figure: units (or quantity) have one for each member, also where no money was paid.
"""

from __future__ import annotations

from reports.figures.apps import APP_ID, APP_OF_ROW
from reports.figures.regions import region_of_currency
from reports.models import Delivery, Kind, Vintage
from reports.sql import execute

SALES_GROUPS = f"""
CREATE TEMPORARY TABLE grouped ON COMMIT DROP AS
WITH r AS (
    SELECT product_type, apple_id, sku, parent_identifier, country, device, proceeds_currency, customer_currency,
           sum(units) AS units, sum(units * developer_proceeds) AS proceeds,
           sum(units * abs(customer_price)) AS sales, count(*) FILTER (WHERE units > 0) AS sold_rows,
           bool_or(developer_proceeds <> 0) AS has_proceeds, bool_or(customer_price <> 0) AS has_sales
    FROM reports_salesrow WHERE id BETWEEN %(first)s AND %(last)s
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8)
SELECT {APP_ID} AS app_id,
       jsonb_build_object('territory', country, 'product', r.sku, 'product_type', product_type, 'device', device)::text
           AS key,
       jsonb_build_object('territory', country, 'product', r.sku)::text AS line_key,
       proceeds_currency, customer_currency, units, proceeds, sales, sold_rows, has_proceeds, has_sales
FROM r {APP_OF_ROW}
"""  # noqa: S608 - constants only

SALES_FIGURES = """
SELECT 'units' AS metric, app_id, key, '' AS currency, sum(units) AS value FROM grouped GROUP BY 2, 3
UNION ALL
SELECT 'rows', app_id, line_key, '', sum(sold_rows) FROM grouped GROUP BY 2, 3 HAVING sum(sold_rows) > 0
UNION ALL
SELECT 'proceeds', app_id, key, proceeds_currency, sum(proceeds) FROM grouped WHERE has_proceeds GROUP BY 2, 3, 4
UNION ALL
SELECT 'sales', app_id, key, customer_currency, sum(sales) FROM grouped WHERE has_sales GROUP BY 2, 3, 4
"""

FINANCE_GROUPS = """
CREATE TEMPORARY TABLE grouped ON COMMIT DROP AS
SELECT coalesce(by_id.merged_into_id, by_id.id) AS app_id,
       jsonb_build_object('region', coalesce(nullif(%(region)s, ''), region.code, ''), 'currency', r.currency,
           'territory', country, 'product', r.sku, 'product_type', product_type, 'sales_or_return', sales_or_return
       )::text AS key,
       r.currency, sum(quantity) AS quantity, sum(extended_partner_share) AS earned
FROM reports_financerow r
LEFT JOIN reports_app by_id ON by_id.account_id = %(account)s AND by_id.apple_id = r.apple_id
LEFT JOIN unnest(%(currencies)s::text[], %(codes)s::text[]) AS region(currency, code) ON region.currency = r.currency
WHERE r.id BETWEEN %(first)s AND %(last)s
GROUP BY 1, 2, 3
"""

FINANCE_FIGURES = """
SELECT 'quantity' AS metric, app_id, key, '' AS currency, sum(quantity) AS value FROM grouped GROUP BY 2, 3
UNION ALL
SELECT 'earned', app_id, key, currency, sum(earned) FROM grouped GROUP BY 2, 3, 4
"""

# `rows` counts the rows with sales of a product in a country: fewer rows than usual, each as large as usual, are lost.
ADD_MEMBERS = """
INSERT INTO reports_member (key, dims) SELECT DISTINCT key, key::jsonb FROM ({figures}) f
ON CONFLICT (key) DO NOTHING
"""

ADD_FIGURES = """
INSERT INTO reports_figure (vintage_id, n, metric, app_id, member_id, currency, value)
SELECT %(vintage)s, row_number() OVER (), f.metric, f.app_id, m.id, f.currency, f.value
FROM ({figures}) f JOIN reports_member m ON m.key = f.key
"""


def derive_from_rows(vintage: Vintage, delivery: Delivery) -> int:
    """Make the figures of `vintage` from the sales or finance rows of its file; returns how many there are.

    Must run inside a transaction. Runs again with the same result: old figures of the vintage go first.
    """
    sales = delivery.kind in (Kind.SALES, Kind.R)
    groups, figures = (SALES_GROUPS, SALES_FIGURES) if sales else (FINANCE_GROUPS, FINANCE_FIGURES)
    execute("DROP TABLE IF EXISTS grouped")
    execute(groups, _parameters(delivery))
    execute(ADD_MEMBERS.format(figures=figures))
    execute("DELETE FROM reports_figure WHERE vintage_id = %s", [vintage.pk])
    return execute(ADD_FIGURES.format(figures=figures), {"vintage": vintage.pk})


def _parameters(delivery: Delivery) -> dict[str, object]:
    regions = region_of_currency()
    return {
        "first": delivery.first_row_id,
        "last": delivery.last_row_id,
        "account": delivery.account_id,
        "region": delivery.region_code if delivery.region_code not in ("ZZ", "Z1") else "",
        "currencies": list(regions),
        "codes": list(regions.values()),
    }
