SELECT p.app_id, p.original_id AS member, r.signed_ms AS at_ms, NULL::bigint AS until_ms,
    CASE WHEN p.price IS NOT NULL THEN jsonb_build_object(p.currency, p.price) END AS money,
    jsonb_build_object('original', p.original_id, 'product', p.product_id, 'transaction', r.transaction_id,
        'upload', u.upload_id) AS facts
FROM uploaded u
JOIN (
    SELECT DISTINCT ON (r.app_id, r.purchase_key) r.* FROM subscriptions_refund r
    WHERE r.environment = 'production' ORDER BY r.app_id, r.purchase_key, r.episode DESC
) r ON r.app_id = u.app_id AND r.kind = 'reversal'
JOIN bought p ON p.app_id = r.app_id AND p.purchase_key = r.purchase_key AND p.end_ms > u.taken_ms
JOIN sub s ON s.app_id = p.app_id AND s.original_id = p.original_id
WHERE u.kind = 'entitlements' AND r.signed_ms < u.taken_ms - %(hours)s::bigint * 3600000
    AND (s.app_account_token <> '' OR EXISTS (
        SELECT 1 FROM access a WHERE a.app_id = u.app_id AND a.original_id <> ''
    ))
    AND NOT EXISTS (SELECT 1 FROM served v WHERE v.app_id = p.app_id AND v.original_id = p.original_id)
