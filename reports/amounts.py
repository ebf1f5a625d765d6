"""Amounts for table cells, where the currency stands in a column of its own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from reports import wording

UNKNOWN = "–"


def format_amount(value: Decimal | int | None, currency: str = "") -> str:
    """`-1234.5, "USD"` as `−1,234.50`; `700, "JPY"` as `700`; None, which is unknown and not zero, as a dash.

    Decimals that the currency does not have are shown where they are there (a price per unit of 3.4985): a rounded
    figure would not be the figure.
    """
    if value is None:
        return UNKNOWN
    return wording.amount(Decimal(value), currency).removesuffix(currency).rstrip()


def amounts(by_currency: Mapping[str, object]) -> list[tuple[str, Decimal]]:
    """The pairs of a JSON object of currency to amount as text, by currency; never added up."""
    return [(currency, Decimal(str(by_currency[currency]))) for currency in sorted(by_currency)]


def format_amounts(by_currency: Mapping[str, object]) -> str:
    """`{"USD": "12", "JPY": "700"}` as `700 JPY · 12.00 USD`."""
    return " · ".join(wording.amount(value, currency) for currency, value in amounts(by_currency))
