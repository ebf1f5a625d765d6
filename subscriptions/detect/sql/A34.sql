SELECT n.app_id, n.uuid::text AS member, n.signed_ms AS at_ms, n.signed_ms AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('original', n.original_id, 'type', n.type || ' ' || n.subtype, 'status', n.status) AS facts
FROM told n
WHERE (n.type IN ('DID_RENEW', 'SUBSCRIBED') AND n.status <> 1)
    OR (n.type = 'EXPIRED' AND n.status <> 2)
    OR (n.type = 'DID_FAIL_TO_RENEW' AND n.status <> CASE n.subtype WHEN 'GRACE_PERIOD' THEN 4 ELSE 3 END)
