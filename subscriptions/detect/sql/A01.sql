, set_by_us AS (
    SELECT o.app_id, o.original_id, o.from_ms, max(c.changed_ms) AS changed_ms
    FROM owner o
    JOIN owner b ON b.app_id = o.app_id AND b.original_id = o.original_id AND b.to_ms = o.from_ms
    JOIN uploaded u ON u.app_id = o.app_id AND u.kind = 'token_changes'
    JOIN subscriptions_tokenchangerow c ON c.upload_id = u.upload_id AND c.original_id = o.original_id
        AND c.token = o.token
    WHERE c.changed_ms BETWEEN b.from_ms AND o.from_ms + %(own_change_hours)s::bigint * 3600000
    GROUP BY o.app_id, o.original_id, o.from_ms
)
SELECT o.app_id, o.original_id AS member, o.from_ms AS at_ms, NULL::bigint AS until_ms,
    (
        SELECT jsonb_object_agg(currency, total) FROM (
            SELECT p.currency, sum(p.price) AS total FROM bought p
            WHERE p.app_id = o.app_id AND p.original_id = o.original_id AND p.counts AND p.price IS NOT NULL
                AND p.purchase_ms >= o.from_ms AND p.purchase_ms < coalesce(o.to_ms, p.purchase_ms + 1)
            GROUP BY p.currency
        ) m
    ) AS money,
    jsonb_build_object(
        'original', o.original_id, 'before_token', b.token, 'after_token', o.token,
        'why', CASE WHEN o.source = 'set' OR us.changed_ms IS NOT NULL THEN 'token_set' END,
        'grade', CASE WHEN o.source = 'set' OR us.changed_ms IS NOT NULL THEN 'info' END,
        'cause', CASE
            WHEN us.changed_ms IS NOT NULL THEN 'your own log says that the token was set on '
                || to_char(to_timestamp(us.changed_ms / 1000.0), 'YYYY-MM-DD')
            WHEN o.source = 'set' THEN 'the token was set on a running purchase (Set App Account Token)'
            WHEN EXISTS (
                SELECT 1 FROM status_span s WHERE s.app_id = o.app_id AND s.original_id = o.original_id
                    AND s.status = 2 AND s.from_ms < o.from_ms AND coalesce(s.to_ms, o.from_ms) >= o.from_ms
            ) THEN 'it had expired and was bought again while another login was signed in'
            WHEN t.product_id <> before.product_id
                THEN 'the plan was changed in the app while another login was signed in with the same Apple Account'
            ELSE 'a purchase or a change named another login'
        END
    ) AS facts
FROM owner o
JOIN owner b ON b.app_id = o.app_id AND b.original_id = o.original_id AND b.to_ms = o.from_ms
LEFT JOIN tx t ON t.newest AND t.app_id = o.app_id AND t.transaction_id = o.transaction_id
LEFT JOIN LATERAL (
    SELECT p.product_id FROM bought p
    WHERE p.app_id = o.app_id AND p.original_id = o.original_id AND p.purchase_ms < o.from_ms
    ORDER BY p.purchase_ms DESC LIMIT 1
) before ON true
LEFT JOIN set_by_us us ON us.app_id = o.app_id AND us.original_id = o.original_id AND us.from_ms = o.from_ms
WHERE us.changed_ms IS NULL OR us.changed_ms < o.from_ms - %(own_change_hours)s::bigint * 3600000
