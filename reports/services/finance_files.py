from __future__ import annotations

from reports.figures.regions import regions_of_currency
from reports.models import Delivery, FinanceRow, Kind


def finance_region(delivery: Delivery) -> str:
    """The region code of a finance file whose name does not tell it, from the currencies of its rows.

    One currency of one region is that region's file; several are the consolidated file. USD alone may be any of four
    regions and stays without a code.
    """
    if delivery.kind in (Kind.FINANCE_DETAIL, Kind.F2):
        return "Z1"
    currencies = set(FinanceRow.objects.of(delivery).values_list("currency", flat=True).distinct())
    if len(currencies) != 1:
        return "ZZ"
    regions = regions_of_currency().get(currencies.pop(), [])
    return regions[0] if len(regions) == 1 else ""
