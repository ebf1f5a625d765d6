SELECT p.app_id, p.product_id AS member, min(p.purchase_ms) AS at_ms, max(p.purchase_ms) AS until_ms,
    NULL::jsonb AS money,
    jsonb_build_object('product', p.product_id, 'number', count(*), 'original', min(p.original_id),
        'upload', u.upload_id) AS facts
FROM uploaded u
JOIN bought p ON p.app_id = u.app_id
LEFT JOIN subscriptions_pricerow l ON l.upload_id = u.upload_id AND l.product_id = p.product_id
WHERE u.kind = 'prices' AND l.id IS NULL AND p.product_id <> ''
    AND p.purchase_ms >= %(now_ms)s - %(days)s::bigint * 86400000
GROUP BY p.app_id, p.product_id, u.upload_id
