"""Which app a sales row belongs to.

An app's own rows carry its Apple identifier; an in-app purchase carries its own identifier and names its app by SKU in
`Parent Identifier` (Apple, Summary Sales Report field list). Apps that no list has named yet are made provisional.
"""

from __future__ import annotations

from reports.models import Account
from reports.sql import execute

#: Mac in-app purchases begin with FI, all others with IA (Apple, product type identifiers).
IN_APP = "^(IA|FI)"
#: The same of a row or group `r`, a third of the cost: it is asked of every row of a file.
IS_IN_APP = "(r.product_type ^@ 'IA' OR r.product_type ^@ 'FI')"

#: The app of a row or group `r`; `%(account)s` is the account. Merged apps lead to the one that took them over.
APP_OF_ROW = f"""
LEFT JOIN reports_app by_id ON by_id.account_id = %(account)s
    AND NOT {IS_IN_APP} AND by_id.apple_id = r.apple_id
LEFT JOIN reports_app by_sku ON by_sku.account_id = %(account)s AND by_sku.sku <> ''
    AND lower(by_sku.sku) = lower(CASE WHEN {IS_IN_APP} THEN r.parent_identifier ELSE r.sku END)
"""  # noqa: S608 - constants only
APP_ID = "coalesce(by_id.merged_into_id, by_id.id, by_sku.merged_into_id, by_sku.id)"

ADOPT = f"""
WITH named AS (
    SELECT DISTINCT ON (lower(sku)) sku, apple_id, title FROM sold
    WHERE product_type !~ '{IN_APP}' AND apple_id IS NOT NULL AND sku <> ''
    ORDER BY lower(sku), apple_id)
UPDATE reports_app a
SET apple_id = named.apple_id, name = CASE a.name WHEN '' THEN left(named.title, 600) ELSE a.name END
FROM named
WHERE a.account_id = %(account)s AND a.apple_id IS NULL AND lower(a.sku) = lower(named.sku)
  AND NOT EXISTS (SELECT FROM reports_app b WHERE b.account_id = %(account)s AND b.apple_id = named.apple_id)
"""  # noqa: S608 - constants only

# An App Analytics export that came first knows its app by name only.
ADOPT_NAMED = f"""
WITH named AS (
    SELECT title, min(sku) AS sku, min(apple_id) AS apple_id FROM sold
    WHERE product_type !~ '{IN_APP}' AND apple_id IS NOT NULL AND title <> ''
    GROUP BY title HAVING min(apple_id) = max(apple_id))
UPDATE reports_app a SET apple_id = named.apple_id, sku = named.sku
FROM named
WHERE a.account_id = %(account)s AND a.provisional AND a.merged_into_id IS NULL
  AND a.apple_id IS NULL AND a.sku = '' AND a.name = named.title
  AND NOT EXISTS (SELECT FROM reports_app b WHERE b.account_id = %(account)s AND b.id <> a.id
      AND (b.apple_id = named.apple_id OR (b.sku <> '' AND lower(b.sku) = lower(named.sku))
           OR (b.apple_id IS NULL AND b.sku = '' AND b.name = a.name)))
"""  # noqa: S608 - constants only

ADD_APPS = f"""
INSERT INTO reports_app (account_id, apple_id, sku, name, bundle_id, provisional)
SELECT DISTINCT ON (apple_id) %(account)s::bigint, apple_id, sku, left(title, 600), '', true FROM sold
WHERE product_type !~ '{IN_APP}' AND apple_id IS NOT NULL
ORDER BY apple_id, title
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants only

ADD_PARENTS = f"""
INSERT INTO reports_app (account_id, apple_id, sku, name, bundle_id, provisional)
SELECT %(account)s::bigint, NULL::bigint, min(parent_identifier), '', '', true
FROM (SELECT DISTINCT parent_identifier FROM sold WHERE parent_identifier <> '' AND product_type ~ '{IN_APP}') parents
GROUP BY lower(parent_identifier)
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants only


def know_apps(account: Account) -> None:
    """Make sure that every app in the temporary table `sold` (what the rows of a file sold) is in the list of apps."""
    for statement in (ADOPT, ADOPT_NAMED, ADD_APPS, ADD_PARENTS):
        execute(statement, {"account": account.pk})
