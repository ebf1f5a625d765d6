"""Which subscriptions must be read to judge a few: theirs, and those that a rule holds them against."""

from __future__ import annotations

from collections.abc import Collection

from reports.sql import fetch

#: Of the same customer or the same app login; those for which one of their transactions or line items was signed too.
NEIGHBOURS = """
WITH touched AS (SELECT unnest(%(originals)s::text[]) AS original_id
), mine AS (
    SELECT s.customer_id, s.app_account_token FROM subscriptions_subscription s JOIN touched USING (original_id)
    WHERE s.app_id = %(app)s AND s.environment = 'production'
), bought AS (
    SELECT DISTINCT t.transaction_id, t.purchase_key FROM subscriptions_signedtransaction t
    JOIN touched USING (original_id) WHERE t.app_id = %(app)s AND t.environment = 'production'
)
SELECT original_id FROM touched
UNION
SELECT s.original_id FROM subscriptions_subscription s JOIN mine USING (customer_id)
UNION
SELECT s.original_id FROM subscriptions_subscription s
JOIN (SELECT DISTINCT app_account_token FROM mine WHERE app_account_token <> '') m USING (app_account_token)
WHERE s.app_id = %(app)s AND s.environment = 'production'
UNION
SELECT t.original_id FROM subscriptions_signedtransaction t JOIN bought USING (transaction_id)
WHERE t.app_id = %(app)s AND t.environment = 'production'
UNION
SELECT t.original_id FROM subscriptions_signedtransaction t JOIN bought USING (purchase_key)
WHERE t.app_id = %(app)s AND t.environment = 'production'
"""


def with_neighbours(app: int, originals: Collection[str]) -> set[str]:
    """These subscriptions of an app in production (original transaction IDs) with their neighbours."""
    return {original for (original,) in fetch(NEIGHBOURS, {"app": app, "originals": sorted(originals)})}
