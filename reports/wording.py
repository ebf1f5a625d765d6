"""Amounts, days and lists as people read them, in one place for pages, mails and findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from babel.numbers import get_currency_precision

HOURS_OF_TWO_DAYS = 48
MINUS = "\N{MINUS SIGN}"


def amount(value: Decimal | None, currency: str = "") -> str:
    """`1,234.50 USD`, `179 JPY`, `12` for a count; never fewer decimals than the value has."""
    if value is None:
        return "nothing"
    places = max(get_currency_precision(currency) if currency else 0, decimals(value))
    text = f"{abs(value):,.{places}f}"
    return " ".join(filter(None, ((MINUS if value < 0 else "") + text, currency)))


def decimals(value: Decimal) -> int:
    """How many decimals the value really has: 2 for 1.50 and 1.500 alike is wrong, so trailing zeros do not count."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def span(first: date, last: date) -> str:
    """`2026-10-12` or `2026-10-12 to 2026-10-14`."""
    return first.isoformat() if first == last else f"{first.isoformat()} to {last.isoformat()}"


def listed(names: Iterable[str], most: int = 5) -> str:
    """`a, b and c`, or `a, b, c and 4 more`."""
    names = list(names)
    shown: Sequence[str] = names[:most] if len(names) > most else names[:-1]
    rest = f"{len(names) - most} more" if len(names) > most else (names[-1] if names else "")
    return f"{', '.join(shown)} and {rest}" if shown else rest


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def lasting(time: timedelta) -> str:
    """`less than an hour`, `9 hours`, from two days on `3 days`."""
    hours = int(time / timedelta(hours=1))
    if hours < 1:
        return "less than an hour"
    return counted(hours, "hour") if hours < HOURS_OF_TWO_DAYS else counted(time.days, "day")
