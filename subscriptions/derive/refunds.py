"""Refunds and their taking back, as dated lines of their own. Months that were closed do not change by them."""

from __future__ import annotations

from subscriptions.derive import KEYS, SUB

REMOVE_REFUNDS = f"""
WITH {KEYS} DELETE FROM subscriptions_refund r USING k
WHERE (r.app_id, r.environment, r.original_id) = (k.app_id, k.environment, k.original_id)
"""  # noqa: S608

#: Each change of a transaction between revoked and not revoked, in the order of signing, is one line. It is dated by
#: the revocationDate of the first copy that tells it (later copies may tell another date of the same refund), a taking
#: back by the signing of the first copy without one. Family sharing that ended is no refund. Where a line item has
#: several transactions it is refunded once.
#:
#: The amount follows from the list price: the whole of it, or revocationPercentage thousandths of a percent where Apple
#: gives a part back; unknown where Apple gives a part and does not tell which.
ADD_REFUNDS = f"""
WITH {KEYS}, copies AS (
    SELECT t.*, t.revocation_ms IS NOT NULL AS revoked,
        lag(t.revocation_ms IS NOT NULL, 1, false) OVER (
            PARTITION BY t.app_id, t.environment, t.transaction_id ORDER BY t.signed_ms, t.sha256
        ) AS revoked_before
    FROM subscriptions_signedtransaction t JOIN k USING ({SUB})
    WHERE NOT t.distrusted AND t.ownership <> 'FAMILY_SHARED' AND t.revocation_type <> 'FAMILY_REVOKE'
), changes AS (
    SELECT *, row_number() OVER (
        PARTITION BY app_id, environment, transaction_id ORDER BY signed_ms, sha256
    ) AS episode
    FROM copies WHERE revoked <> revoked_before
), priced AS (
    SELECT *, CASE
        WHEN revocation_type IN ('', 'REFUND_FULL') AND coalesce(revocation_percentage, 100000) = 100000 THEN price
        WHEN revocation_type IN ('REFUND_FULL', 'REFUND_PRORATED') AND revocation_percentage BETWEEN 1 AND 100000
            THEN round(price::numeric * revocation_percentage / 100000)::bigint
    END AS given_back
    FROM changes
), lines AS (
    SELECT *, lag(given_back) OVER (
        PARTITION BY app_id, environment, transaction_id ORDER BY episode
    ) AS given_back_before
    FROM priced
)
INSERT INTO subscriptions_refund (
    app_id, environment, original_id, purchase_key, transaction_id, episode, kind, at_ms, signed_ms, amount, currency,
    reason, percentage
)
SELECT DISTINCT ON (app_id, environment, purchase_key, episode)
    app_id, environment, original_id, purchase_key, transaction_id, episode,
    CASE WHEN revoked THEN 'refund' ELSE 'reversal' END,
    coalesce(revocation_ms, signed_ms), signed_ms,
    CASE WHEN revoked THEN -given_back ELSE given_back_before END,
    currency, revocation_reason, revocation_percentage
FROM lines
ORDER BY app_id, environment, purchase_key, episode, signed_ms, sha256
"""  # noqa: S608
