SELECT app_id, '' AS member, newest_ms AS at_ms, NULL::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('hours', round((%(now_ms)s - newest_ms) / 3600000.0), 'usual',
        round((usual / 3600000.0)::numeric, 1)) AS facts
FROM (
    SELECT app_id, max(at_ms) AS newest_ms, count(*) AS number,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS usual
    FROM (
        SELECT n.app_id, (extract(epoch FROM n.received_at) * 1000)::bigint AS at_ms,
            (extract(epoch FROM n.received_at - lag(n.received_at) OVER (PARTITION BY n.app_id ORDER BY n.received_at))
                * 1000)::bigint AS gap
        FROM told n WHERE n.source = 'webhook'
            AND n.received_at > to_timestamp(%(now_ms)s / 1000.0) - interval '14 days'
    ) t GROUP BY app_id
) g
WHERE number >= %(least_number)s
    AND %(now_ms)s - newest_ms > greatest(%(hours)s::bigint * 3600000, %(times_usual)s::bigint * coalesce(usual, 0))
