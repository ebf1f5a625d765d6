"""The state, computed in SQL from the set of signed copies and notifications: a pure function of that set.

Each statement works for the subscriptions of `KEYS`, given as three arrays of equal length, and replaces what was
there. So it does not matter in which order, how often or in which portions signed data came. Everything is ordered by
Apple's `signedDate` and, where that is equal, by the hash of the payload.
"""

from __future__ import annotations

KEYS = """k AS (
    SELECT * FROM unnest(%(apps)s::bigint[], %(environments)s::text[], %(originals)s::text[])
        AS k (app_id, environment, original_id)
)"""
#: Columns that name a subscription.
SUB = "app_id, environment, original_id"
