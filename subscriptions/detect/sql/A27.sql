SELECT app_id, original_id || ' ' || purchase_key AS member, end_before AS at_ms, purchase_ms AS until_ms,
    NULL::jsonb AS money,
    jsonb_build_object('original', original_id, 'product', product_id) AS facts
FROM (
    SELECT p.*, lag(p.expires_ms) OVER w AS end_before
    FROM bought p WHERE p.counts AND p.expires_ms IS NOT NULL
    WINDOW w AS (PARTITION BY p.app_id, p.original_id ORDER BY p.purchase_ms)
) p
WHERE end_before < purchase_ms - %(hours)s::bigint * 3600000
    AND NOT EXISTS (
        SELECT 1 FROM status_span s WHERE s.app_id = p.app_id AND s.original_id = p.original_id
            AND s.status <> 1 AND s.from_ms < p.purchase_ms AND coalesce(s.to_ms, p.purchase_ms) > p.end_before
    )
