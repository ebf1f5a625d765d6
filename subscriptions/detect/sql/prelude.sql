WITH uploaded AS (
{uploaded}), sub AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_subscription WHERE environment = 'production' /*only*/
), bought AS NOT MATERIALIZED (
    SELECT p.*, least(p.expires_ms, p.superseded_ms, p.revoked_ms) AS end_ms
    FROM subscriptions_purchase p WHERE p.environment = 'production' /*only*/
), told AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_notification WHERE environment = 'production' /*only*/ AND state = 'processed'
), tx AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_signedtransaction WHERE environment = 'production' /*only*/ AND NOT distrusted
), renewal AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_signedrenewal WHERE environment = 'production' /*only*/ AND NOT distrusted
), owner AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_ownerspan WHERE environment = 'production' /*only*/
), status_span AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_statusspan WHERE environment = 'production' /*only*/
), access AS NOT MATERIALIZED (
    SELECT u.app_id, u.upload_id, u.taken_ms, e.id, e.token, e.original_id, e.product_id
    FROM uploaded u JOIN subscriptions_entitlementrow e ON e.upload_id = u.upload_id
    WHERE u.kind = 'entitlements' AND coalesce(e.from_ms, 0) <= u.taken_ms
        AND (e.until_ms IS NULL OR e.until_ms > u.taken_ms)
), of_group AS NOT MATERIALIZED (
    SELECT DISTINCT app_id, product_id, group_id FROM subscriptions_purchase WHERE environment = 'production'
), served AS NOT MATERIALIZED (
    SELECT s.*, a.id AS row_id, a.upload_id, a.taken_ms
    FROM access a JOIN sub s ON s.app_id = a.app_id AND s.original_id = a.original_id
    WHERE a.original_id <> ''
    UNION ALL
    SELECT s.*, a.id, a.upload_id, a.taken_ms
    FROM access a JOIN of_group g ON g.app_id = a.app_id AND g.product_id = a.product_id
    JOIN sub s ON s.app_id = a.app_id AND s.group_id = g.group_id AND s.app_account_token = a.token
    WHERE a.original_id = '' AND a.token <> ''
), standing AS (
    SELECT s.app_id, s.original_id, s.group_id, s.customer_id, s.app_account_token, u.taken_ms,
        max(b.end_ms) AS end_ms, span.status, span.from_ms,
        (array_agg(b.counts AND b.revoked_ms <= u.taken_ms ORDER BY b.purchase_ms DESC))[1] IS TRUE AS is_refunded
    FROM uploaded u JOIN sub s ON s.app_id = u.app_id
    JOIN bought b ON b.app_id = s.app_id AND b.original_id = s.original_id AND b.purchase_ms <= u.taken_ms
    LEFT JOIN status_span span ON span.app_id = s.app_id AND span.original_id = s.original_id
        AND span.from_ms <= u.taken_ms AND coalesce(span.to_ms, u.taken_ms + 1) > u.taken_ms
    WHERE u.kind = 'entitlements'
    GROUP BY s.app_id, s.original_id, s.group_id, s.customer_id, s.app_account_token, u.taken_ms, span.status,
        span.from_ms
), paid AS (
    SELECT * FROM standing
    WHERE status = 4 OR (status = 1 AND NOT is_refunded) OR (coalesce(status, 1) <> 5 AND end_ms > taken_ms)
), unpaid AS NOT MATERIALIZED (
    SELECT DISTINCT ON (v.app_id, v.group_id, v.customer_id) v.*, w.status AS status_then, w.is_refunded,
        greatest(w.end_ms, CASE WHEN w.status IN (2, 3, 5) THEN w.from_ms END) AS ended_ms
    FROM served v JOIN standing w ON w.app_id = v.app_id AND w.original_id = v.original_id
    WHERE NOT EXISTS (
            SELECT 1 FROM paid p WHERE p.app_id = v.app_id AND p.group_id = v.group_id
                AND p.customer_id = v.customer_id
        )
        AND NOT EXISTS (
            SELECT 1 FROM paid p WHERE p.app_id = v.app_id AND p.group_id = v.group_id
                AND p.app_account_token = v.app_account_token AND v.app_account_token <> ''
        )
    ORDER BY v.app_id, v.group_id, v.customer_id, w.end_ms DESC NULLS LAST, v.original_id
)
