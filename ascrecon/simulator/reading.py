"""Strict reading of scenario files: every field is named, typed and known, or the file is refused."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class ScenarioError(ValueError):
    """A scenario that cannot be played: names the place, what was seen and what to do."""

    def __init__(self, place: str, seen: str, do: str) -> None:
        super().__init__(f"{place}: {seen}; {do}")
        self.place = place
        self.seen = seen
        self.do = do


@dataclass
class Fields:
    """The fields of one JSON object; `finish` refuses those that nobody asked for."""

    place: str
    values: dict[str, object]
    taken: set[str] = field(default_factory=set)

    def has(self, name: str) -> bool:
        self.taken.add(name)
        return name in self.values

    def null(self, name: str) -> bool:
        """True for a field that is there as null: where a scenario may say that there is none."""
        self.taken.add(name)
        return name in self.values and self.values[name] is None

    def text(self, name: str, default: str | None = None) -> str:
        value = self._value(name, default)
        if isinstance(value, str) and value:
            return value
        raise self._wrong(name, value, "give a text")

    def choice(self, name: str, known: Collection[str], default: str | None = None) -> str:
        value = self.text(name, default)
        if value in known:
            return value
        raise self._wrong(name, value, f"give one of {', '.join(sorted(known))}")

    def whole(self, name: str, default: int | None = None, low: int = 0, high: int = 10**18) -> int:
        value = self._value(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise self._wrong(name, value, f"give a whole number from {low} to {high}")

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._value(name, default)
        if isinstance(value, bool):
            return value
        raise self._wrong(name, value, "give true or false")

    def amount(self, name: str, default: str | None = None) -> Decimal:
        return self._amount(name, self._value(name, default))

    def amounts(self, name: str) -> dict[str, Decimal]:
        return {key: self._amount(f"{name}.{key}", value) for key, value in self.mapping(name).items()}

    def amount_list(self, name: str, length: int) -> tuple[Decimal, ...]:
        values = self.items(name)
        if len(values) != length:
            raise self._wrong(name, values, f"give {length} numbers")
        return tuple(self._amount(name, value) for value in values)

    def day(self, name: str, default: date | None = None) -> date:
        value = self._value(name, default.isoformat() if default else None)
        if not isinstance(value, str) or not DAY.fullmatch(value):
            raise self._wrong(name, value, "give a day as YYYY-MM-DD")
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise self._wrong(name, value, "give a day that exists, as YYYY-MM-DD") from error

    def days(self, name: str) -> tuple[date, ...]:
        return tuple(Fields(self.place, {name: value}).day(name) for value in self.items(name))

    def month(self, name: str) -> str:
        value = self.text(name)
        if MONTH.fullmatch(value):
            return value
        raise self._wrong(name, value, "give a month as YYYY-MM")

    def texts(self, name: str) -> dict[str, str]:
        pairs = self.mapping(name)
        return {key: Fields(self.place, {key: value}).text(key) for key, value in pairs.items()}

    def mapping(self, name: str) -> dict[str, object]:
        value = self._value(name, {})
        if isinstance(value, dict):
            return value
        raise self._wrong(name, value, "give an object {...}")

    def items(self, name: str, default: list[object] | None = None) -> list[object]:
        value = self._value(name, default)
        if isinstance(value, list):
            return value
        raise self._wrong(name, value, "give a list [...]")

    def objects(self, name: str) -> list[Fields]:
        found = self.items(name, [])
        return [fields_of(f"{self.place} {name}[{index}]", value) for index, value in enumerate(found)]

    def finish(self) -> None:
        unknown = sorted(set(self.values) - self.taken)
        if unknown:
            known = ", ".join(sorted(self.taken))
            raise ScenarioError(self.place, f"unknown field {unknown[0]!r}", f"known here: {known}")

    def _value(self, name: str, default: object) -> object:
        self.taken.add(name)
        value = self.values.get(name, default)
        if value is None:
            raise ScenarioError(self.place, f"field {name!r} is missing", "add it")
        return value

    def _amount(self, name: str, value: object) -> Decimal:
        if isinstance(value, (str, int, Decimal)) and AMOUNT.fullmatch(str(value)):
            return Decimal(str(value))
        raise self._wrong(name, value, 'give a number as text, for example "4.99"')

    def _wrong(self, name: str, value: object, do: str) -> ScenarioError:
        return ScenarioError(self.place, f"{name} is {value!r}", do)


def fields_of(place: str, value: object) -> Fields:
    """The object at a place of the file; anything else than an object is refused."""
    if not isinstance(value, dict):
        raise ScenarioError(place, f"found {value!r}", "give an object {...}")
    return Fields(place, value)


def one_of(fields: Fields, names: Collection[str]) -> str | None:
    """Which of several fields that exclude each other is there; two at once are refused."""
    present = [name for name in names if fields.has(name)]
    if len(present) > 1:
        raise ScenarioError(fields.place, f"has {' and '.join(present)}", "give only one of them")
    return present[0] if present else None
