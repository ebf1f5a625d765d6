SELECT app_id, to_char(day, 'YYYY-MM-DD') AS member, min(signed_ms) AS at_ms, max(signed_ms) AS until_ms,
    NULL::jsonb AS money,
    jsonb_build_object('number', count(*), 'of_subscriptions', count(DISTINCT original_id),
        'hours', round(max(newest_ms - signed_ms) / 3600000.0, 1)) AS facts
FROM (
    SELECT n.app_id, n.original_id, n.source, n.signed_ms,
        date_trunc('day', to_timestamp(n.signed_ms / 1000.0), 'UTC') AS day,
        max(n.signed_ms) OVER (
            PARTITION BY n.app_id, n.original_id ORDER BY n.received_at, n.id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS newest_ms
    FROM told n WHERE n.original_id <> ''
) t
WHERE source = 'webhook' AND newest_ms - signed_ms > %(minutes)s::bigint * 60000
GROUP BY app_id, day
