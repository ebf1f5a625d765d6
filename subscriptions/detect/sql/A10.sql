SELECT s.app_id, s.original_id AS member, s.expires_ms AS at_ms, NULL::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('original', s.original_id, 'product', s.product_id) AS facts
FROM sub s
WHERE s.status IN (3, 4) AND s.expires_ms < %(now_ms)s - %(days)s::bigint * 86400000
