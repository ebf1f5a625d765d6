"""Days as people and programs write them: one form for a whole file, never chosen cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from enum import Enum


class DateForm(Enum):
    """Order and separator of the parts of a day.

    Seen: `08/31/2009` in sales and finance reports, `4/7/25` and `2025-04-07` in App Analytics exports,
    `01.02.25` in German ones. `DMY_SLASH` comes only from re-saved files.
    """

    MDY_SLASH = "MM/DD/YYYY"
    DMY_SLASH = "DD/MM/YYYY"
    ISO = "YYYY-MM-DD"
    DMY_DOT = "DD.MM.YYYY"


SLASH = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})")
DOT = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4}|[0-9]{2})")
DASH = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
MONTHS = 12
CENTURY = 2000
# The App Store opened in July 2008; a year outside these is a slip of the pen.
FIRST_YEAR, LAST_YEAR = 2008, 2099
SERIAL = re.compile(r"[34][0-9]{4}")


class MixedDates(ValueError):
    """Days of one file that cannot all be read in one form."""


def choose_date_form(samples: Iterable[str]) -> DateForm | None:
    """The form of a file's days, from all or many of its date cells; None where no cell looks like a day.

    Slashes count as Apple's month first unless a first part above 12 proves day first.
    Raises `MixedDates` where cells prove different forms.
    """
    proved: dict[DateForm, str] = {}
    slash = False
    for sample in samples:
        text = sample.strip()
        slash = slash or SLASH.fullmatch(text) is not None
        form = _proof(text)
        if form is not None:
            proved.setdefault(form, text)
    if slash and not proved.keys() & {DateForm.MDY_SLASH, DateForm.DMY_SLASH}:
        proved[DateForm.MDY_SLASH] = "a day with slashes"
    if len(proved) > 1:
        raise MixedDates("days in different forms: " + ", ".join(sorted(proved.values())))
    return next(iter(proved), None)


def read_date(text: str, form: DateForm) -> date | None:
    """The day in `text` by the file's form, None where it is no such day. Two-digit years are 20xx."""
    parts = _parts(text.strip(), form)
    if parts is None:
        return None
    try:
        return date(*parts)
    except ValueError:
        return None


def is_store_day(day: date) -> bool:
    """Whether a day can be one of the App Store."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def proves_day_first(text: str) -> bool:
    """Whether a day with slashes can only be written day first (13/10/2026)."""
    return _proof(text.strip()) is DateForm.DMY_SLASH


def date_damage(text: str) -> str | None:
    """A sentence for a day that a spreadsheet turned into its serial number (45000), else None."""
    if SERIAL.fullmatch(text.strip()):
        return "a spreadsheet's serial number instead of a day: the file was re-saved from Excel"
    return None


def _proof(text: str) -> DateForm | None:
    if DASH.fullmatch(text):
        return DateForm.ISO
    if DOT.fullmatch(text):
        return DateForm.DMY_DOT
    slash = SLASH.fullmatch(text)
    if slash is None:
        return None
    first, second = int(slash[1]), int(slash[2])
    if first > MONTHS >= second:
        return DateForm.DMY_SLASH
    return DateForm.MDY_SLASH if second > MONTHS >= first else None


def _parts(text: str, form: DateForm) -> tuple[int, int, int] | None:
    if form is DateForm.ISO:
        dash = DASH.fullmatch(text)
        return (int(dash[1]), int(dash[2]), int(dash[3])) if dash else None
    found = (DOT if form is DateForm.DMY_DOT else SLASH).fullmatch(text)
    if found is None:
        return None
    year = int(found[3]) + (CENTURY if len(found[3]) < len("2000") else 0)
    first, second = int(found[1]), int(found[2])
    return (year, first, second) if form is DateForm.MDY_SLASH else (year, second, first)
