from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from subscriptions.models import Purchase, Refund

THOUSANDTH = Decimal("0.001")


def money(milliunits: int | None) -> Decimal | None:
    """1990 milliunits as 1.99; also for yen, of which 300 are 300000. None stays unknown."""
    return None if milliunits is None else milliunits * THOUSANDTH


def totals(subscriptions: list[tuple[int, str, str]]) -> list[tuple[str, Decimal | None, Decimal | None]]:
    """Currency, list price of what counts, and refunds, of these subscriptions; currencies are never added.

    None where a currency has nothing of the kind whose amount is known.
    """
    apps, environments, originals = zip(*subscriptions, strict=True) if subscriptions else ((), (), ())
    chosen = {"app__in": apps, "environment__in": environments, "original_id__in": originals}
    bought = Purchase.objects.filter(**chosen, counts=True).exclude(price=None).exclude(currency="")
    given_back = Refund.objects.filter(**chosen).exclude(amount=None).exclude(currency="")
    paid = dict(bought.values_list("currency").annotate(total=Sum("price")))
    back = dict(given_back.values_list("currency").annotate(total=Sum("amount")))
    return [(currency, money(paid.get(currency)), money(back.get(currency))) for currency in sorted(paid | back)]
