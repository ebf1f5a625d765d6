"""Counts what was refused. Of the payloads themselves only a hash is kept: a forger decides what stands in them."""

from __future__ import annotations

import hashlib

from ascrecon import clock
from ascrecon.storeserver.refusals import Refused
from reports.models import Account
from reports.sql import execute
from subscriptions.models import Environment

COUNT = """
INSERT INTO subscriptions_refusedpayload
    (account_id, environment, hour, reason, count, last_at, last_address, last_sha256, sentence)
VALUES (%(account)s, %(environment)s, %(hour)s, %(reason)s, 1, %(at)s, %(address)s, %(sha256)s, %(sentence)s)
ON CONFLICT (account_id, environment, hour, reason) DO UPDATE SET
    count = subscriptions_refusedpayload.count + 1, last_at = EXCLUDED.last_at, last_address = EXCLUDED.last_address,
    last_sha256 = EXCLUDED.last_sha256, sentence = EXCLUDED.sentence
"""


def count_refusal(refused: Refused, *, account: Account, environment: Environment, body: bytes, address: str) -> None:
    """One more in this hour for this reason; the last one's SHA-256 and sender stay with it."""
    now = clock.now()
    execute(COUNT, {
        "account": account.pk,
        "environment": environment,
        "hour": now.replace(minute=0, second=0, microsecond=0),
        "reason": refused.reason,
        "at": now,
        "address": address[:64],
        "sha256": hashlib.sha256(body).hexdigest(),
        "sentence": str(refused),
    })  # fmt: skip
