SELECT p.app_id, p.original_id || ' ' || p.purchase_key AS member, p.purchase_ms AS at_ms, p.purchase_ms AS until_ms,
    CASE WHEN p.price IS NOT NULL THEN jsonb_build_object(p.currency, p.price) END AS money,
    jsonb_build_object('original', p.original_id, 'product', p.product_id) AS facts
FROM bought p
JOIN told off ON off.app_id = p.app_id AND off.original_id = p.original_id
    AND off.type = 'DID_CHANGE_RENEWAL_STATUS' AND off.subtype = 'AUTO_RENEW_DISABLED'
    AND off.signed_ms < p.purchase_ms - %(hours)s::bigint * 3600000
WHERE p.reason = 'RENEWAL' AND p.counts
    AND NOT EXISTS (
        SELECT 1 FROM told n WHERE n.app_id = p.app_id AND n.original_id = p.original_id
            AND n.signed_ms > off.signed_ms AND n.signed_ms <= p.purchase_ms
            AND (n.type IN ('DID_CHANGE_RENEWAL_PREF', 'OFFER_REDEEMED', 'SUBSCRIBED')
                OR n.subtype IN ('AUTO_RENEW_ENABLED', 'AUTO_RENEW_DISABLED'))
    )
