SELECT app_id, original_id || ' ' || purchase_key AS member, purchase_ms AS at_ms, purchase_ms AS until_ms,
    NULL::jsonb AS money,
    jsonb_build_object('original', original_id, 'product', product_id, 'old_price', price_before,
        'old_currency', currency, 'new_price', price, 'new_currency', currency) AS facts
FROM (
    SELECT p.*, lag(p.price) OVER w AS price_before, lag(p.purchase_ms) OVER w AS ms_before
    FROM bought p
    WHERE p.counts AND p.offer_type IS NULL AND p.price IS NOT NULL
    WINDOW w AS (PARTITION BY p.app_id, p.original_id, p.product_id, p.currency ORDER BY p.purchase_ms)
) p
WHERE price <> price_before
    AND NOT EXISTS (
        SELECT 1 FROM told n WHERE n.app_id = p.app_id AND n.original_id = p.original_id AND n.type = 'PRICE_INCREASE'
            AND n.signed_ms > p.ms_before AND n.signed_ms <= p.purchase_ms
    )
