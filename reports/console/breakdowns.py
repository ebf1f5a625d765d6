"""What a broken-down App Analytics export is broken down by: its columns name members, never the dimension."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from babel import Locale

from reports.console.vocabulary import fold, load_data

#: Of the columns, how many must be known members: a new member of a known dimension must not change what a file is.
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Dimension:
    """`confirmed` False: no exported file with it was seen, or its members are told by their form alone."""

    name: str
    title: str
    confirmed: bool
    members: tuple[str, ...]
    form: re.Pattern[str] | None
    with_territories: bool

    @property
    def scope(self) -> str:
        """What tells its exports apart from those of the same metric by something else."""
        return f"by {self.title}"


def dimension_of(members: Iterable[str]) -> Dimension | None:
    """The dimension whose members these columns are (source: data/breakdowns.json); None for no columns."""
    folded = [fold(member) for member in members]
    if not folded:
        return None
    return next(each for each in dimensions() if _share(folded, _knows(each)) >= LEAST_SHARE)


def dimension(name: str) -> Dimension:
    """By its name in figures, such as `source_type`. Raises KeyError."""
    return {each.name: each for each in dimensions()}[name]


def as_apple_writes(name: str, member: str) -> str:
    """`web referrer` as `Web referrer`; a member that is not in the list stays as it is."""
    return next((known for known in dimension(name).members if fold(known) == fold(member)), member)


@lru_cache(maxsize=1)
def dimensions() -> tuple[Dimension, ...]:
    return tuple(map(_dimension, load_data("breakdowns.json")["dimensions"]))


def _dimension(row: dict[str, Any]) -> Dimension:
    form = row.get("form")
    return Dimension(
        name=row["dimension"],
        title=row["title"],
        confirmed=row["confirmed"],
        members=tuple(row.get("members", ())),
        form=re.compile(form, re.IGNORECASE) if form else None,
        with_territories=bool(row.get("territories")),
    )


def _share(members: list[str], knows: Callable[[str], bool]) -> float:
    return sum(map(knows, members)) / len(members)


def _knows(each: Dimension) -> Callable[[str], bool]:
    known = {fold(member) for member in each.members} | (_territories() if each.with_territories else set())
    return lambda member: member in known or (each.form is not None and each.form.fullmatch(member) is not None)


@lru_cache(maxsize=1)
def _territories() -> set[str]:
    names = Locale("en").territories
    return {fold(name) for code, name in names.items() if len(code) == 2}  # noqa: PLR2004  (longer: continents)
