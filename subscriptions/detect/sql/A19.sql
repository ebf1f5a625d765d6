SELECT p.app_id, p.purchase_key AS member, p.purchase_ms AS at_ms, p.purchase_ms AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('original', p.original_id, 'product', p.product_id,
        'what', CASE WHEN p.price IS NULL THEN 'no price' ELSE 'a price of 0' END) AS facts
FROM bought p
WHERE p.counts AND coalesce(p.price, 0) = 0 AND p.offer_discount <> 'FREE_TRIAL'
    AND p.type = 'Auto-Renewable Subscription' AND p.purchase_ms >= 1698796800000
