from __future__ import annotations

from reports.models import Account


def account_of_address(name: str) -> Account | None:
    """The account that an address names by its number, or by its name. A provisional one has no address."""
    real = Account.objects.filter(provisional=False)
    numbered = real.filter(pk=int(name)).first() if name.isascii() and name.isdigit() and len(name) < 19 else None  # noqa: PLR2004
    return numbered or real.filter(name=name).first()
