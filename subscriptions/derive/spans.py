"""Dated history of a subscription: who owned it, and which status it had."""

from __future__ import annotations

from subscriptions.derive import KEYS, SUB

REMOVE_OWNERS = f"""
WITH {KEYS} DELETE FROM subscriptions_ownerspan o USING k
WHERE (o.app_id, o.environment, o.original_id) = (k.app_id, k.environment, k.original_id)
"""  # noqa: S608

#: A token owns a subscription from the purchase that carries it; one that appears on a later copy of the same
#: transaction was set then (Set App Account Token), from the time of signing. A purchase without a token changes
#: nothing: it was bought outside the app, by the same Apple Account.
ADD_OWNERS = f"""
WITH {KEYS}, copies AS (
    SELECT t.*,
        row_number() OVER of_transaction AS nth,
        lag(t.app_account_token) OVER of_transaction AS token_before
    FROM subscriptions_signedtransaction t JOIN k USING ({SUB})
    WHERE NOT t.distrusted AND t.app_account_token <> ''
    WINDOW of_transaction AS (
        PARTITION BY t.app_id, t.environment, t.original_id, t.transaction_id ORDER BY t.signed_ms, t.sha256
    )
), points AS (
    SELECT {SUB}, app_account_token AS token, transaction_id, signed_ms, sha256,
        CASE WHEN nth = 1 THEN coalesce(purchase_ms, signed_ms) ELSE signed_ms END AS at_ms,
        CASE WHEN nth > 1 THEN 'set' WHEN reason = 'RENEWAL' THEN 'renewal' ELSE 'purchase' END AS source
    FROM copies WHERE nth = 1 OR app_account_token <> token_before
), at_once AS (
    SELECT DISTINCT ON ({SUB}, at_ms) * FROM points ORDER BY {SUB}, at_ms, signed_ms DESC, sha256 DESC
), changes AS (
    SELECT * FROM (
        SELECT *, lag(token) OVER (PARTITION BY {SUB} ORDER BY at_ms) AS owner_before FROM at_once
    ) told WHERE token IS DISTINCT FROM owner_before
)
INSERT INTO subscriptions_ownerspan (
    app_id, environment, original_id, token, from_ms, to_ms, source, transaction_id
)
SELECT {SUB}, token, at_ms, lead(at_ms) OVER (PARTITION BY {SUB} ORDER BY at_ms), source, transaction_id
FROM changes
"""  # noqa: S608

REMOVE_STATUSES = f"""
WITH {KEYS} DELETE FROM subscriptions_statusspan s USING k
WHERE (s.app_id, s.environment, s.original_id) = (k.app_id, k.environment, k.original_id)
"""  # noqa: S608

#: What notifications and Apple's API say, by the time of signing: a retry that comes late is slotted in where it
#: belongs. Source: Apple staff, forum thread 760221.
POINTS = f"""
    SELECT {SUB}, n.signed_ms, n.status, n.id AS notification_id, n.sha256
    FROM subscriptions_notification n JOIN k USING ({SUB})
    WHERE n.state <> 'quarantined' AND n.status BETWEEN 1 AND 5
    UNION ALL
    SELECT {SUB}, r.signed_ms, r.status, NULL, r.sha256
    FROM subscriptions_signedrenewal r JOIN k USING ({SUB})
    WHERE NOT r.distrusted AND r.status BETWEEN 1 AND 5
"""  # noqa: S608

ADD_STATUSES = f"""
WITH {KEYS}, points AS ({POINTS}), at_once AS (
    SELECT DISTINCT ON ({SUB}, signed_ms) * FROM points ORDER BY {SUB}, signed_ms, sha256 DESC
), changes AS (
    SELECT * FROM (
        SELECT *, lag(status) OVER (PARTITION BY {SUB} ORDER BY signed_ms) AS status_before FROM at_once
    ) told WHERE status IS DISTINCT FROM status_before
)
INSERT INTO subscriptions_statusspan (app_id, environment, original_id, status, from_ms, to_ms, notification_id)
SELECT {SUB}, status, signed_ms, lead(signed_ms) OVER (PARTITION BY {SUB} ORDER BY signed_ms), notification_id
FROM changes
"""  # noqa: S608
