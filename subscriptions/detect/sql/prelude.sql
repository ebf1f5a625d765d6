WITH sub AS NOT MATERIALIZED (
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
)
