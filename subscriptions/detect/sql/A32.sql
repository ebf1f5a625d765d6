SELECT n.app_id, n.uuid::text AS member, n.signed_ms AS at_ms, n.signed_ms AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('uuid', n.uuid, 'type', n.type, 'number', count(*) + 1) AS facts
FROM told n JOIN subscriptions_otherpayload o ON o.notification_id = n.id
GROUP BY n.app_id, n.uuid, n.signed_ms, n.type
