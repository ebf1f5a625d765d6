SELECT app_id, to_char(day, 'YYYY-MM-DD') AS member, min(signed_ms) AS at_ms, max(signed_ms) AS until_ms,
    NULL::jsonb AS money,
    jsonb_build_object('number', count(*), 'hours', round(max(hours)),
        'grade', CASE WHEN max(hours) > %(check_hours)s THEN 'low' END) AS facts
FROM (
    SELECT n.app_id, n.signed_ms, date_trunc('day', to_timestamp(n.signed_ms / 1000.0), 'UTC') AS day,
        (extract(epoch FROM n.received_at) * 1000 - n.signed_ms) / 3600000.0 AS hours
    FROM told n WHERE n.source = 'webhook'
) t
WHERE hours > %(hours)s GROUP BY app_id, day
