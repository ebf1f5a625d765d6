"""Which rows with sales are gone: all of an app, one product, one country, or a part of everything.

The rule is the plainest description that covers what is missing. A product or country is named only where nothing of
it is left on that day; where slices cover only part of the loss by chance, the whole app is named instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

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

    def holds(self, cell: Cell) -> bool:
        return self.cut == "app" or self.member == (cell.product if self.cut == "product" else cell.territory)


APP = Slice("app", "")


def explain_loss(cells: Iterable[Cell], *, slack: float = 0.0) -> dict[Slice, list[Cell]]:
    """The lost cells of one app under the slice that each is put down to.

    A cell that lies in a lost product and in a lost country counts for the product, so that amounts add up. `slack` is
    the share of a day's loss that may lie outside of the slices and is then left out, as chance: 0 where rows are known
    to be lost, more where they are only expected.
    """
    by_day: dict[date, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_day[cell.day].append(cell)
    gone = {day: _gone_slices(day_cells) for day, day_cells in by_day.items()}
    weight = _weights(by_day, gone)
    blamed: dict[Slice, list[Cell]] = defaultdict(list)
    for day, day_cells in sorted(by_day.items()):
        chosen = _cover(day_cells, sorted(gone[day], key=lambda s: (-weight[s], s.cut, s.member)), slack)
        for cell in day_cells:
            if cell.lost and any(part.holds(cell) for part in chosen):
                blamed[_owner(cell, chosen)].append(cell)
    return dict(blamed)


def _gone_slices(cells: Sequence[Cell]) -> list[Slice]:
    """The slices of a day of which nothing is left, largest first; the whole app where nothing at all is left."""
    if all(cell.lost >= cell.expected for cell in cells):
        return [APP]
    named = {Slice("product", c.product) for c in cells} | {Slice("territory", c.territory) for c in cells}
    return [s for s in named if _is_gone(s, cells)]


def _is_gone(candidate: Slice, cells: Sequence[Cell]) -> bool:
    inside = [cell for cell in cells if candidate.holds(cell)]
    if not all(cell.lost >= cell.expected for cell in inside):
        return False
    return _loss_outside(candidate, cells) ** sum(cell.expected for cell in inside) < CHANCE or _is_alone(
        candidate, cells
    )


def _is_alone(candidate: Slice, cells: Sequence[Cell]) -> bool:
    return not any(cell.lost for cell in cells if not candidate.holds(cell))


def _loss_outside(candidate: Slice, cells: Sequence[Cell]) -> float:
    outside = [cell for cell in cells if not candidate.holds(cell)]
    expected = sum(cell.expected for cell in outside)
    return sum(cell.lost for cell in outside) / expected if expected else 1.0


def _weights(by_day: dict[date, list[Cell]], gone: dict[date, list[Slice]]) -> dict[Slice, float]:
    """How much each slice explains over all days: a product gone for a week beats a country gone by chance once."""
    weight: dict[Slice, float] = defaultdict(float)
    for day, slices in gone.items():
        for candidate in slices:
            weight[candidate] += sum(cell.lost for cell in by_day[day] if candidate.holds(cell))
    return weight


def _cover(cells: Sequence[Cell], candidates: Sequence[Slice], slack: float) -> list[Slice]:
    """The fewest slices, heaviest first, that hold the lost cells; the whole app where none do."""
    rest = [cell for cell in cells if cell.lost]
    bearable = slack * sum(cell.lost for cell in rest)
    chosen: list[Slice] = []
    for candidate in candidates:
        if any(candidate.holds(cell) for cell in rest):
            chosen.append(candidate)
            rest = [cell for cell in rest if not candidate.holds(cell)]
    return chosen if sum(cell.lost for cell in rest) <= bearable else [APP]


def _owner(cell: Cell, chosen: Sequence[Slice]) -> Slice:
    order = {"app": 0, "product": 1, "territory": 2}
    return min((s for s in chosen if s.holds(cell)), key=lambda s: order[s.cut])
