SELECT p.app_id, p.purchase_key AS member, p.purchase_ms AS at_ms, p.purchase_ms AS until_ms,
    CASE WHEN p.price IS NOT NULL THEN jsonb_build_object(p.currency, p.price) END AS money,
    jsonb_build_object('original', p.original_id, 'line', p.purchase_key) AS facts
FROM bought p WHERE p.contradicts
