"""A subscription as it stands, and whose it is."""

from __future__ import annotations

from subscriptions.derive import KEYS, SUB
from subscriptions.derive.spans import POINTS

#: appTransactionId is one for each Apple Account and app, and survives refunds and new downloads; older transactions
#: lack it. Source: Apple documentation, appTransactionId.
OWNED = f"""
owned AS (
    SELECT {SUB},
        (array_agg(app_transaction_id ORDER BY signed_ms DESC, sha256 DESC)
            FILTER (WHERE app_transaction_id <> ''))[1] AS app_transaction_id,
        min(original_purchase_ms) AS started_ms,
        max(signed_ms) AS newest_ms
    FROM subscriptions_signedtransaction t JOIN k USING ({SUB})
    WHERE NOT t.distrusted
    GROUP BY {SUB}
), keyed AS (
    SELECT {SUB}, started_ms, newest_ms, coalesce(token, '') AS token,
        CASE WHEN app_transaction_id IS NOT NULL THEN 'app_transaction'
            WHEN token IS NOT NULL THEN 'token' ELSE 'subscription' END AS key_kind,
        coalesce(app_transaction_id, token, original_id) AS key
    FROM owned LEFT JOIN (
        SELECT {SUB}, token FROM subscriptions_ownerspan WHERE to_ms IS NULL
    ) owner USING ({SUB})
)"""  # noqa: S608

#: What was bought last is what the subscription is now, whichever transaction a notification happens to tell of: a
#: refund of an old one comes with the old one. Only what renews by itself is a subscription.
CURRENT = f"""
current_one AS (
    SELECT DISTINCT ON ({SUB}) t.*
    FROM subscriptions_signedtransaction t JOIN k USING ({SUB})
    WHERE t.newest AND (t.type = 'Auto-Renewable Subscription' OR t.group_id <> '')
    ORDER BY {SUB}, t.purchase_ms DESC NULLS LAST, t.expires_ms DESC NULLS LAST, t.signed_ms DESC, t.sha256 DESC
)"""  # noqa: S608

CUSTOMERS_BEFORE = f"""
WITH {KEYS} SELECT DISTINCT s.customer_id FROM subscriptions_subscription s JOIN k USING ({SUB})
"""  # noqa: S608

ADD_CUSTOMERS = f"""
WITH {KEYS}, {OWNED}, {CURRENT}
INSERT INTO subscriptions_customer (app_id, environment, key_kind, key)
SELECT DISTINCT app_id, environment, key_kind, key FROM keyed JOIN current_one USING ({SUB})
ON CONFLICT DO NOTHING
"""  # noqa: S608

REMOVE_SUBSCRIPTIONS = f"""
WITH {KEYS}, {CURRENT}
DELETE FROM subscriptions_subscription s USING k
WHERE (s.app_id, s.environment, s.original_id) = (k.app_id, k.environment, k.original_id)
    AND NOT EXISTS (
        SELECT 1 FROM current_one c
        WHERE (c.app_id, c.environment, c.original_id) = (k.app_id, k.environment, k.original_id)
    )
"""  # noqa: S608

COLUMNS = (
    "customer_id", "group_id", "product_id", "transaction_id", "ownership", "storefront", "price", "currency",
    "offer_type", "offer_discount", "started_ms", "purchase_ms", "expires_ms", "revocation_ms", "is_upgraded",
    "app_account_token", "status", "status_ms", "auto_renew", "next_product_id", "next_price", "next_currency",
    "renewal_ms", "grace_expires_ms", "expiration_intent", "in_billing_retry", "newest_ms",
)  # fmt: skip

PUT_SUBSCRIPTIONS = f"""
WITH {KEYS}, {OWNED}, {CURRENT}, points AS ({POINTS}), newest_status AS (
    SELECT DISTINCT ON ({SUB}) {SUB}, status, signed_ms AS status_ms FROM points
    ORDER BY {SUB}, signed_ms DESC, sha256 DESC
), next_one AS (
    SELECT DISTINCT ON ({SUB}) r.* FROM subscriptions_signedrenewal r JOIN k USING ({SUB})
    WHERE NOT r.distrusted ORDER BY {SUB}, signed_ms DESC, sha256 DESC
)
INSERT INTO subscriptions_subscription ({SUB}, {", ".join(COLUMNS)})
SELECT {SUB}, customer.id, c.group_id, c.product_id, c.transaction_id, c.ownership, c.storefront, c.price, c.currency,
    c.offer_type, c.offer_discount, keyed.started_ms, c.purchase_ms, c.expires_ms, c.revocation_ms, c.is_upgraded,
    keyed.token, newest_status.status, newest_status.status_ms, n.auto_renew, coalesce(n.auto_renew_product_id, ''),
    n.renewal_price, coalesce(n.currency, ''), n.renewal_ms, n.grace_expires_ms, n.expiration_intent,
    coalesce(n.in_billing_retry, false),
    greatest(keyed.newest_ms, newest_status.status_ms, n.signed_ms)
FROM keyed JOIN current_one c USING ({SUB})
JOIN subscriptions_customer customer USING (app_id, environment, key_kind, key)
LEFT JOIN newest_status USING ({SUB})
LEFT JOIN next_one n USING ({SUB})
ON CONFLICT ({SUB}) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS)}
"""  # noqa: S608

REMOVE_CUSTOMERS = """
DELETE FROM subscriptions_customer c WHERE c.id = ANY(%(customers)s)
    AND NOT EXISTS (SELECT 1 FROM subscriptions_subscription s WHERE s.customer_id = c.id)
"""  # noqa: S608
