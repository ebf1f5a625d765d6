-- What follows from notifications, each row as one text of its content: without ids, times of receipt and repeats.
WITH told AS (
  SELECT n.*, c.fingerprint FROM subscriptions_notification n JOIN subscriptions_signingchain c ON c.id = n.chain_id
), found AS (
  -- A33 tells in which order notifications came, which is not the same twice when they are sent side by side.
  SELECT f.*, p.bundle_id FROM reports_finding f LEFT JOIN reports_app p ON p.id = f.app_id
  WHERE f.state <> 'closed' AND f.metric <> 'A33'
)
-- table: notifications
SELECT md5((to_jsonb(n) - ARRAY['id', 'account_id', 'app_id', 'chain_id', 'received_at', 'last_received_at',
  'deliveries'])::text) || ' ' || n.uuid FROM told n
-- table: signed transactions
SELECT md5(n.uuid || (to_jsonb(t) - ARRAY['id', 'app_id', 'chain_id', 'notification_id', 'received_at'])::text)
  || ' ' || t.transaction_id FROM subscriptions_signedtransaction t LEFT JOIN told n ON n.id = t.notification_id
-- table: signed renewals
SELECT md5(n.uuid || (to_jsonb(r) - ARRAY['id', 'app_id', 'chain_id', 'notification_id', 'received_at'])::text)
  || ' ' || r.original_id FROM subscriptions_signedrenewal r LEFT JOIN told n ON n.id = r.notification_id
-- table: customers
SELECT concat_ws('|', environment, key_kind, key) FROM subscriptions_customer
-- table: subscriptions
SELECT c.key || (to_jsonb(s) - ARRAY['id', 'app_id', 'customer_id'])::text
FROM subscriptions_subscription s JOIN subscriptions_customer c ON c.id = s.customer_id
-- table: purchases
SELECT (to_jsonb(p) - ARRAY['id', 'app_id'])::text FROM subscriptions_purchase p
-- table: refunds
SELECT (to_jsonb(r) - ARRAY['id', 'app_id'])::text FROM subscriptions_refund r
-- table: owners
SELECT (to_jsonb(o) - ARRAY['id', 'app_id'])::text FROM subscriptions_ownerspan o
-- table: statuses
SELECT n.uuid || (to_jsonb(s) - ARRAY['id', 'app_id', 'notification_id'])::text
FROM subscriptions_statusspan s LEFT JOIN told n ON n.id = s.notification_id
-- table: findings
SELECT (to_jsonb(f) - ARRAY['id', 'first_seen', 'last_seen', 'account_id', 'vendor_id', 'app_id', 'rule_id',
  'run_id'])::text FROM found f
