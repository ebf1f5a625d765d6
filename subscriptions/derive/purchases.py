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
#: By window functions and without joining the copies to themselves, for which PostgreSQL would choose nested loops.
ADD_PURCHASES = f"""
WITH {KEYS}, upgrades AS (
    SELECT DISTINCT n.app_id, n.environment, n.transaction_id
    FROM subscriptions_notification n JOIN k USING ({SUB})
    WHERE n.state <> 'quarantined' AND n.subtype = 'UPGRADE'
        AND n.type IN ('DID_CHANGE_RENEWAL_PREF', 'OFFER_REDEEMED')
), copies AS (
    SELECT t.*, u.transaction_id IS NOT NULL AS came_by_upgrade
    FROM subscriptions_signedtransaction t JOIN k USING ({SUB})
    LEFT JOIN upgrades u USING (app_id, environment, transaction_id)
    WHERE t.newest
), told AS (
    SELECT *,
        count(*) OVER line AS transactions,
        bool_or(is_upgraded) OVER line AS marked_upgraded,
        min(price) OVER line <> max(price) OVER line OR count(price) OVER line NOT IN (0, count(*) OVER line)
            OR min(currency) OVER line <> max(currency) OVER line
            OR min(product_id) OVER line <> max(product_id) OVER line
            OR min(original_id) OVER line <> max(original_id) OVER line AS contradicts,
        bool_or(came_by_upgrade) OVER line AS starts_by_upgrade,
        row_number() OVER (
            PARTITION BY app_id, environment, purchase_key ORDER BY signed_ms DESC, sha256 DESC
        ) AS nth
    FROM copies
    WINDOW line AS (PARTITION BY app_id, environment, purchase_key)
), best AS (
    SELECT *,
        min(purchase_ms) OVER later AS next_ms,
        min(purchase_ms) FILTER (WHERE starts_by_upgrade) OVER later AS next_upgrade_ms
    FROM told WHERE nth = 1
    WINDOW later AS (
        PARTITION BY {SUB} ORDER BY purchase_ms GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    )
), ended AS (
    SELECT *, CASE WHEN marked_upgraded THEN next_ms ELSE next_upgrade_ms END AS end_ms FROM best
)
INSERT INTO subscriptions_purchase (
    app_id, environment, original_id, purchase_key, transaction_id, transactions, contradicts, product_id, group_id,
    type, reason, counts, storefront, quantity, purchase_ms, expires_ms, price, currency, offer_type, offer_discount,
    app_account_token, superseded_ms, marked_upgraded, revoked_ms
)
SELECT app_id, environment, original_id, purchase_key, transaction_id, transactions, coalesce(contradicts, false),
    product_id, group_id, type, reason, ownership <> 'FAMILY_SHARED', storefront, quantity, purchase_ms, expires_ms,
    price, currency, offer_type, offer_discount, app_account_token,
    CASE WHEN end_ms < expires_ms THEN end_ms END, marked_upgraded, revocation_ms
FROM ended
"""  # noqa: S608
