"""One UTC day of one app: its sales events, its visitors, and random numbers that depend on that day alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import NamedTuple

from ascrecon.simulator.analytics.palette import Palette, Profile, palette
from ascrecon.simulator.analytics.row import Number
from ascrecon.simulator.events import Event, version_of
from ascrecon.simulator.scenario import App
from ascrecon.simulator.truth import Truth


class Fact(NamedTuple):
    """Exact numbers of one kind of visitor doing one thing; `cells` by Apple's column names, empty ones left out."""

    cells: Mapping[str, str]
    measures: tuple[Number, ...]


@dataclass(frozen=True)
class Day:
    """An app's UTC day."""

    truth: Truth
    app: App
    day: date

    def rng(self, family: str) -> Random:
        """Random numbers of a family of facts: no family shifts another."""
        seed = self.truth.scenario.seed
        return Random(f"{seed}:{self.app.apple_id}:{family}:{self.day}")  # noqa: S311  (reproducible, not secret)

    @cached_property
    def palette(self) -> Palette:
        return palette(self.truth.scenario.seed, self.app)

    @property
    def mean(self) -> float:
        """The app's units on such a weekday; nothing where it is not on sale."""
        starts = max(self.app.first_sale_day, self.truth.scenario.first_day)
        ended = self.app.withdrawn_from is not None and self.day >= self.app.withdrawn_from
        if self.day < starts or ended:
            return 0.0
        return self.app.daily_units * float(self.app.weekday_factors[self.day.weekday()])

    def events(self) -> Iterator[Event]:
        """The sales events whose moment lies in this UTC day: the evening of one Pacific day, most of the next."""
        for pacific in (self.day - timedelta(days=1), self.day):
            for event in self.truth.settled(self.app, pacific):
                if event.moment.date() == self.day:
                    yield event

    def profiles(self) -> tuple[Profile, ...]:
        """The visitors of the day: none while the app is not on sale."""
        return self.palette.profiles if self.mean else ()

    def version(self, rng: Random) -> str:
        """An app version that is in use on the day."""
        return version_of(rng, self.day)


def visitor(profile: Profile) -> dict[str, str]:
    """The columns that say who it was."""
    return {
        "Device": profile.device,
        "Platform Version": profile.platform,
        "Source Type": profile.source,
        "Source Info": profile.source_info,
        "Campaign": profile.campaign,
        "Page Type": profile.page,
        "Page Title": profile.page_title,
        "Territory": profile.territory,
    }
