SELECT a.id AS app_id, n.uuid::text AS member, n.signed_ms AS at_ms, n.signed_ms AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('uuid', n.uuid, 'type', n.type, 'environment', n.environment) AS facts
FROM subscriptions_notification n
JOIN reports_app a ON a.account_id = n.account_id AND a.bundle_id = n.bundle_id AND a.merged_into_id IS NULL
WHERE n.state = 'quarantined' AND n.quarantine = 'environment' AND n.bundle_id <> ''
