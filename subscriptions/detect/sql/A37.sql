SELECT t.app_id, t.transaction_id AS member, t.revocation_ms AS at_ms, t.revocation_ms AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('original', t.original_id, 'transaction', t.transaction_id,
        'what', CASE WHEN t.revocation_percentage IS NULL THEN 'a refund in part without a percentage'
            ELSE 'a refund of more than the price, or of nothing' END) AS facts
FROM tx t
WHERE t.newest AND t.revocation_ms IS NOT NULL AND t.revocation_type <> 'FAMILY_REVOKE'
    AND (t.revocation_percentage NOT BETWEEN 1 AND 100000
        OR (t.revocation_type = 'REFUND_PRORATED' AND t.revocation_percentage IS NULL))
