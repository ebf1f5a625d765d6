"""App account tokens are personal data: one is erased everywhere, also from the copies that come later.

In its place stands `erased-` and the SHA-256 of the token, the same everywhere, so that owners, customers and books
stay as they were. Signed payloads that held it are emptied, since they cannot be changed; their hashes stay.
The job that erases knows the hash only, so that the token is not kept in the table of jobs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import models, transaction

from ascrecon import clock
from reports.models import Account
from reports.sql import execute, fetch
from subscriptions.models import (
    ErasedToken,
    Notification,
    SignedRenewal,
    SignedTransaction,
)
from subscriptions.tokens import PREFIX, TOKEN, hash_of, sql_hash

#: Tables with one decoded JSON object or two, and the column of the signed text.
KEPT: tuple[tuple[type[models.Model], tuple[str, ...], str], ...] = (
    (Notification, ("payload", "inner"), "signed_payload"),
    (SignedTransaction, ("payload",), "jws"),
    (SignedRenewal, ("payload",), "jws"),
)
#: Columns that hold a token by itself.
COLUMNS = (
    ("subscriptions_signedtransaction", "app_account_token"),
    ("subscriptions_signedrenewal", "app_account_token"),
    ("subscriptions_subscription", "app_account_token"),
    ("subscriptions_purchase", "app_account_token"),
    ("subscriptions_ownerspan", "token"),
    ("subscriptions_customer", "key"),
)


def erased_among(account_id: int, *payloads: object) -> frozenset[str]:
    """Hashes of the tokens in these JSON values that were erased. One query where there is a token at all."""
    hashes = {hash_of(token) for payload in payloads for token in _tokens(payload)}
    if not hashes:
        return frozenset()
    known = ErasedToken.objects.filter(account_id=account_id, sha256__in=hashes)
    return frozenset(known.values_list("sha256", flat=True))


def scrubbed(value: Any, hashes: frozenset[str]) -> Any:
    """The same JSON value with the hash in place of each of these tokens."""
    if isinstance(value, list):
        return [scrubbed(item, hashes) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: PREFIX + hash_of(item) if _is_one(key, item, hashes) else scrubbed(item, hashes)
        for key, item in value.items()
    }


def _is_one(key: str, item: object, hashes: frozenset[str]) -> bool:
    return key == TOKEN and isinstance(item, str) and hash_of(item) in hashes


def _tokens(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _tokens(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key == TOKEN and isinstance(item, str) and not item.startswith(PREFIX):
                yield item
            else:
                yield from _tokens(item)


@transaction.atomic
def forget_from_now_on(account: Account, token: str, by: str) -> ErasedToken:
    """Put down that a token is erased: whatever comes from now on is cleaned. `erase` cleans what is there."""
    found, _ = ErasedToken.objects.get_or_create(
        account=account, sha256=hash_of(token), defaults={"erased_at": clock.now(), "erased_by": by}
    )
    return found


@transaction.atomic
def erase(erased: ErasedToken) -> int:
    """Replace the token by its hash in every row of the account. Returns in how many signed payloads it stood.

    May be repeated: a second time nothing is left to do.
    """
    changed = sum(_clean(model, erased) for model, _, _ in KEPT)
    for table, column in COLUMNS:
        execute(
            f"UPDATE {table} SET {column} = %(stand_in)s WHERE {sql_hash(column)} = %(sha256)s "  # noqa: S608
            "AND app_id IN (SELECT id FROM reports_app WHERE account_id = %(account)s)",
            {"stand_in": PREFIX + erased.sha256, "sha256": erased.sha256, "account": erased.account_id},
        )
    return changed


def _clean(model: type[models.Model], erased: ErasedToken) -> int:
    names, signed = next((names, signed) for kept, names, signed in KEPT if kept is model)
    rows = model._default_manager.filter(pk__in=_holders(model, names, erased)).select_for_update(no_key=True)
    for row in rows.order_by("pk"):
        for name in names:
            setattr(row, name, scrubbed(getattr(row, name), frozenset({erased.sha256})))
        setattr(row, signed, "")
        row.save(update_fields=[*names, signed])
    return len(rows)


def _holders(model: type[models.Model], names: tuple[str, ...], erased: ErasedToken) -> list[int]:
    table = model._meta.db_table
    owner = "account_id = %(account)s" if model is Notification else (
        "app_id IN (SELECT id FROM reports_app WHERE account_id = %(account)s)"
    )  # fmt: skip
    same = sql_hash("t #>> '{}'")
    inside = " OR ".join(
        f"EXISTS (SELECT 1 FROM jsonb_path_query(r.{name}, 'lax $.**.{TOKEN}') AS t "  # noqa: S608
        f"WHERE {same} = %(sha256)s)"
        for name in names
    )
    statement = f"SELECT id FROM {table} r WHERE {owner} AND ({inside})"  # noqa: S608
    found = fetch(statement, {"account": erased.account_id, "sha256": erased.sha256})
    return [pk for (pk,) in found]
