SELECT v.app_id, v.original_id AS member, v.ended_ms AS at_ms, NULL::bigint AS until_ms,
    CASE WHEN v.price IS NOT NULL AND v.ownership <> 'FAMILY_SHARED' THEN jsonb_build_object(v.currency, v.price) END
        AS money,
    jsonb_build_object('original', v.original_id, 'product', v.product_id, 'upload', v.upload_id, 'row', v.row_id,
        'why', CASE WHEN v.status_then = 3 THEN 'billing_retry' END,
        'what', CASE WHEN v.is_refunded THEN 'Apple gave the money back'
            WHEN v.status_then = 3 THEN 'Apple could not bill it (billing retry)' ELSE 'it has expired' END) AS facts
FROM unpaid v
WHERE (coalesce(v.status_then, 2) IN (1, 2, 3) OR v.is_refunded)
    AND v.ended_ms < v.taken_ms - %(hours)s::bigint * 3600000
