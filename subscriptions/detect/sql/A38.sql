SELECT n.app_id, trim(n.kind || ' ' || n.type || ' ' || n.subtype) AS member, min(n.signed_ms) AS at_ms,
    NULL::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('what', trim(n.kind || ' ' || n.type || ' ' || n.subtype), 'number', count(*)) AS facts
FROM told n WHERE NOT n.known
GROUP BY n.app_id, n.kind, n.type, n.subtype
