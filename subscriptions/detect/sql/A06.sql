SELECT n.app_id, n.original_id AS member, n.started AS at_ms, NULL::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('old', o.original_id, 'new', n.original_id) AS facts
FROM (SELECT s.*, (SELECT min(p.purchase_ms) FROM bought p
        WHERE p.app_id = s.app_id AND p.original_id = s.original_id) AS started FROM sub s) n
JOIN sub o ON o.app_id = n.app_id AND o.customer_id = n.customer_id AND o.group_id = n.group_id
    AND o.original_id <> n.original_id
WHERE EXISTS (SELECT 1 FROM bought p WHERE p.app_id = o.app_id AND p.original_id = o.original_id
        AND p.purchase_ms < n.started)
    AND NOT EXISTS (
        SELECT 1 FROM status_span s WHERE s.app_id = o.app_id AND s.original_id = o.original_id
            AND s.status IN (2, 5) AND s.from_ms <= n.started AND coalesce(s.to_ms, n.started + 1) > n.started
    )
