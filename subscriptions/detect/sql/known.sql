, heard AS (
    -- By which notification a purchase came, and when it was signed: a renewal is charged up to a day before its period.
    SELECT t.app_id, t.purchase_key, min(n.signed_ms) AS signed_ms, min(c.class) AS class
    FROM told n
    JOIN tx t ON t.app_id = n.app_id AND t.transaction_id = n.transaction_id AND t.newest
    JOIN told_class c ON c.told = concat_ws('/', n.type, nullif(n.subtype, '')) AND c.priced
    GROUP BY t.app_id, t.purchase_key
), sold AS (
    SELECT p.app_id, p.product_id, p.storefront, p.currency, p.price, coalesce(p.quantity, 1) AS quantity,
        p.price IS NULL OR p.contradicts AS unsure,
        max(p.price) OVER (PARTITION BY p.app_id, p.product_id, p.storefront, p.currency) AS dearest,
        p.superseded_ms, least(p.purchase_ms, h.signed_ms) AS at_ms,
        CASE WHEN p.reason = 'RENEWAL' THEN 'renewal' ELSE coalesce(h.class, CASE WHEN p.purchase_ms = min(p.purchase_ms)
            OVER (PARTITION BY p.app_id, p.original_id) THEN 'start' ELSE 'reactivation' END) END AS class
    FROM bought p LEFT JOIN heard h ON h.app_id = p.app_id AND h.purchase_key = p.purchase_key
    WHERE p.counts AND p.type = 'Auto-Renewable Subscription' AND p.purchase_ms IS NOT NULL
), given_back AS (
    SELECT r.app_id, p.product_id, p.storefront, r.currency, r.at_ms, r.amount, p.price
    FROM subscriptions_refund r
    JOIN bought p ON p.app_id = r.app_id AND p.purchase_key = r.purchase_key
    WHERE r.environment = 'production' AND r.kind = 'refund' AND p.counts AND p.type = 'Auto-Renewable Subscription'
), ended AS (
    SELECT n.app_id, t.product_id, t.storefront, n.signed_ms AS at_ms, c.class
    FROM told n
    JOIN told_class c ON c.told = concat_ws('/', n.type, nullif(n.subtype, '')) AND NOT c.priced
    JOIN tx t ON t.app_id = n.app_id AND t.transaction_id = n.transaction_id AND t.newest
    WHERE t.ownership <> 'FAMILY_SHARED'
), counted AS (
    -- How often something happened to subscriptions, as reports of events count it.
    SELECT app_id, product_id, storefront, class, at_ms, quantity::numeric AS number FROM sold
    UNION ALL SELECT app_id, product_id, storefront, 'refund', at_ms, 1 FROM given_back
    UNION ALL SELECT app_id, product_id, storefront, class, at_ms, 1 FROM ended
)
