"""Figures from rows: one GROUP BY over the rows of a file, then its members, then the figures.

Every row ends in a figure: units (or quantity) have one for each member, also where no money was paid.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.figures.apps import APP_ID, APP_OF_ROW, know_apps
from reports.figures.members import add_members, member_dims, member_id
from reports.figures.regions import region_of_currency
from reports.models import Delivery, Kind, SalesFigures, StoredFigure, Vintage
from reports.sql import execute

#: Half a million groups are gathered in memory; with PostgreSQL's usual 4 MB they would go through files.
ROOM = "SET LOCAL work_mem = '256MB'"

SALE = {"territory": "country", "product": "sku", "product_type": "product_type", "device": "device"}
PAYMENT = {
    "region": "coalesce(nullif(%(region)s, ''), region.code, '')",
    "currency": "r.currency",
    "territory": "country",
    "product": "r.sku",
    "product_type": "product_type",
    "sales_or_return": "sales_or_return",
}

# What the rows of a file sold, and what is needed to name their apps: the only pass over the rows. Narrow keys, since
# grouping a million rows by eight texts takes three times as long; what a key stands for comes along as its `min`.
# Sorted by number first: exact sums of half a million groups at once would be as many scattered states in memory, and
# members and figures that follow are added in the order of their index.
SOLD = f"""
CREATE TEMPORARY TABLE sold ON COMMIT DROP AS
SELECT member_id, apple_id, parent_identifier, proceeds_currency, customer_currency,
       min(country) AS country, min(sku) AS sku, min(product_type) AS product_type, min(device) AS device,
       min(title) AS title, sum(units) AS units, count(*) FILTER (WHERE units > 0) AS sold_rows,
       sum(units * developer_proceeds) FILTER (WHERE developer_proceeds <> 0) AS proceeds,
       sum(units * abs(customer_price)) FILTER (WHERE customer_price <> 0) AS sales
FROM (SELECT {member_id(SALE)} AS member_id, apple_id, parent_identifier, proceeds_currency, customer_currency,
             country, sku, product_type, device, title, units, developer_proceeds, customer_price
      FROM reports_salesrow WHERE id BETWEEN %(first)s AND %(last)s
      ORDER BY 1, 2, 3, 4, 5 OFFSET 0) numbered
GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - constants only

SALES_GROUPS = f"""
CREATE TEMPORARY TABLE grouped ON COMMIT DROP AS
SELECT *, count(*) OVER (PARTITION BY member_id, app_id) = 1 AS single FROM (
    SELECT {APP_ID} AS app_id, member_id, proceeds_currency, customer_currency, units, proceeds, sales, sold_rows
    FROM sold r {APP_OF_ROW}) named
"""  # noqa: S608 - constants only

FINANCE_GROUPS = f"""
CREATE TEMPORARY TABLE grouped ON COMMIT DROP AS
SELECT coalesce(by_id.merged_into_id, by_id.id) AS app_id, {member_id(PAYMENT)} AS member_id,
       {member_dims(PAYMENT)} AS dims, r.currency,
       sum(quantity) AS quantity, sum(extended_partner_share) AS earned, false AS single
FROM reports_financerow r
LEFT JOIN reports_app by_id ON by_id.account_id = %(account)s AND by_id.apple_id = r.apple_id
LEFT JOIN unnest(%(currencies)s::text[], %(codes)s::text[]) AS region(currency, code) ON region.currency = r.currency
WHERE r.id BETWEEN %(first)s AND %(last)s
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - constants only

# A group that is alone of its app and member is a row of figures as it is. The few others are added up: their units and
# rows over currencies and products of the app, their amounts by currency.
ADD_SALES = """
INSERT INTO reports_salesfigures
    (vintage_id, n, app_id, member_id, units, sold_rows, proceeds, proceeds_currency, sales, customer_currency)
SELECT %(vintage)s, row_number() OVER (), app_id, member_id, units, sold_rows, proceeds, proceeds_currency, sales,
       customer_currency
FROM grouped WHERE single
"""

FIGURES = """
SELECT '{metric}' AS metric, app_id, member_id, {currency} AS currency, sum({value}) AS value
FROM grouped WHERE NOT single AND {told}
GROUP BY 2, 3, 4
"""


def _figures(metric: str, *, currency: str = "''", value: str = "", told: str = "true") -> str:
    return FIGURES.format(metric=metric, currency=currency, value=value or metric, told=told)


# `rows` counts the rows with sales: fewer rows than usual, each as large as usual, are lost.
SALES_FIGURES = (
    _figures("units"),
    _figures("rows", value="sold_rows", told="sold_rows > 0"),
    _figures("proceeds", currency="proceeds_currency", told="proceeds IS NOT NULL"),
    _figures("sales", currency="customer_currency", told="sales IS NOT NULL"),
)
FINANCE_FIGURES = (_figures("quantity"), _figures("earned", currency="currency"))

# `n` goes on after that of the rows of sales figures, so it names one figure of a metric whichever table it lies in.
ADD_FIGURES = """
INSERT INTO reports_storedfigure (vintage_id, n, metric, app_id, member_id, currency, value)
SELECT %(vintage)s, %(after)s + row_number() OVER (), metric, app_id, member_id, currency, value FROM ({figures}) f
"""


def derive_from_rows(vintage: Vintage, delivery: Delivery) -> None:
    """Make the figures of `vintage` from the sales or finance rows of its file.

    Apps that sales rows name and no list has named yet are made provisional. Must run inside a transaction. Runs again
    with the same result: old figures of the vintage go first.
    """
    execute(ROOM)
    execute("DROP TABLE IF EXISTS sold, grouped")
    figures = _group_sales(delivery) if delivery.kind in (Kind.SALES, Kind.R) else _group_finance(delivery)
    for model in (StoredFigure, SalesFigures):
        model.objects.filter(vintage=vintage).delete()
    after = execute(ADD_SALES, {"vintage": vintage.pk}) if figures is SALES_FIGURES else 0
    execute(ADD_FIGURES.format(figures=" UNION ALL ".join(figures)), {"vintage": vintage.pk, "after": after})


def _group_sales(delivery: Delivery) -> Sequence[str]:
    execute(SOLD, _parameters(delivery))
    execute("ANALYZE sold")
    assert delivery.account
    know_apps(delivery.account)
    add_members("sold", member_dims(SALE))
    execute(SALES_GROUPS, _parameters(delivery))
    return SALES_FIGURES


def _group_finance(delivery: Delivery) -> Sequence[str]:
    execute(FINANCE_GROUPS, _parameters(delivery))
    add_members("grouped", "w.dims")
    return FINANCE_FIGURES


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
