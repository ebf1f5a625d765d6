"""An order ID from a customer's e-mail: Apple is asked which purchases it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reports.models import Account, App
from subscriptions.models import Environment, ServerKey
from subscriptions.services.asking import Shelf, server_client
from subscriptions.services.copies import Key
from subscriptions.services.processing import HandOn

#: Apple describes the form of an order ID nowhere; those in its e-mails are ten capitals and digits, M first. Taken
#: wider here: what is of digits only is the ID of a transaction.
ORDER_ID = re.compile(r"(?=.*[A-Z])[A-Z0-9]{6,24}", re.ASCII)


@dataclass(frozen=True)
class OrderFound:
    """`told` are the subscriptions (or single purchases) in the order; `is_valid` is Apple's word on the ID."""

    is_valid: bool
    told: frozenset[Key]
    new: int


def order_id_of(text: str) -> str:
    """What a person entered as an order ID; empty where it cannot be one."""
    candidate = text.strip().upper()
    return candidate if ORDER_ID.fullmatch(candidate) else ""


def look_up(account: Account, order_id: str, hand_on: HandOn = lambda _: None) -> OrderFound:
    """Ask for each of the account's apps until one knows the order; what Apple signs is taken in like all else.

    Apple has orders of production only. Raises AppStoreError, ServerKey.DoesNotExist.
    """
    ServerKey.objects.get(account=account)
    for app in apps_with_orders(account):
        with server_client(app, Environment.PRODUCTION) as client:
            order = client.order(order_id)
        if order.is_valid and order.signed_transactions:
            shelf = Shelf(app, Environment.PRODUCTION, hand_on)
            new = shelf.put_transactions(order.signed_transactions)
            return OrderFound(True, frozenset(shelf.told), new)
    return OrderFound(False, frozenset(), 0)


def apps_with_orders(account: Account) -> list[App]:
    """Apps of the account that can be asked about."""
    known = App.objects.filter(account=account, merged_into=None, provisional=False).exclude(bundle_id="")
    return list(known.select_related("account").order_by("pk"))
