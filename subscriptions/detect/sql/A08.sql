SELECT s.app_id, s.original_id AS member, s.expires_ms AS at_ms, NULL::bigint AS until_ms,
    CASE WHEN s.next_price IS NOT NULL THEN jsonb_build_object(s.next_currency, s.next_price) END AS money,
    jsonb_build_object('original', s.original_id, 'product', s.product_id) AS facts
FROM sub s
WHERE s.auto_renew = 1 AND s.ownership <> 'FAMILY_SHARED' AND s.revocation_ms IS NULL
    AND s.expires_ms < %(now_ms)s - %(hours)s::bigint * 3600000
    AND coalesce(s.status, 1) NOT IN (2, 5)
    AND NOT EXISTS (
        SELECT 1 FROM told n WHERE n.app_id = s.app_id AND n.original_id = s.original_id
            AND n.type IN ('DID_RENEW', 'DID_FAIL_TO_RENEW', 'EXPIRED', 'REVOKE')
            AND n.signed_ms > s.expires_ms - 48 * 3600000
    )
