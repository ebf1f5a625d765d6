SELECT p.app_id, p.purchase_key AS member, p.superseded_ms AS at_ms, NULL::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('original', p.original_id, 'product', p.product_id, 'transaction', p.transaction_id) AS facts
FROM bought p
WHERE p.superseded_ms < %(now_ms)s - %(hours)s::bigint * 3600000 AND NOT p.marked_upgraded
