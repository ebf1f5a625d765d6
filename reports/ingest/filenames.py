"""What the name of a report file says. Names are a hint for people; the content decides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

OCTOBER = 10
MONTHS = 12

SALES_NAME = re.compile(
    r"S_(?P<grain>[DWMY])_(?P<vendor>[0-9]+)_(?P<year>[0-9]{4})(?P<month>[0-9]{2})?(?P<day>[0-9]{2})?(?![0-9])",
    re.IGNORECASE,
)
# Apple Help: Subscription_80000001_20261012, Subscription_Event_..., Subscriber_...
SUBSCRIPTION_NAME = re.compile(
    r"(?:Subscription|Subscription_Event|Subscriber)_(?P<vendor>[0-9]+)_"
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?![0-9])",
    re.IGNORECASE,
)
DETAIL_NAME = re.compile(r"FD_(?P<vendor>[0-9]+)_(?P<month>[0-9]{2})(?P<year>[0-9]{2})(?![0-9])", re.IGNORECASE)
REGION_NAME = re.compile(
    r"(?P<vendor>[0-9]+)_(?P<month>[0-9]{2})(?P<year>[0-9]{2})_(?P<region>[A-Z][A-Z0-9])(?![A-Z0-9])",
    re.IGNORECASE,
)
GRAINS = {"D": "day", "W": "week", "M": "month", "Y": "year"}


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What a file name says; None where it says nothing.

    `date` is the day of a daily, the last day of a weekly, the first day of a monthly or yearly file.
    `fiscal_month` is Apple's `YYYY-MM` as the API's `reportDate` wants it.
    """

    vendor: str | None = None
    grain: str | None = None
    date: date | None = None
    fiscal_month: str | None = None
    region: str | None = None


def facts_from_name(name: str) -> NameFacts:
    """Vendor, grain and period by Apple's names: `S_D_80000001_20261012.txt.gz`, `80000001_0914_EU.txt`.

    Seen: `80134819_1212_AU.txt` for 12/02/2012 to 12/29/2012, `FD_94105360_0726.txt` for July 2026: MMYY is
    the calendar label of the fiscal month, not the API's number.
    """
    base = re.split(r"[\\/]", name)[-1]
    if found := SALES_NAME.match(base):
        return NameFacts(vendor=found["vendor"], grain=GRAINS[found["grain"].upper()], date=_day(found))
    if found := SUBSCRIPTION_NAME.match(base):
        return NameFacts(vendor=found["vendor"], grain="day", date=_day(found))
    if found := DETAIL_NAME.match(base):
        return _finance_facts(found, "Z1")
    if found := REGION_NAME.match(base):
        return _finance_facts(found, found["region"].upper())
    return NameFacts()


def fiscal_month_of_label(month: int, year: int) -> str:
    """Apple's fiscal month for a calendar label: December 2012 is `2013-03` (October begins the year)."""
    return f"{year + (month >= OCTOBER):04d}-{(month - OCTOBER) % MONTHS + 1:02d}"


def _finance_facts(found: re.Match[str], region: str) -> NameFacts:
    month, year = int(found["month"]), 2000 + int(found["year"])
    if not 1 <= month <= MONTHS:
        return NameFacts(vendor=found["vendor"])
    fiscal_month = fiscal_month_of_label(month, year)
    return NameFacts(found["vendor"], "fiscal_month", None, fiscal_month, region)


def _day(found: re.Match[str]) -> date | None:
    try:
        return date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
    except ValueError:
        return None
