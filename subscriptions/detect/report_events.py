"""How events of Apple's reports and notifications are held against each other: the mapping in report_events.toml."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from babel.core import get_global

#: Storefronts that CLDR does not list: Apple's two codes for Kosovo.
MORE_STOREFRONTS = {"XKS": "XK", "XKX": "XK"}
THREE_LETTERS = 3
#: An event that may be something else only raises what is believed possible.
UNSURE = "unsure"


@cache
def mapping() -> dict[str, Any]:
    """The file as it stands: classes, events, spellings, reasons."""
    return tomllib.loads(files(__package__).joinpath("report_events.toml").read_text(encoding="utf-8"))


@cache
def parameters() -> dict[str, str]:
    """The mapping as JSON parameters of the statements.

    `event_classes`, `analytics_classes` (of that report), `told_classes`, `reasons`, `storefronts`.
    """
    return {
        "event_classes": _classes("events"),
        "analytics_classes": _classes("analytics_events"),
        "told_classes": json.dumps(
            [
                {"told": told, "class": name, "title": facts["title"], "priced": facts["priced"]}
                for name, facts in mapping()["classes"].items()
                for told in (facts["told"] or [""])
            ]
        ),
        "reasons": json.dumps([{"nth": nth, "classes": [], **each} for nth, each in enumerate(mapping()["reasons"])]),
        "storefronts": json.dumps(storefronts()),
    }


def fold(name: str) -> str:
    """An event's name without case and doubled blanks, as the statements fold it."""
    return " ".join(name.lower().split())


def spelled(name: str) -> set[str]:
    """A folded name in every spelling that Apple has used for its words."""
    found = {fold(name)}
    for old, new in mapping()["spellings"].items():
        found |= {each.replace(fold(new), fold(old)) for each in found}
    return found


@cache
def storefronts() -> dict[str, str]:
    """Apple's three-letter storefront to the two letters of reports (ISO 3166, from CLDR)."""
    known = {code: to[0] for code, to in get_global("territory_aliases").items() if len(to) == 1}
    letters = {code: to for code, to in known.items() if len(code) == THREE_LETTERS and code.isalpha()}
    return {**letters, **MORE_STOREFRONTS}


def _classes(report: str) -> str:
    return json.dumps([{"event": name, "class": each, "sure": sure} for name, each, sure in _events(report)])


def _events(report: str) -> Iterator[tuple[str, str, bool]]:
    for group in mapping()[report]:
        sure = group["certainty"] != UNSURE and len(group["classes"]) == 1
        for name in group["names"]:
            for spelling in sorted(spelled(name)):
                yield from ((spelling, each, sure) for each in group["classes"] or [""])
