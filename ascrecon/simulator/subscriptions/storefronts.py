"""Storefronts as transactions name them: ISO 3166 alpha-3 and Apple's number.

Source: Apple documentation, storefront and storefrontId; the numbers of the App Store's storefronts.
"""

from __future__ import annotations

from dataclasses import dataclass

_TABLE = """
AE|ARE|143481 AR|ARG|143505 AT|AUT|143445 AU|AUS|143460 BE|BEL|143446 BR|BRA|143503 CA|CAN|143455 CH|CHE|143459
CL|CHL|143483 CN|CHN|143465 CZ|CZE|143489 DE|DEU|143443 DK|DNK|143458 ES|ESP|143454 FI|FIN|143447 FR|FRA|143442
GB|GBR|143444 GR|GRC|143448 HK|HKG|143463 HU|HUN|143482 ID|IDN|143476 IE|IRL|143449 IN|IND|143467 IT|ITA|143450
JP|JPN|143462 KE|KEN|143529 KR|KOR|143466 LU|LUX|143451 MX|MEX|143468 MY|MYS|143473 NL|NLD|143452 NO|NOR|143457
NZ|NZL|143461 PH|PHL|143474 PL|POL|143478 PT|PRT|143453 SA|SAU|143479 SE|SWE|143456 SG|SGP|143464 TH|THA|143475
TR|TUR|143480 TW|TWN|143470 US|USA|143441 VN|VNM|143471 ZA|ZAF|143472
"""


@dataclass(frozen=True)
class Storefront:
    """A country with the currency that an app takes there."""

    country: str
    code: str
    number: str
    currency: str


_CODES = {country: (code, number) for country, code, number in (entry.split("|") for entry in _TABLE.split())}

_COUNTRIES = {code: country for country, (code, _) in _CODES.items()}


def storefront_of(country: str, currency: str) -> Storefront | None:
    """The storefront of a country by its two letters; None where it is not in the table."""
    found = _CODES.get(country)
    return Storefront(country, *found, currency) if found else None


def country_of(code: str) -> str:
    """The two letters of a storefront's three. Raises KeyError where it is not in the table."""
    return _COUNTRIES[code]
