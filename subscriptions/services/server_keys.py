"""An account's In-App Purchase key: entered once, checked, never shown again."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from ascrecon.appstore import CredentialError, Credentials, check_base_url, read_private_key
from reports.models import Account
from subscriptions.models import ServerKey


def set_server_key(account: Account, key_id: str, private_key: str, url: str = "", issuer_id: str = "") -> ServerKey:
    """Keep the key encrypted; ValidationError that names the field where something cannot be right.

    Without `issuer_id` the account's own is taken. `url` is another address than Apple's; sandbox is not asked then.
    """
    issuer = issuer_id.strip() or account.issuer_id
    if not issuer:
        raise ValidationError({"issuer_id": "Give the issuer ID: it stands above the keys under Integrations."})
    try:
        pem = read_private_key(private_key)
        Credentials(key_id=key_id.strip(), issuer_id=issuer, private_key=pem)
    except CredentialError as exc:
        raise ValidationError({"private_key": str(exc)}) from None
    kept = ServerKey.objects.filter(account=account).first() or ServerKey(account=account)
    kept.key_id, kept.issuer_id, kept.private_key = key_id.strip(), issuer, pem
    if url:
        kept.production_url, kept.sandbox_url = _checked(url), ""
    kept.save()
    return kept


def _checked(url: str) -> str:
    try:
        return check_base_url(url.strip())
    except ValueError as exc:
        raise ValidationError({"server_api_url": str(exc)}) from None
