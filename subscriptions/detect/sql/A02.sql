SELECT s.app_id, s.original_id AS member, coalesce(t.purchase_ms, t.signed_ms) AS at_ms, NULL::bigint AS until_ms,
    NULL::jsonb AS money,
    jsonb_build_object('original', s.original_id, 'before_token', s.app_account_token) AS facts
FROM sub s JOIN tx t ON t.newest AND t.app_id = s.app_id AND t.transaction_id = s.transaction_id
WHERE s.app_account_token <> '' AND t.app_account_token = '' AND coalesce(t.offer_type, 0) <> 3
