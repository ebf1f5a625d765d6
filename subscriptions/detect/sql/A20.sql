SELECT app_id, original_id || ' ' || purchase_key AS member, purchase_ms AS at_ms, purchase_ms AS until_ms,
    NULL::jsonb AS money,
    jsonb_build_object('original', original_id, 'before', storefront_before || ' ' || currency_before,
        'after', storefront || ' ' || currency,
        'grade', CASE WHEN storefront = storefront_before THEN 'low' END) AS facts
FROM (
    SELECT p.*, lag(p.storefront) OVER w AS storefront_before, lag(p.currency) OVER w AS currency_before
    FROM bought p WHERE p.counts
    WINDOW w AS (PARTITION BY p.app_id, p.original_id ORDER BY p.purchase_ms)
) p
WHERE (storefront, currency) <> (storefront_before, currency_before)
