SELECT a.app_id, a.purchase_key || ' + ' || b.purchase_key AS member, b.purchase_ms AS at_ms,
    least(a.expires_ms, b.expires_ms) AS until_ms,
    CASE WHEN b.price IS NOT NULL THEN jsonb_build_object(b.currency, b.price) END AS money,
    jsonb_build_object('original', a.original_id, 'first', a.purchase_key, 'second', b.purchase_key) AS facts
FROM bought a JOIN bought b ON b.app_id = a.app_id AND b.original_id = a.original_id
    AND (a.purchase_ms, a.purchase_key) < (b.purchase_ms, b.purchase_key)
WHERE a.counts AND b.counts AND a.superseded_ms IS NULL AND b.superseded_ms IS NULL
    AND a.revoked_ms IS NULL AND b.revoked_ms IS NULL AND coalesce(a.price, 1) > 0
    AND least(a.expires_ms, b.expires_ms) - b.purchase_ms > %(overlap_hours)s::bigint * 3600000
