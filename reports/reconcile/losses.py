"""Which rows with sales are gone: all of an app, one product, one country, or a part of everything.

The rule is the plainest description that covers what is missing. A product or country is named only where nothing of
it is left on that day; where slices cover only part of the loss by chance, the whole app is named instead.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

#: A slice that is gone by chance, while the rest of the app lost a share p of its rows, has a probability of p ** rows.
CHANCE = 1e-4


@dataclass(frozen=True)
class Cell:
    """The rows with sales of one product in one territory on one day: how many there should be, how many are gone.

    `amounts`: what the lost rows make, by currency; a count is under "".
    """

    day: date
    product: str
    territory: str
    expected: float
    lost: float
    amounts: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Slice:
    """`cut` is app, product or territory; `member` is empty for a whole app."""

    cut: str
    member: str


APP = Slice("app", "")


def slices_of(product: str, territory: str) -> tuple[Slice, Slice, Slice]:
    """The slices that hold a cell, in the order in which one of them is blamed, so that amounts add up."""
    return (APP, Slice("product", product), Slice("territory", territory))


@dataclass(frozen=True)
class Day:
    """What an app lost on one day, and of what: its rows with sales, and how much of each slice is untouched.

    Cells of which nothing is lost are counted only, or their rows are: a large app has a hundred thousand of them.
    Where nothing is untouched, the lost cells are all that the slice has.
    """

    day: date
    lost: Sequence[Cell]
    expected: float
    untouched: Mapping[Slice, int]

    @cached_property
    def inside(self) -> dict[Slice, list[int]]:
        """Which of the lost cells lie in a slice, by their place in `lost`."""
        inside: dict[Slice, list[int]] = defaultdict(list)
        for n, cell in enumerate(self.lost):
            for part in slices_of(cell.product, cell.territory):
                inside[part].append(n)
        return inside

    @cached_property
    def loss(self) -> float:
        return sum(cell.lost for cell in self.lost)

    def loss_in(self, part: Slice) -> float:
        return sum(self.lost[n].lost for n in self.inside[part])


def days_of(cells: Iterable[Cell]) -> list[Day]:
    """Every day of an app whose cells are all here, the untouched ones too."""
    by_day: dict[date, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_day[cell.day].append(cell)
    return [_day_of(day, day_cells) for day, day_cells in by_day.items()]


def _day_of(day: date, cells: Sequence[Cell]) -> Day:
    untouched = Counter(part for cell in cells if not cell.lost for part in slices_of(cell.product, cell.territory))
    return Day(day, [cell for cell in cells if cell.lost], sum(cell.expected for cell in cells), untouched)


def explain_loss(days: Iterable[Day], *, slack: float = 0.0) -> dict[Slice, list[Cell]]:
    """The lost cells of one app under the slice that each is put down to.

    A cell that lies in a lost product and in a lost country counts for the product, so that amounts add up. `slack` is
    the share of a day's loss that may lie outside of the slices and is then left out, as chance: 0 where rows are known
    to be lost, more where they are only expected.
    """
    gone = [(day, _gone_slices(day)) for day in sorted(days, key=lambda d: d.day)]
    weight = _weights(gone)
    blamed: dict[Slice, list[Cell]] = defaultdict(list)
    for day, slices in gone:
        chosen = _cover(day, sorted(slices, key=lambda s: (-weight[s], s.cut, s.member)), slack)
        for cell in day.lost:
            if owner := next((part for part in slices_of(cell.product, cell.territory) if part in chosen), None):
                blamed[owner].append(cell)
    return dict(blamed)


def _gone_slices(day: Day) -> list[Slice]:
    """The slices of a day of which nothing is left; the whole app where nothing at all is left."""
    in_whole = [cell for cell in day.lost if cell.lost >= cell.expected]
    whole_cells = Counter(part for cell in in_whole for part in slices_of(cell.product, cell.territory))
    gone = [s for s, cells in whole_cells.items() if cells == len(day.inside[s]) and not day.untouched.get(s)]
    return [APP] if APP in gone else [s for s in gone if not _by_chance(s, day)]


def _by_chance(candidate: Slice, day: Day) -> bool:
    """Whether as much of the rest of the app is gone that this slice may have nothing left by chance."""
    if len(day.inside[candidate]) == len(day.lost):
        return False
    expected = sum(day.lost[n].expected for n in day.inside[candidate])
    share_outside = (day.loss - day.loss_in(candidate)) / (day.expected - expected)
    return share_outside**expected >= CHANCE


def _weights(gone: Iterable[tuple[Day, Sequence[Slice]]]) -> dict[Slice, float]:
    """How much each slice explains over all days: a product gone for a week beats a country gone by chance once."""
    weight: dict[Slice, float] = defaultdict(float)
    for day, slices in gone:
        for candidate in slices:
            weight[candidate] += day.loss_in(candidate)
    return weight


def _cover(day: Day, candidates: Sequence[Slice], slack: float) -> set[Slice]:
    """The fewest slices, heaviest first, that hold the lost cells; the whole app where none do."""
    rest = set(range(len(day.lost)))
    chosen = set()
    for candidate in candidates:
        if held := rest.intersection(day.inside[candidate]):
            chosen.add(candidate)
            rest -= held
    return chosen if sum(day.lost[n].lost for n in sorted(rest)) <= slack * day.loss else {APP}
