"""Which copy of a transaction counts, and the purchases that follow."""

from __future__ import annotations

from subscriptions.derive import KEYS, SUB

#: Subscriptions that share a transaction or a line item with those of KEYS: a transaction may change its parent.
RELATED = f"""
WITH {KEYS}, mine AS (
    SELECT DISTINCT t.app_id, t.environment, t.transaction_id, t.purchase_key
    FROM subscriptions_signedtransaction t JOIN k USING ({SUB})
)
SELECT DISTINCT t.app_id, t.environment, t.original_id
FROM subscriptions_signedtransaction t JOIN mine USING (app_id, environment, transaction_id)
UNION
SELECT DISTINCT t.app_id, t.environment, t.original_id
FROM subscriptions_signedtransaction t JOIN mine USING (app_id, environment, purchase_key)
"""  # noqa: S608

#: The copy that was signed last is the newest; a distrusted one never is.
NEWEST = f"""
WITH {KEYS}, ranked AS (
    SELECT t.id, NOT t.distrusted AND row_number() OVER (
        PARTITION BY t.app_id, t.environment, t.transaction_id
        ORDER BY t.distrusted, t.signed_ms DESC, t.sha256 DESC
    ) = 1 AS newest
    FROM subscriptions_signedtransaction t JOIN k USING ({SUB})
)
UPDATE subscriptions_signedtransaction t SET newest = ranked.newest
FROM ranked WHERE t.id = ranked.id AND t.newest <> ranked.newest
"""  # noqa: S608

REMOVE_PURCHASES = f"""
WITH {KEYS} DELETE FROM subscriptions_purchase p USING k
WHERE (p.app_id, p.environment, p.original_id) = (k.app_id, k.environment, k.original_id)
"""  # noqa: S608

#: One purchase for each line item, as the newest copy of any of its transactions tells it. Source for the key: Apple
#: staff, forum thread 711952 (one webOrderLineItemId for a purchase or renewal across devices).
#: It is superseded where Apple marks it as upgraded, or an upgrade bought a new one within its time.
ADD_PURCHASES = f"""
WITH {KEYS}, copies AS (
    SELECT t.* FROM subscriptions_signedtransaction t JOIN k USING ({SUB}) WHERE t.newest
), told AS (
    SELECT app_id, environment, purchase_key,
        count(*) AS transactions,
        count(DISTINCT (price, currency, product_id, original_id)) > 1 AS contradicts,
        bool_or(is_upgraded) AS marked_upgraded
    FROM copies GROUP BY app_id, environment, purchase_key
), best AS (
    SELECT DISTINCT ON (app_id, environment, purchase_key) * FROM copies
    ORDER BY app_id, environment, purchase_key, signed_ms DESC, sha256 DESC
), upgrades AS (
    SELECT n.app_id, n.environment, n.original_id, c.purchase_ms
    FROM subscriptions_notification n JOIN k USING ({SUB})
    JOIN copies c USING (app_id, environment, original_id, transaction_id)
    WHERE n.state <> 'quarantined' AND n.subtype = 'UPGRADE'
        AND n.type IN ('DID_CHANGE_RENEWAL_PREF', 'OFFER_REDEEMED')
)
INSERT INTO subscriptions_purchase (
    app_id, environment, original_id, purchase_key, transaction_id, transactions, contradicts, product_id, group_id,
    type, reason, counts, storefront, quantity, purchase_ms, expires_ms, price, currency, offer_type, offer_discount,
    app_account_token, superseded_ms, marked_upgraded, revoked_ms
)
SELECT app_id, environment, original_id, purchase_key, transaction_id, transactions, contradicts, product_id, group_id,
    type, reason, ownership <> 'FAMILY_SHARED', storefront, quantity, purchase_ms, expires_ms, price, currency,
    offer_type, offer_discount, app_account_token,
    (
        SELECT min(u.purchase_ms)
        FROM (
            SELECT {SUB}, purchase_ms FROM upgrades
            UNION ALL SELECT {SUB}, purchase_ms FROM best b WHERE told.marked_upgraded
        ) u
        WHERE (u.app_id, u.environment, u.original_id) = (best.app_id, best.environment, best.original_id)
            AND u.purchase_ms > best.purchase_ms AND u.purchase_ms < best.expires_ms
    ),
    marked_upgraded, revocation_ms
FROM best JOIN told USING (app_id, environment, purchase_key)
"""  # noqa: S608
