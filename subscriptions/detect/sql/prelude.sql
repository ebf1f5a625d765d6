WITH sub AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_subscription WHERE environment = 'production'
), bought AS NOT MATERIALIZED (
    SELECT p.*, least(p.expires_ms, p.superseded_ms, p.revoked_ms) AS end_ms
    FROM subscriptions_purchase p WHERE p.environment = 'production'
), told AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_notification WHERE environment = 'production' AND state = 'processed'
), tx AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_signedtransaction WHERE environment = 'production' AND NOT distrusted
), renewal AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_signedrenewal WHERE environment = 'production' AND NOT distrusted
), owner AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_ownerspan WHERE environment = 'production'
), status_span AS NOT MATERIALIZED (
    SELECT * FROM subscriptions_statusspan WHERE environment = 'production'
)
