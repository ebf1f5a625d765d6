"""The findings about a customer's subscriptions."""

from __future__ import annotations

from django.db.models import Q

from reports.models import Finding
from subscriptions.models import Customer, Environment

MOST = 20


def findings_of(customer: Customer) -> list[Finding]:
    """The newest first, at most 20; rules look at production only."""
    originals = list(customer.subscriptions.values_list("original_id", flat=True))
    if customer.environment != Environment.PRODUCTION or not originals:
        return []
    about = Q()
    for original in originals:
        about |= Q(details__subscriptions__contains=[original])
    return list(Finding.objects.filter(about, app=customer.app_id).order_by("-from_day", "metric", "pk")[:MOST])
