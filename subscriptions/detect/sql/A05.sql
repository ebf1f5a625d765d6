, began AS (
    SELECT DISTINCT ON (s.app_id, s.original_id) s.app_id, s.original_id, s.customer_id, s.group_id, p.purchase_ms,
        p.price, p.currency
    FROM sub s JOIN bought p ON p.app_id = s.app_id AND p.original_id = s.original_id
    WHERE p.counts ORDER BY s.app_id, s.original_id, p.purchase_ms
), pair AS MATERIALIZED (
    SELECT n.app_id, o.original_id AS old, n.original_id AS new, n.purchase_ms AS began_ms, n.price AS new_price,
        n.currency AS new_currency
    FROM began n JOIN began o ON o.app_id = n.app_id AND o.customer_id = n.customer_id AND o.group_id = n.group_id
    WHERE o.original_id <> n.original_id AND o.purchase_ms < n.purchase_ms
), at_once AS (
    SELECT DISTINCT c.app_id, c.old, c.new
    FROM pair c
    JOIN bought p ON p.app_id = c.app_id AND p.original_id = c.old AND p.counts AND coalesce(p.price, 1) > 0
    JOIN bought q ON q.app_id = c.app_id AND q.original_id = c.new AND q.counts AND coalesce(q.price, 1) > 0
    WHERE least(p.end_ms, q.end_ms) - greatest(p.purchase_ms, q.purchase_ms)
        > %(overlap_hours)s::bigint * 3600000
), recovered AS (
    SELECT DISTINCT app_id, original_id, transaction_id FROM told WHERE subtype = 'BILLING_RECOVERY'
), billed AS (
    SELECT c.app_id, c.old, c.new, again.currency, min(again.purchase_ms) AS first_ms,
        max(again.purchase_ms) AS last_ms, sum(again.price) AS total, count(*) AS number,
        (array_agg(again.price ORDER BY again.purchase_ms DESC))[1] AS old_price,
        max(c.new_price) AS new_price, max(c.new_currency) AS new_currency,
        bool_or(r.app_id IS NOT NULL) AS after_retry
    FROM pair c
    JOIN bought again ON again.app_id = c.app_id AND again.original_id = c.old AND again.reason = 'RENEWAL'
        AND again.counts AND again.purchase_ms > c.began_ms AND again.revoked_ms IS NULL
    LEFT JOIN recovered r ON r.app_id = again.app_id AND r.original_id = again.original_id
        AND r.transaction_id = again.transaction_id
    WHERE NOT EXISTS (
            SELECT 1 FROM at_once a WHERE a.app_id = c.app_id AND a.old = c.old AND a.new = c.new
        )
        AND NOT EXISTS (
            SELECT 1 FROM bought p WHERE p.app_id = c.app_id AND p.original_id = c.old AND p.reason = 'PURCHASE'
                AND p.purchase_ms > c.began_ms AND p.purchase_ms < again.purchase_ms
        )
    GROUP BY c.app_id, c.old, c.new, again.currency
)
SELECT app_id, old || ' + ' || new AS member, min(first_ms) AS at_ms, max(last_ms) AS until_ms,
    jsonb_object_agg(currency, total) FILTER (WHERE total IS NOT NULL) AS money,
    jsonb_build_object('old', old, 'new', new, 'renewals', sum(number),
        'old_price', (array_agg(old_price ORDER BY last_ms DESC))[1],
        'old_currency', (array_agg(currency ORDER BY last_ms DESC))[1],
        'new_price', max(new_price), 'new_currency', max(new_currency),
        'why', CASE WHEN bool_or(after_retry) THEN 'billing_retry' END,
        'cause', CASE WHEN bool_or(after_retry)
            THEN 'the old one failed to renew, another was bought, and the old one was paid after all'
            ELSE 'the old subscription was not ended when the new one came' END) AS facts
FROM billed
GROUP BY app_id, old, new
