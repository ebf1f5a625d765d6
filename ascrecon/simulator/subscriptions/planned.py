"""All that will happen in the subscription groups of a scenario, in the order of signing. Follows from the seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import TypeVar

from ascrecon.simulator.reading import ScenarioError
from ascrecon.simulator.scenario import Scenario
from ascrecon.simulator.subscriptions.built import SEQUENCES, at
from ascrecon.simulator.subscriptions.casting import Cast, cast_steps
from ascrecon.simulator.subscriptions.faults import SUBSCRIPTION_FAULTS, OnlyReported, StoryFault, SubscriptionFault
from ascrecon.simulator.subscriptions.ordinary import ordinary_life
from ascrecon.simulator.subscriptions.schedule import Road
from ascrecon.simulator.subscriptions.steps import DAY, Step
from ascrecon.simulator.subscriptions.storefronts import Storefront
from ascrecon.simulator.subscriptions.stories import STORIES, Story, going_on
from ascrecon.simulator.subscriptions.wanted import PERIODS, Plan, Subscriptions

T = TypeVar("T")
#: Lives are told this many days beyond the scenario's last day, for those who move the day further.
BEYOND = 366
MONTH, YEAR = PERIODS["1 Month"], PERIODS["1 Year"]


@dataclass(frozen=True)
class Planned:
    """One notification to come. `marked`: Apple's API then tells what an upgrade replaced."""

    name: str
    step: Step
    marked: bool = True
    sandbox: bool = False


@dataclass(frozen=True)
class Life:
    """What happens to one subscriber; `fault` is None for an ordinary one."""

    cast: Cast
    steps: list[Planned] = field(repr=False)
    story: Story | None = None
    fault: StoryFault | None = None


class Plans:
    """The lives of one group of subscriptions, and the road on which their notifications come."""

    def __init__(self, scenario: Scenario, wanted: Subscriptions) -> None:
        self.scenario = scenario
        self.wanted = wanted
        self.is_production = wanted.environment == "Production"
        mine = [fault for fault in scenario.faults if isinstance(fault, SUBSCRIPTION_FAULTS)]
        self.faults: list[SubscriptionFault] = [
            fault for fault in mine if fault.apple_id == wanted.apple_id and self.is_production
        ]
        self.road = Road(self.faults)
        self.only_reported = [self._dearest(fault) for fault in self.faults if isinstance(fault, OnlyReported)]
        self.lives = [*self._ordinary(), *self._stories()]

    @property
    def steps(self) -> list[Planned]:
        """Every notification in the order of signing."""
        return sorted((step for life in self.lives for step in life.steps), key=lambda each: each.step.signed_ms)

    def _dearest(self, fault: OnlyReported) -> tuple[OnlyReported, Storefront, Plan]:
        storefront = self.storefront(fault)
        monthly = self.monthly(storefront.currency)
        if not monthly:
            raise ScenarioError(
                f"fault {fault.kind}", f"app {fault.apple_id} lacks a monthly plan", "add one to its plans"
            )
        return fault, storefront, monthly[0]

    def _ordinary(self) -> Iterator[Life]:
        """The subscribers begin one after the other, so that every part of a month brings renewals."""
        number, rounds = self.wanted.subscribers, max(1, (self.scenario.days - 10) // 30)
        for nth in range(number):
            rng = Random(f"{self.scenario.seed}:{self.wanted.apple_id}:{self.wanted.environment}:{nth}")  # noqa: S311
            plan = _weighted(rng, self.wanted.plans, [float(each.weight) for each in self.wanted.plans])
            days = (nth + rng.random()) / number * 30 + 30 * rng.randrange(rounds)
            cast = self._cast(nth, self._start + round(days * DAY), self._anywhere(rng), {"M": plan})
            life = ordinary_life(rng, plan.days, self._horizon(cast))
            yield Life(cast, _named(cast_steps(life, cast), cast))

    def _stories(self) -> Iterator[Life]:
        for nth, fault in enumerate(self.faults):
            if isinstance(fault, StoryFault):
                yield self._story(nth, fault)

    def _story(self, nth: int, fault: StoryFault) -> Life:
        story = STORIES.get(fault.story) or Story(SEQUENCES[fault.story])
        told = story.steps()
        # Not all at one moment, and never over midnight.
        moment = datetime.combine(fault.day, time(9), UTC) + timedelta(minutes=37 * nth % 600)
        cast = self._cast(9000 + nth, int(moment.timestamp()) * 1000, self.storefront(fault), self._roles(told, fault))
        if not story.ends:
            told = [step for step in going_on(told, self._horizon(cast)) if step.signed_ms <= at(self._horizon(cast))]
        steps = _named(cast_steps(told, cast), cast, marked=story.marked, sandbox=story.sandbox)
        return Life(cast, steps, story, fault)

    def _cast(self, nth: int, day_0: int, storefront: Storefront, roles: dict[str, Plan]) -> Cast:
        group = [each.apple_id for each in self.scenario.apps].index(self.wanted.apple_id)
        number = f"{2 if self.is_production else 3}{group:02d}{nth:04d}"
        return Cast(number, day_0, self.wanted.group, storefront, roles)

    @property
    def _start(self) -> int:
        return int(datetime.combine(self.scenario.first_day, time(12), UTC).timestamp()) * 1000

    def _horizon(self, cast: Cast) -> float:
        end = datetime.combine(self.scenario.today + timedelta(days=BEYOND), time(), UTC)
        return (int(end.timestamp()) * 1000 - cast.day_0) / DAY

    def _anywhere(self, rng: Random) -> Storefront:
        weights = [float(self.wanted.weights.get(each.country, 1)) for each in self.wanted.storefronts]
        return _weighted(rng, self.wanted.storefronts, weights)

    def storefront(self, fault: StoryFault | OnlyReported) -> Storefront:
        """Where it happens: the country that the fault names, else the app's first one."""
        if not fault.country:
            return self.wanted.storefronts[0]
        known = [each.country for each in self.wanted.storefronts]
        if fault.country not in known:
            raise ScenarioError(f"fault {fault.kind}", f"country {fault.country!r}", f"give one of {', '.join(known)}")
        return self.wanted.storefront(fault.country)

    def monthly(self, currency: str) -> list[Plan]:
        """The monthly plans, the dearest first."""
        return sorted((p for p in self.wanted.plans if p.days == MONTH), key=lambda p: -p.milliunits(currency))

    def _roles(self, told: list[Step], fault: StoryFault) -> dict[str, Plan]:
        """The plans that take the parts of the story; M is the dearest monthly one."""
        monthly = self.monthly(self.storefront(fault).currency)
        yearly = [plan for plan in self.wanted.plans if plan.days == YEAR]
        roles = {**dict(zip("MB", monthly, strict=False)), **dict(zip("Y", yearly, strict=False))}
        roles |= {"M2": roles["B"]} if "B" in roles else {}
        for letter in _letters(told) - set(roles):
            wanted = "a yearly plan" if letter == "Y" else "one more monthly plan" if monthly else "a monthly plan"
            raise ScenarioError(f"fault {fault.kind}", f"app {fault.apple_id} lacks {wanted}", "add it to its plans")
        return roles


def _letters(told: list[Step]) -> set[str]:
    bought = {str(step.transaction["productId"]) for step in told}
    return bought | {str(step.renewal["autoRenewProductId"]) for step in told if step.renewal}


def _named(steps: list[Step], cast: Cast, *, marked: bool = True, sandbox: bool = False) -> list[Planned]:
    return [Planned(f"{cast.number} {nth}", step, marked, sandbox) for nth, step in enumerate(steps, start=1)]


def _weighted(rng: Random, found: tuple[T, ...], weights: list[float]) -> T:
    return rng.choices(found, weights)[0]
