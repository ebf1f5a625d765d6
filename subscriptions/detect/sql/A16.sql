SELECT v.app_id, v.original_id AS member, v.ended_ms AS at_ms, NULL::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('original', v.original_id, 'product', v.product_id, 'upload', v.upload_id, 'row', v.row_id)
        AS facts
FROM unpaid v
WHERE v.status_then = 5 AND NOT v.is_refunded AND v.ended_ms < v.taken_ms - %(hours)s::bigint * 3600000
