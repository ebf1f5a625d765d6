"""Subscriptions with ten periods each, made inside the database, and what is asked about them.

One real notification of the simulator is taken in; the others are its rows with what differs, whatever columns there
are. Nothing but that one is signed, and signed texts are left out: no statement reads them.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.db import connection

from ascrecon.simulator.subscriptions.authority import new_authority
from ascrecon.simulator.subscriptions.built import SEQUENCES
from ascrecon.simulator.subscriptions.steps import Shop, payload
from benchmarks.database import settle, start_afresh
from reports.findings.store import Outcome
from reports.models import Account, App
from reports.sql import execute, fetch
from subscriptions.derive.state import Key
from subscriptions.detect.findings import detect_subscriptions, detect_touched
from subscriptions.models import Notification, SignedRenewal, SignedTransaction, Source
from subscriptions.moments import milliseconds
from subscriptions.services.intake import take_in
from subscriptions.services.processing import process_received

BLOCK = 1 << 20
BUNDLE, APPLE_ID = "com.acme.notes", 1500000001
PERIODS, DAYS, STARTS = 10, 30, 29
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
#: Within the last period of every subscription.
NOW = FIRST + timedelta(days=PERIODS * DAYS - 1)
PATTERN = -1  # the number of the subscription that is taken in
AFTER = 10_000_000  # the numbers of the made rows come after those of the pattern
SIGNED = ("notification", "signedtransaction", "signedrenewal")
DERIVED = ("purchase", "refund", "ownerspan", "statusspan", "subscription", "customer")

# Of a hundred subscriptions two belong to one customer and overlap, two change their login at the sixth period, one
# its price; their numbers are s.
TOLD = """
CREATE TEMPORARY TABLE told AS
SELECT n AS id, s, m, 'o' || s AS original_id, 't' || n AS transaction_id, md5(n::text) || md5('x' || n) AS sha256,
    CASE WHEN s % 100 = 1 THEN s - 1 ELSE s END AS customer,
    CASE WHEN s % 50 = 7 AND m >= 5 THEN 'b' ELSE 'a' END AS login,
    CASE WHEN s % 100 = 9 AND m >= 5 THEN 12990 ELSE 9990 END AS price,
    {first} + (s % {starts} + {days} * m) * 86400000::bigint AS start_ms
FROM (SELECT n, n / {periods} AS s, n % {periods} AS m FROM generate_series(0, {rows} - 1) n) rows
"""
LIKE = """
INSERT INTO {table} SELECT made.* FROM told t, {table} one,
    LATERAL jsonb_populate_record(one, jsonb_build_object({what})) AS made
WHERE one.id = {pattern}
"""
TOKEN = "md5(t.login || t.customer)::uuid::text"  # noqa: S105  (an app login)
COMMON = """'original_id', t.original_id, 'signed_ms', t.start_ms + 1000, 'sha256', t.sha256"""
COPY_OF = f"""'id', t.id + {AFTER}, {COMMON}, 'notification_id', t.id + {AFTER}, 'app_account_token', {TOKEN},
    'app_transaction_id', 'c' || t.customer, 'product_id', 'M', 'currency', 'USD', 'jws', ''"""
WHAT = {
    "notification": f"""'id', t.id + {AFTER}, {COMMON}, 'uuid', md5(t.id::text)::uuid,
        'transaction_id', t.transaction_id, 'type', CASE WHEN t.m = 0 THEN 'SUBSCRIBED' ELSE 'DID_RENEW' END,
        'subtype', CASE WHEN t.m = 0 THEN 'INITIAL_BUY' ELSE '' END, 'signed_payload', '', 'state', 'processed',
        'received_at', to_timestamp(t.start_ms / 1000.0), 'last_received_at', to_timestamp(t.start_ms / 1000.0)""",
    "signedtransaction": f"""{COPY_OF}, 'transaction_id', t.transaction_id, 'line_item_id', 'l' || t.id,
        'purchase_key', 'l' || t.id, 'price', t.price, 'purchase_ms', t.start_ms,
        'expires_ms', t.start_ms + {DAYS} * 86400000::bigint, 'original_purchase_ms', t.start_ms - t.m * 86400000,
        'reason', CASE WHEN t.m = 0 THEN 'PURCHASE' ELSE 'RENEWAL' END""",
    "signedrenewal": f"""{COPY_OF}, 'auto_renew_product_id', 'M', 'renewal_price', t.price,
        'renewal_ms', t.start_ms + {DAYS} * 86400000::bigint""",
}


def write_lives(place: Path, rows: int) -> None:
    """So many transactions with their renewals and notifications as files for COPY, one for each table."""
    account = start_afresh()
    empty()
    App.objects.create(account=account, apple_id=APPLE_ID, bundle_id=BUNDLE, name="Acme Notes", sku="NOTES")
    take_one(new_payload(place / "roots", PATTERN))
    execute(TOLD.format(first=milliseconds(FIRST), starts=STARTS, days=DAYS, periods=PERIODS, rows=rows))
    for model in (Notification, SignedTransaction, SignedRenewal):
        table = model._meta.db_table
        what = WHAT[table.removeprefix("subscriptions_")]
        execute(LIKE.format(table=table, what=what, pattern=model._default_manager.get().pk))
        execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {AFTER + rows + 1})")
        _write(table, place / table)
    execute("DROP TABLE told")


def _write(table: str, path: Path) -> None:
    with path.open("wb") as file, connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as copy:
        for block in copy:
            file.write(block)


def copy_lives(place: Path) -> float:
    """Seconds of a plain COPY of these files into the product's own tables, which hold nothing else then."""
    empty()
    settle()
    began = time.perf_counter()
    for name in SIGNED:
        table = f"subscriptions_{name}"
        with (
            (place / table).open("rb") as file,
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} FROM STDIN") as copy,
        ):
            while block := file.read(BLOCK):
                copy.write(block)
    return time.perf_counter() - began


def empty() -> None:
    """Nothing was ever sent, and nothing follows from it."""
    execute(f"TRUNCATE {', '.join(f'subscriptions_{name}' for name in (*SIGNED, *DERIVED))}, reports_finding CASCADE")


def keys_of_all() -> set[Key]:
    return set(fetch("SELECT DISTINCT app_id, environment, original_id FROM subscriptions_signedtransaction"))


def detect_all() -> Outcome:
    """The look at everybody."""
    return detect_subscriptions(_account(), NOW)


def detect_those(touched: set[Key]) -> Outcome:
    """The look at the customers of a few subscriptions."""
    return detect_touched(_account(), touched, NOW)


def new_payload(roots: Path, subscription: int) -> str:
    """A signed renewal of one of these subscriptions, which begins now. The authority that signed it is trusted."""
    authority = new_authority()
    authority.write_root(roots)
    start, number = milliseconds(NOW), f"new{subscription}"
    own = {
        "transactionId": number, "webOrderLineItemId": number, "originalTransactionId": f"o{subscription}",
        "appTransactionId": f"c{subscription}", "purchaseDate": start, "expiresDate": start + DAYS * 86_400_000,
    }  # fmt: skip
    step = SEQUENCES["renew"]()[1]
    told = replace(step, signed_ms=start, transaction={**step.transaction, **own})
    return authority.sign(payload(told, Shop(authority, BUNDLE, APPLE_ID), uuid4()))


def take_one(text: str) -> set[Key]:
    """Taken in as by the webhook, and worked in; returns the subscriptions that it touches."""
    touched: set[Key] = set()
    take_in(text, account=_account(), environment=None, source=Source.WEBHOOK)
    process_received(_account(), touched.update)
    return touched


def _account() -> Account:
    return Account.objects.get(name="Acme")
