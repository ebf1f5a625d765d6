"""Accounts: add one with its key, test its connection, encrypt its key anew. A key is never shown again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from ascrecon import clock, crypto
from ascrecon.appstore import (
    AppStoreClient,
    CredentialError,
    Credentials,
    Policy,
    ProbeResult,
    check_base_url,
    load_policy,
    probe_connection,
    read_private_key,
)
from reports.models import Account, Cause, CellState, CoverageCell, Vendor
from reports.wording import listed

VENDOR_NUMBER = re.compile(r"\d{1,20}", re.ASCII)
KEY_COLUMN = "private_key_encrypted"
REFUSALS = (Cause.CREDENTIALS, Cause.ROLE, Cause.AGREEMENT)


@dataclass(frozen=True)
class NewAccount:
    """What a person enters. An empty `issuer_id` stands for an individual key, which has none.

    `base_url` is empty for Apple's own address. The key stays out of repr, so that no log ever holds it.
    """

    name: str
    issuer_id: str
    key_id: str
    private_key: str = field(repr=False)
    vendor_numbers: Sequence[str]
    base_url: str = ""
    pull_analytics: bool = True


@transaction.atomic
def add_account(new: NewAccount) -> Account:
    """Keep an account with its key encrypted; ValidationError that names the field where something cannot be right.

    A provisional account that holds one of the vendor numbers, or has the name, becomes this one: what was loaded for
    it stays with it.
    """
    name = new.name.strip()
    pem = check_key(new)
    numbers = check_vendor_numbers(new.vendor_numbers)
    account = _provisional_for(name, numbers) or Account(name=name)
    account.name, account.provisional, account.sync_enabled = name, False, True
    account.issuer_id, account.key_id = new.issuer_id.strip(), new.key_id.strip()
    account.key_kind = Account.KeyKind.TEAM if account.issuer_id else Account.KeyKind.INDIVIDUAL
    account.private_key, account.pull_analytics = pem, new.pull_analytics
    if new.base_url:
        account.base_url = _checked_url(new.base_url)
    account.full_clean()
    account.save()
    for number in numbers:
        Vendor.objects.get_or_create(account=account, number=number)
    return account


def check_key(new: NewAccount) -> str:
    """The key as clean PEM; ValidationError unless it is a P-256 key with identifiers that Apple could have given.

    Source: Apple documentation, Creating API Keys for App Store Connect API.
    """
    try:
        pem = read_private_key(new.private_key)
    except CredentialError as exc:
        raise ValidationError({"private_key": str(exc)}) from None
    for name in ("key_id", "issuer_id"):
        _check_identifier(name, getattr(new, name).strip(), pem)
    return pem


def _check_identifier(name: str, value: str, pem: str) -> None:
    if name == "issuer_id" and not value:
        return
    try:
        Credentials(
            key_id=value if name == "key_id" else "KEY",
            issuer_id=value if name == "issuer_id" else None,
            private_key=pem,
        )
    except CredentialError as exc:
        raise ValidationError({name: str(exc)}) from None


def check_vendor_numbers(numbers: Sequence[str]) -> list[str]:
    """The numbers, each once; ValidationError where there is none or one is no number (Apple: digits only)."""
    cleaned = list(dict.fromkeys(number.strip() for number in numbers))
    if not cleaned:
        raise _wrong("vendor_numbers", "Give a vendor number; it stands in Payments and Financial Reports.")
    for number in cleaned:
        if not VENDOR_NUMBER.fullmatch(number):
            raise _wrong("vendor_numbers", f"The vendor number {number!r} must have digits only, such as 80000001.")
    return cleaned


def _provisional_for(name: str, numbers: list[str]) -> Account | None:
    """The provisional account to take over, if any; whatever belongs to a real account is refused."""
    if not name:
        raise _wrong("name", "Give the account a name.")
    vendors = Vendor.objects.filter(number__in=numbers).select_related("account")
    holders = {vendor.number: vendor.account for vendor in vendors}
    named = Account.objects.filter(name=name).first()
    if named is not None and not named.provisional:
        raise _wrong("name", f"There is an account named {name!r} already.")
    for number, holder in holders.items():
        if not holder.provisional:
            raise _wrong("vendor_numbers", f"The vendor number {number} belongs to the account {holder.name!r}.")
    candidates = {holder.pk: holder for holder in [*holders.values(), named] if holder is not None}
    if len(candidates) > 1:
        names = listed(sorted(repr(holder.name) for holder in candidates.values()))
        raise _wrong("vendor_numbers", f"Files were loaded before for {names}: merge these accounts first.")
    return next(iter(candidates.values()), None)


def _wrong(field_name: str, why: str) -> ValidationError:
    return ValidationError({field_name: why})


def _checked_url(url: str) -> str:
    try:
        return check_base_url(url.strip())
    except ValueError as exc:
        raise ValidationError({"base_url": str(exc)}) from None


@contextmanager
def client_for(account: Account, policy: Policy | None = None) -> Iterator[AppStoreClient]:
    """A client with the account's key; files are written into a folder that is gone afterwards.

    Raises DecryptionError where the stored key cannot be opened, CredentialError where it is none.
    """
    with TemporaryDirectory(prefix="ascrecon-") as folder:
        credentials = Credentials(
            key_id=account.key_id, issuer_id=account.issuer_id or None, private_key=account.private_key
        )
        client = AppStoreClient(
            account.base_url,
            credentials,
            workdir=Path(folder),
            clock=clock.now,
            policy=policy or client_policy(),
        )
        with client:
            yield client


def client_policy() -> Policy:
    """Waits and limits of the client; the setting APPSTORE_POLICY (a dict) overrides single values."""
    return replace(load_policy(), **getattr(settings, "APPSTORE_POLICY", {}))


def test_connection(account: Account) -> list[ProbeResult]:
    """Ask Apple once per family of reports and keep the answers; blocked reports are tried again at the next sync."""
    numbers = list(account.vendors.values_list("number", flat=True))
    with client_for(account, client_policy().interactive()) as client:
        results = probe_connection(client, numbers)
    account.connection = [asdict(result) for result in results]
    account.connection_tested_at = clock.now()
    account.save(update_fields=["connection", "connection_tested_at"])
    if any(result.ok for result in results):
        release_blocked(account)
    return results


# pytest would take the name for a test where it is imported.
test_connection.__test__ = False  # type: ignore[attr-defined]


def release_blocked(account: Account) -> int:
    """Reports that wait for a key, a role or an agreement are tried again at the next sync. Returns how many."""
    return CoverageCell.objects.filter(account=account, state=CellState.BLOCKED, cause__in=REFUSALS).update(
        next_try=clock.now()
    )


def rotate_keys() -> int:
    """Encrypt every stored key with the first of ASCRECON_ENCRYPTION_KEYS. Returns how many were changed.

    Those of every table that keeps one. All or none: DecryptionError where one was kept with a key that is no longer
    known.
    """
    holders = [model for model in apps.get_models() if hasattr(model, KEY_COLUMN)]
    with transaction.atomic():
        rows = [row for model in holders for row in model._default_manager.select_for_update() if _is_outdated(row)]
        for row in rows:
            setattr(row, KEY_COLUMN, crypto.rotate(getattr(row, KEY_COLUMN)))
            row.save(update_fields=[KEY_COLUMN])
    return len(rows)


def _is_outdated(row: Model) -> bool:
    kept = getattr(row, KEY_COLUMN)
    return bool(kept) and not crypto.is_current(kept)
