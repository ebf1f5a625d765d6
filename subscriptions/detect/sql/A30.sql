SELECT n.app_id, to_char(date_trunc('day', to_timestamp(n.signed_ms / 1000.0), 'UTC'), 'YYYY-MM-DD') AS member,
    min(n.signed_ms) AS at_ms, max(n.signed_ms) AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('number', count(*)) AS facts
FROM told n
JOIN (SELECT app_id, min(signed_ms) AS since_ms FROM told WHERE source = 'webhook' GROUP BY app_id) w
    ON w.app_id = n.app_id AND n.signed_ms > w.since_ms
WHERE n.source = 'history' AND n.deliveries = 1
GROUP BY n.app_id, date_trunc('day', to_timestamp(n.signed_ms / 1000.0), 'UTC')
