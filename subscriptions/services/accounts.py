from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from reports.models import Account
from subscriptions.models import Environment


def account_of_address(name: str) -> Account | None:
    """The account that an address names by its number, or by its name. A provisional one has no address."""
    real = Account.objects.filter(provisional=False)
    numbered = real.filter(pk=int(name)).first() if name.isascii() and name.isdigit() and len(name) < 19 else None  # noqa: PLR2004
    return numbered or real.filter(name=name).first()


def address_of(account: Account, environment: Environment) -> str:
    """What to enter in App Store Connect as the URL for notifications; the number stays when the account is renamed."""
    return str(settings.ASCRECON_BASE_URL) + reverse("notifications", args=[account.pk, environment.value])
