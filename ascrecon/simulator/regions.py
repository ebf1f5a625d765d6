"""Finance regions: which region file a storefront's money goes to, and the console's label for it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Region:
    """A region of the finance reports; `rate` is the bank's: one unit in euro."""

    code: str
    label: str
    currency: str
    rate: Decimal


# The four USD regions have rates of their own in the console's payment table.
_TABLE = """
US|Americas|USD|0.920417
LL|Latin America and the Caribbean|USD|0.919862
AP|South Asia and Pacific|USD|0.921093
WW|Rest of World|USD|0.918775
EU|Euro-Zone|EUR|1.000000
JP|Japan|JPY|0.006213
GB|United Kingdom|GBP|1.171846
CH|Switzerland|CHF|1.042631
CA|Canada|CAD|0.671904
AU|Australia|AUD|0.606377
MX|Mexico|MXN|0.050218
BR|Brazil|BRL|0.168942
CN|China Mainland|CNY|0.128651
KR|Korea, Republic of|KRW|0.000677
IN|India|INR|0.010894
SE|Sweden|SEK|0.088463
NO|Norway|NOK|0.085217
DK|Denmark|DKK|0.134086
PL|Poland|PLN|0.231975
CZ|Czech Republic|CZK|0.040512
HU|Hungary|HUF|0.002534
TR|Türkiye|TRY|0.026718
NZ|New Zealand|NZD|0.552841
SG|Singapore|SGD|0.689317
HK|Hong Kong|HKD|0.117926
TW|Taiwan|TWD|0.028845
IL|Israel|ILS|0.247691
ZA|South Africa|ZAR|0.050934
AE|United Arab Emirates|AED|0.250617
SA|Saudi Arabia|SAR|0.245438
"""

REGIONS = {
    code: Region(code, label, currency, Decimal(rate))
    for code, label, currency, rate in (line.split("|") for line in _TABLE.split("\n")[1:-1])
}
ZERO_DECIMALS = frozenset({"JPY", "KRW"})
LATIN_COUNTRIES = frozenset(
    ["AR", "BO", "BR", "CL", "CO", "CR", "DO", "EC", "GT", "HN"]
    + ["JM", "MX", "NI", "PA", "PE", "PY", "SV", "TT", "UY", "VE"]
)
PACIFIC_COUNTRIES = frozenset(["BD", "BT", "FJ", "LK", "MV", "NP", "PG", "PH", "PK", "WS", "VN"])


def region_of(country: str, currency: str) -> Region | None:
    """The region whose file holds a storefront's money in a currency; None where Apple has none."""
    if currency == "USD":
        return REGIONS[_dollar_region(country)]
    if currency == "EUR":
        return REGIONS["EU"]
    region = REGIONS.get(country)
    return region if region and region.currency == currency else None


def _dollar_region(country: str) -> str:
    if country == "US":
        return "US"
    if country in LATIN_COUNTRIES:
        return "LL"
    return "AP" if country in PACIFIC_COUNTRIES else "WW"


def money(value: Decimal, currency: str) -> Decimal:
    """An amount rounded to the currency's own decimals (half even)."""
    return value.quantize(Decimal(1) if currency in ZERO_DECIMALS else Decimal("0.01"))
