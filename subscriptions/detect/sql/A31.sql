SELECT account_id, to_char(day, 'YYYY-MM-DD') AS member, (extract(epoch FROM day) * 1000)::bigint AS at_ms,
    (extract(epoch FROM day) * 1000)::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('number', sum(number), 'hours', count(*), 'most', max(number),
        'last_address', (array_agg(last_address ORDER BY last_at DESC))[1],
        'why', CASE WHEN bool_and(only_other_place) THEN 'wrong_address' END,
        'what', string_agg(DISTINCT reasons, ', ')) AS facts
FROM (
    SELECT account_id, date_trunc('day', hour, 'UTC') AS day, hour, sum(count) AS number, max(last_at) AS last_at,
        (array_agg(last_address ORDER BY r.last_at DESC))[1] AS last_address,
        string_agg(DISTINCT reason, ', ' ORDER BY reason) AS reasons, bool_and(reason = 'environment')
            AS only_other_place
    FROM subscriptions_refusedpayload r WHERE environment = 'production' GROUP BY account_id, hour
) by_hour
WHERE number > %(per_hour)s
GROUP BY account_id, day
