SELECT p.app_id, p.original_id || ' ' || p.purchase_key AS member, p.purchase_ms AS at_ms, p.purchase_ms AS until_ms,
    NULL::jsonb AS money,
    jsonb_build_object('original', p.original_id, 'wanted', announced.auto_renew_product_id, 'product', p.product_id)
        AS facts
FROM bought p
CROSS JOIN LATERAL (
    SELECT min(t.signed_ms) AS first_ms FROM tx t WHERE t.app_id = p.app_id AND t.purchase_key = p.purchase_key
) told_first
CROSS JOIN LATERAL (
    SELECT r.auto_renew_product_id, r.auto_renew FROM renewal r
    WHERE r.app_id = p.app_id AND r.original_id = p.original_id AND r.signed_ms < told_first.first_ms
    ORDER BY r.signed_ms DESC, r.sha256 DESC LIMIT 1
) announced
WHERE p.reason = 'RENEWAL' AND announced.auto_renew_product_id NOT IN ('', p.product_id)
