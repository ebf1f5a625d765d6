SELECT p.app_id, p.purchase_key AS member, p.purchase_ms AS at_ms, p.purchase_ms AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('original', p.original_id, 'number', p.transactions, 'line', p.purchase_key) AS facts
FROM bought p WHERE p.transactions > 1 AND NOT p.contradicts
