"""Month titles such as ``(September, 2014)`` or ``(Januar, 2016)``, in any language that CLDR knows."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale, UnknownLocaleError

from reports.console.documents import MonthLabel
from reports.console.vocabulary import load_data

# The languages App Store Connect's pages are offered in come first: they decide where two languages
# use one word for different months ("listopad" is November in Czech and October in Croatian).
CONSOLE_LANGUAGES = ("en", "de", "fr", "it", "es", "nl", "pt", "ja", "ko", "zh", "ru")
UNKNOWN_LANGUAGE = "und"

_IN_PARENTHESES = re.compile("[(\uff08]([^()\uff08\uff09]*)[)\uff09]\\s*$")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)", re.ASCII)
_AROUND_MONTH = " \t\u00a0,.\u060c\u3001/-\u5e74"


def month_label(title: str) -> MonthLabel | None:
    """(year, month) named at the end of the title, or None when no language knows the month.

    Source: English and German titles as seen in files and in fedoco/apple-slicer issue 3.
    """
    words = _month_words(title)
    if words is None:
        return None
    year, name = words
    months = list(_months_named(name))
    return (year, months[0]) if len(months) == 1 else None


def title_language(title: str) -> str:
    """The one console language whose month name stands in the title, else ``und``."""
    words = _month_words(title)
    if words is None:
        return UNKNOWN_LANGUAGE
    languages = frozenset[str]().union(*_months_named(words[1]).values())
    return min(languages) if len(languages) == 1 else UNKNOWN_LANGUAGE


def has_month_and_year(title: str) -> bool:
    """True for any text that ends in parentheses with a word and a year: the mark of a payments file."""
    return _month_words(title) is not None


def _month_words(title: str) -> tuple[int, str] | None:
    inside = _IN_PARENTHESES.search(title)
    year = _YEAR.search(inside[1]) if inside else None
    if inside is None or year is None:
        return None
    name = (inside[1][: year.start()] + inside[1][year.end() :]).strip(_AROUND_MONTH)
    return (int(year[0]), name.casefold()) if name else None


def _months_named(name: str) -> dict[int, frozenset[str]]:
    """Month number -> console languages that call it so; where none does, the months of that name in any language."""
    found = calendar_of(CONSOLE_LANGUAGES).get(name)
    return found or dict.fromkeys(_all_months().get(name, []), frozenset())


@lru_cache(maxsize=1)
def calendar_of(languages: tuple[str, ...]) -> dict[str, dict[int, frozenset[str]]]:
    """Month names of some languages, folded; month number -> languages for each."""
    calendar: dict[str, dict[int, frozenset[str]]] = {}
    for language in languages:
        for number, name in _month_names(language):
            months = calendar.setdefault(name.casefold(), {})
            months[number] = months.get(number, frozenset()) | {language}
    return calendar


def _month_names(language: str) -> list[tuple[int, str]]:
    try:
        months = Locale.parse(language).months
    except UnknownLocaleError:
        return []
    return [pair for context in ("format", "stand-alone") for pair in months[context]["wide"].items()]


@lru_cache(maxsize=1)
def _all_months() -> dict[str, list[int]]:
    """Every language of CLDR, kept as a file: to load all of its locales takes more than 100 MB for good."""
    loaded: dict[str, list[int]] = load_data("months.json")
    return loaded
