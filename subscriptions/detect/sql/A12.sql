SELECT app_id, original_id AS member, min(at_ms) AS at_ms, max(at_ms) AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('original', original_id, 'number', count(*),
        'newest_price', (array_agg(-amount ORDER BY at_ms DESC))[1],
        'newest_currency', (array_agg(currency ORDER BY at_ms DESC))[1]) AS facts
FROM (
    SELECT DISTINCT ON (r.app_id, r.purchase_key) r.* FROM subscriptions_refund r
    WHERE r.environment = 'production' ORDER BY r.app_id, r.purchase_key, r.episode DESC
) r
WHERE kind = 'refund' AND EXISTS (
    SELECT 1 FROM bought p WHERE p.app_id = r.app_id AND p.original_id = r.original_id
        AND p.purchase_key <> r.purchase_key AND p.purchase_ms <= r.at_ms AND p.end_ms > r.at_ms
)
GROUP BY app_id, original_id
