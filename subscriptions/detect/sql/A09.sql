SELECT s.app_id, s.original_id AS member, s.grace_expires_ms AS at_ms, NULL::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('original', s.original_id, 'product', s.product_id) AS facts
FROM sub s
WHERE s.status = 4 AND s.grace_expires_ms < %(now_ms)s - %(hours)s::bigint * 3600000
