SELECT q.app_id, q.old || ' + ' || q.new AS member, q.at_ms,
    CASE WHEN q.end_ms < %(now_ms)s THEN q.end_ms END AS until_ms, again.money,
    jsonb_build_object(
        'old', q.old, 'new', q.new, 'renewals', CASE coalesce(again.number, 0) WHEN 0 THEN 'not yet' WHEN 1 THEN 'once'
            ELSE again.number || ' times' END,
        'old_price', q.old_price, 'old_currency', q.old_currency,
        'new_price', q.new_price, 'new_currency', q.new_currency,
        'grade', CASE WHEN q.intro THEN 'info' WHEN NOT q.same_account THEN 'low' END,
        'why', CASE WHEN q.intro THEN 'introductory_offer' WHEN NOT q.same_account THEN 'two_apple_accounts'
            WHEN retry.yes THEN 'billing_retry' END,
        'cause', CASE
            WHEN q.intro THEN 'one of them is an introductory offer, which may run beside the other'
            WHEN NOT q.same_account THEN 'two Apple Accounts with one app login, each billed for itself'
            WHEN retry.yes THEN 'the old one failed to renew, another was bought, and the old one was paid after all'
            ELSE 'the old subscription was not ended when the new one came'
        END
    ) AS facts
FROM (
    SELECT o.app_id, o.original_id AS old, n.original_id AS new,
        min(greatest(o.purchase_ms, n.purchase_ms)) AS at_ms, max(least(o.end_ms, n.end_ms)) AS end_ms,
        bool_or(c.same) AS same_account,
        bool_or(coalesce(o.offer_type, 0) = 1 OR coalesce(n.offer_type, 0) = 1) AS intro,
        max(o.price) AS old_price, max(o.currency) AS old_currency,
        max(n.price) AS new_price, max(n.currency) AS new_currency
    FROM (
        SELECT a.app_id, a.original_id AS old, b.original_id AS new, bool_or(a.customer_id = b.customer_id) AS same
        FROM (
            SELECT app_id, group_id, customer_id::text AS whose, original_id FROM sub
            UNION ALL SELECT app_id, group_id, app_account_token, original_id FROM sub WHERE app_account_token <> ''
        ) x
        JOIN (
            SELECT app_id, group_id, customer_id::text AS whose, original_id FROM sub
            UNION ALL SELECT app_id, group_id, app_account_token, original_id FROM sub WHERE app_account_token <> ''
        ) y USING (app_id, group_id, whose)
        JOIN (
            SELECT s.app_id, s.original_id, s.customer_id, min(p.purchase_ms) AS first_ms
            FROM sub s JOIN bought p USING (app_id, original_id) GROUP BY s.app_id, s.original_id, s.customer_id
        ) a ON a.app_id = x.app_id AND a.original_id = x.original_id
        JOIN (
            SELECT s.app_id, s.original_id, s.customer_id, min(p.purchase_ms) AS first_ms
            FROM sub s JOIN bought p USING (app_id, original_id) GROUP BY s.app_id, s.original_id, s.customer_id
        ) b ON b.app_id = y.app_id AND b.original_id = y.original_id
        WHERE x.original_id <> y.original_id
            AND (coalesce(a.first_ms, 0), a.original_id) < (coalesce(b.first_ms, 0), b.original_id)
        GROUP BY a.app_id, a.original_id, b.original_id
    ) c
    JOIN bought o ON o.app_id = c.app_id AND o.original_id = c.old
    JOIN bought n ON n.app_id = c.app_id AND n.original_id = c.new
        AND least(o.end_ms, n.end_ms) - greatest(o.purchase_ms, n.purchase_ms) > %(overlap_hours)s::bigint * 3600000
    WHERE o.counts AND coalesce(o.price, 1) > 0 AND o.expires_ms IS NOT NULL
        AND n.counts AND coalesce(n.price, 1) > 0 AND n.expires_ms IS NOT NULL
    GROUP BY o.app_id, o.original_id, n.original_id
) q
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(currency, total) AS money, sum(number) AS number FROM (
        SELECT p.currency, sum(p.price) AS total, count(*) AS number FROM bought p
        WHERE p.app_id = q.app_id AND p.original_id = q.old AND p.reason = 'RENEWAL' AND p.counts
            AND p.purchase_ms >= q.at_ms AND p.revoked_ms IS NULL
        GROUP BY p.currency
    ) m
) again
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT 1 FROM told f WHERE f.app_id = q.app_id AND f.original_id = q.old
            AND f.type = 'DID_FAIL_TO_RENEW')
        AND EXISTS (SELECT 1 FROM told f WHERE f.app_id = q.app_id AND f.original_id = q.old
            AND f.subtype = 'BILLING_RECOVERY') AS yes
) retry
