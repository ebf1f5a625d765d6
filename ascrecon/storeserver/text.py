"""JSON of signed payloads made fit for a PostgreSQL column, and its fields read strictly.

A field of the wrong form is told as a problem and read as unknown: a verified payload is never refused for it, and
never guessed at. Apple's library makes 9 of a price of 9.99; here it is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST = 200  # of a text that is searched for; Apple's ids have under 40 characters
LARGEST = 2**63 - 1
_DIGITS = re.compile(r"-?\d{1,19}", re.ASCII)
_UNFIT = re.compile("[\x00\ud800-\udfff]")

Payload = Mapping[str, Any]


def fit(value: Any) -> Any:
    """The same JSON value without what PostgreSQL's jsonb cannot keep: NUL, lone surrogates, NaN and Infinity."""
    if isinstance(value, str):
        return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {fit(key): fit(item) for key, item in value.items()}
    if isinstance(value, list):
        return [fit(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124
        return None
    return value


@dataclass
class Fields:
    """Reads the fields of one payload; what has the wrong form is put down in `problems`."""

    payload: Payload
    problems: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        """A text of at most 200 characters; empty where it is absent. An id given as a number is its digits."""
        value = self.payload.get(name)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value) if abs(value) <= LARGEST else None
        if not isinstance(value, str) or len(value) > LONGEST or _UNFIT.search(value):
            self._problem(name)
            return ""
        return value

    def token(self, name: str) -> str:
        """A UUID in lower case, as tokens are compared; empty and absent are the same."""
        return self.text(name).strip().lower()

    def whole(self, name: str) -> int | None:
        """A whole number that fits 64 bits (milliseconds, milliunits, codes), also where it is given as digits."""
        value = self.payload.get(name)
        if value is None:
            return None
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST:
            return value
        self._problem(name)
        return None

    def small(self, name: str) -> int | None:
        """A code such as a status: a whole number from 0 to 32,767."""
        value = self.whole(name)
        if value is None or 0 <= value < 2**15:  # noqa: PLR2004
            return value
        self._problem(name)
        return None

    def flag(self, name: str) -> bool:
        value = self.payload.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._problem(name)
        return False

    def _problem(self, name: str) -> None:
        self.problems.append(f"{name} has a form that Apple does not describe, so it counts as unknown.")
