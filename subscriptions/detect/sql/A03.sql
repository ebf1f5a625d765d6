SELECT s.app_id, s.original_id AS member, o.from_ms AS at_ms, NULL::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('original', s.original_id, 'product', s.product_id, 'unknown_token', s.app_account_token,
        'upload', u.upload_id) AS facts
FROM uploaded u
JOIN sub s ON s.app_id = u.app_id
JOIN owner o ON o.app_id = s.app_id AND o.original_id = s.original_id AND o.to_ms IS NULL
LEFT JOIN subscriptions_loginrow l ON l.upload_id = u.upload_id AND l.token = s.app_account_token
WHERE u.kind = 'users' AND l.id IS NULL
    AND s.app_account_token <> '' AND s.app_account_token NOT LIKE 'erased-%%'
    AND o.from_ms < u.taken_ms AND coalesce(s.status, 1) NOT IN (2, 5)
