SELECT p.app_id, p.purchase_key AS member, p.purchase_ms AS at_ms, p.purchase_ms AS until_ms,
    CASE WHEN p.price IS NOT NULL THEN jsonb_build_object(p.currency, p.price) END AS money,
    jsonb_build_object('original', p.original_id, 'line', p.purchase_key, 'product', p.product_id,
        'what', 'it counts as paid') AS facts
FROM bought p
WHERE p.counts AND EXISTS (
    SELECT 1 FROM tx t WHERE t.app_id = p.app_id AND t.purchase_key = p.purchase_key AND t.newest
        AND t.ownership = 'FAMILY_SHARED'
)
UNION ALL
SELECT p.app_id, p.purchase_key, p.purchase_ms, p.purchase_ms, NULL,
    jsonb_build_object('original', p.original_id, 'line', p.purchase_key, 'product', p.product_id,
        'what', 'a refund of it counts')
FROM bought p
WHERE NOT p.counts AND EXISTS (
    SELECT 1 FROM subscriptions_refund r WHERE r.environment = 'production' AND r.app_id = p.app_id
        AND r.purchase_key = p.purchase_key
)
