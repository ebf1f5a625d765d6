"""What a person may type to find a subscription or a notification. Every lookup has an index."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from subscriptions.models import Customer, CustomerKey, SignedTransaction
from subscriptions.selectors.orders import keys_of_order
from subscriptions.services.orders import order_id_of


def named_by(term: str, *, by_token: bool) -> Q:
    """Subscriptions of an original transaction, transaction, line item, order or Apple Account (its app transaction).

    `by_token`: of an app account token too, for those who may see it.
    """
    copies = Q(transaction_id=term) | Q(purchase_key=term)
    if by_token:
        copies |= Q(app_account_token=term.lower())
    originals = {term, *SignedTransaction.objects.filter(copies).values_list("original_id", flat=True)}
    if order := order_id_of(term):
        originals.update(original for _, _, original in keys_of_order(order))
    accounts = Customer.objects.filter(key_kind=CustomerKey.APP_TRANSACTION, key=term)
    return Q(original_id__in=originals) | Q(customer__in=list(accounts))


def uuid_of(term: str) -> UUID | None:
    """The UUID that a person typed, None for anything else."""
    try:
        return UUID(term.strip())
    except ValueError:
        return None
