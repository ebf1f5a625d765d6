from __future__ import annotations

from collections import Counter
from functools import cache

from ascrecon.appstore.catalogue import load_catalogue


@cache
def regions_of_currency() -> dict[str, list[str]]:
    """Currency to the region codes whose finance reports are in it: USD to US, LL, AP and WW; JPY to JP."""
    found: dict[str, list[str]] = {}
    for region in load_catalogue().regions:
        if region.currency:
            found.setdefault(region.currency, []).append(region.code)
    return found


@cache
def region_of_currency() -> dict[str, str]:
    """Currency to its region code, only where there is exactly one: a consolidated file names no region."""
    counts = Counter(region.currency for region in load_catalogue().regions if region.currency)
    return {currency: codes[0] for currency, codes in regions_of_currency().items() if counts[currency] == 1}
