    SELECT DISTINCT ON (a.id, u.kind) a.id AS app_id, a.account_id, u.kind, u.id AS upload_id,
        (extract(epoch FROM u.taken_at) * 1000)::bigint AS taken_ms
    FROM reports_app a
    JOIN subscriptions_dataupload u ON u.account_id = a.account_id AND (u.app_id IS NULL OR u.app_id = a.id)
    WHERE u.state = 'loaded'
    ORDER BY a.id, u.kind, u.app_id IS NULL, u.taken_at DESC, u.received_at DESC, u.id DESC
