"""One cell of own data, read strictly: its value as the database takes it, or ValueError with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from reports.files.dates import DateForm, date_damage, is_store_day, read_date
from reports.files.numbers import NumberForm, number_damage, number_of
from subscriptions.moments import milliseconds
from subscriptions.owndata.layouts import Content

TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DIGITS = re.compile(r"[0-9]{1,40}")
CODE = re.compile(r"[A-Z]{3}")
MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([T ](?P<time>[0-9]{2}:[0-9]{2}(:[0-9]{2})?)(?P<fraction>[.][0-9]{1,9})?"
    r" ?(?P<zone>Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)
MILLISECONDS = re.compile(r"1[0-9]{12}")
LETTERS_OF_A_COUNTRY = 2
MOST_DECIMALS = 3
HOW_TO_WRITE_MOMENTS = "not a moment: write it as 2026-11-20T09:00:00Z, or a day as 2026-11-20"

Reader = Callable[[str], str]


def readers(form: NumberForm) -> Mapping[Content, Reader]:
    """What reads the cells of each kind of content; `form` is that of the file's numbers."""
    return {
        Content.TOKEN: token,
        Content.ORIGINAL: original,
        Content.PRODUCT: str,
        Content.STOREFRONT: storefront,
        Content.CURRENCY: currency,
        Content.PRICE: lambda text: milliunits(text, form),
        Content.SINCE: since,
        Content.UNTIL: until,
        Content.DAY: day,
    }


def token(text: str) -> str:
    """An app account token in lower case. Apple takes no other than a UUID (appAccountToken)."""
    lower = text.lower()
    if TOKEN.fullmatch(lower) is None:
        raise ValueError("not a UUID, as every app account token is (8-4-4-4-12 digits and letters a to f)")
    return lower


def original(text: str) -> str:
    if DIGITS.fullmatch(text) is None:
        raise ValueError(number_damage(text) or "not an original transaction ID: it has digits only")
    return text


def storefront(text: str) -> str:
    upper = text.upper()
    if CODE.fullmatch(upper) is None:
        two = "two letters: " if len(text) == LETTERS_OF_A_COUNTRY else ""
        raise ValueError(f"{two}write a storefront as Apple does, in three letters (USA, DEU)")
    return upper


def currency(text: str) -> str:
    upper = text.upper()
    if CODE.fullmatch(upper) is None:
        raise ValueError("not a currency: write its three letters (USD)")
    return upper


def milliunits(text: str, form: NumberForm) -> str:
    """An ordinary amount as Apple's integer milliunits: 9.99 is 9990, 300 is 300000."""
    value = number_of(text, form)
    if value is None or value < 0:
        raise ValueError("no price" if value is None else "a price below zero")
    milli = value.scaleb(MOST_DECIMALS)
    if milli != milli.to_integral_value():
        raise ValueError("a price with more than three decimals")
    return str(int(milli))


def since(text: str) -> str:
    """Milliseconds since 1970; a day begins at midnight UTC, a time without a zone is one of UTC."""
    return str(milliseconds(_moment(text)[0]))


def until(text: str) -> str:
    """The same for an end: of a day it is the midnight after it, since both ends of a period belong to it."""
    at, whole_day = _moment(text)
    return str(milliseconds(at + timedelta(days=1) if whole_day else at))


def moment_of(text: str) -> datetime:
    """The moment that a person wrote, in UTC. ValueError with what to write."""
    return _moment(text.strip())[0]


def _moment(text: str) -> tuple[datetime, bool]:
    if MILLISECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text) // 1000, UTC) + timedelta(milliseconds=int(text) % 1000), False
    found = MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(date_damage(text) or HOW_TO_WRITE_MOMENTS)
    text = f"{found['day']}T{found['time'] or '00:00'}{_microseconds(found['fraction'])}{_zone(found['zone'])}"
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("no such moment in the calendar") from None
    if not is_store_day(at.date()):
        raise ValueError("a year without an App Store")
    return at, found["time"] is None


def _microseconds(fraction: str | None) -> str:
    return (fraction or "")[:7]


def _zone(text: str | None) -> str:
    return "+00:00" if text in (None, "Z", "UTC") else str(text)


def day(text: str) -> str:
    """A day as ISO text; 20.11.2026 is understood too. Days with slashes are refused: 3/4 may be March or April."""
    found: date | None = read_date(text, DateForm.ISO) or read_date(text, DateForm.DMY_DOT)
    if found is None:
        raise ValueError(date_damage(text) or "not a day: write it as 2026-11-20")
    if not is_store_day(found):
        raise ValueError("a year without an App Store")
    return found.isoformat()
