SELECT app_id, transaction_id AS member, max(first_ms) AS at_ms, NULL::bigint AS until_ms, NULL::jsonb AS money,
    jsonb_build_object('transaction', transaction_id, 'originals', string_agg(original_id, ' and ' ORDER BY first_ms),
        'subscriptions', jsonb_agg(original_id ORDER BY first_ms)) AS facts
FROM (
    SELECT app_id, transaction_id, original_id, min(signed_ms) AS first_ms FROM tx
    GROUP BY app_id, transaction_id, original_id
) t
GROUP BY app_id, transaction_id HAVING count(*) > 1
