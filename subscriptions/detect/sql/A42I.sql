SELECT q.app_id, q.member, (extract(epoch FROM (q.first + time '12:00') AT TIME ZONE 'UTC') * 1000)::bigint AS at_ms,
    NULL::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('what', q.what, 'number', q.number, 'because', q.because) AS facts
FROM (
    SELECT r.app_id, 'subscription ' || r.subscription_apple_id AS member, min(r.day) AS first, count(*) AS number,
        'Subscription ' || r.subscription_apple_id || ' (' || min(r.subscription_name) || ')' AS what,
        'no sales report has named its product ID yet' AS because
    FROM (
        SELECT app_id, account_id, subscription_apple_id, subscription_name, day FROM changed
        UNION ALL SELECT app_id, account_id, subscription_apple_id, subscription_name, day FROM subscriber
    ) r LEFT JOIN product m ON m.account_id = r.account_id AND m.subscription_apple_id = r.subscription_apple_id
    WHERE m.sku IS NULL GROUP BY r.app_id, r.subscription_apple_id
    UNION ALL
    SELECT c.app_id, 'event ' || c.event, min(c.day), count(*), 'The event "' || min(c.written) || '"',
        'this program does not know which notifications it stands for'
    FROM changed c LEFT JOIN event_class e ON e.event = c.event
    WHERE e.event IS NULL GROUP BY c.app_id, c.event
) q JOIN told_since USING (app_id)
