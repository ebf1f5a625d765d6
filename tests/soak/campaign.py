"""The parts of the kills campaign: each disturbs a run, then its books are compared with an undisturbed one's."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from ascrecon.simulator.running import Simulator, running
from tests.soak import clocks, disks, faults
from tests.soak.bench import TIMES, Bench
from tests.soak.books import Books, Difference, differences, read_books
from tests.soak.items import SCENARIO, Items, add_accounts
from tests.soak.killing import kill_at_random
from tests.soak.load import Load, tried_again, unwell
from tests.soak.stage import Skipped, Stage
from tests.soak.tables import table

ITEMS, FEW_ITEMS = 40, 10
CLOCK = "clock a day ahead, then back"
ENDLESS = ("kills", CLOCK)
PAUSE = 1.2  # seconds at most that a transaction stays open, for something to be hit
Act = Callable[[Stage], str]


@dataclass(frozen=True)
class Outcome:
    """What became of one part; `rows` is how many the undisturbed run has."""

    part: str
    facts: str
    rows: int = 0
    lost: int = 0
    doubled: int = 0
    failed: bool = False

    def cells(self) -> tuple[str, ...]:
        return (self.part, f"{self.rows:,}", str(self.lost), str(self.doubled), self.facts)


class Campaign:
    def __init__(self, bench: Bench, seed: int) -> None:
        self._bench = bench
        self._seed = seed
        self._calm: dict[int, Books] = {}
        self._items = ITEMS
        self._simulator: Simulator

    def run(self, kills: int, *, small: bool, only: tuple[str, ...]) -> int:
        """Prints the tables; 1 if anything was lost, doubled, stuck or parked without a fault of its own."""
        self._items = FEW_ITEMS if small else ITEMS
        acts = self._acts(kills, small)
        with ExitStack() as stack:
            self._simulator = stack.enter_context(running(SCENARIO))
            add_accounts(self._simulator)
            outcomes = [self._part(name, act) for name, act in acts.items() if not only or name.startswith(only)]
        times = ", ".join(f"{name.lower()} {seconds} s" for name, seconds in TIMES.items())
        _say(f"\nThe workers' times: {times}; their defaults are longer, and recovery with them.\n")
        _say(table(("part", "rows", "lost", "doubled", "what happened"), [outcome.cells() for outcome in outcomes]))
        return int(any(outcome.failed for outcome in outcomes))

    def _acts(self, kills: int, small: bool) -> dict[str, Act]:
        acts: dict[str, Act] = {
            "kills": lambda stage: kill_at_random(stage, kills),
            "poison": faults.poison,
            "database away 12 s": lambda stage: faults.database_away(stage, 12, at_once=True),
            "database away 60 s": lambda stage: faults.database_away(stage, 60, at_once=False),
            "disk of the files full": disks.files_full,
            "disk of the database full": disks.database_full,
            CLOCK: clocks.moved,
            "two groups, one lost": faults.two_groups,
            "SIGTERM in mid-load": faults.stopped_in_order,
            "supervisor killed": faults.supervisor_killed,
        }
        return {name: acts[name] for name in ("kills", "poison")} if small else acts

    def _part(self, name: str, act: Act) -> Outcome:
        _say(f"-- {name}")
        try:
            return self._disturbed(name, act)
        except Skipped as skipped:
            return Outcome(name, f"SKIPPED, NOT TESTED: {skipped}")
        except Exception as exc:  # the other parts are still worth running; the table says it
            traceback.print_exc()
            return Outcome(name, f"FAILED: {type(exc).__name__}: {exc}"[:300], failed=True)

    def _disturbed(self, name: str, act: Act) -> Outcome:
        """Some parts go on for as long as they take, without a count of items."""
        with self._stage(name, PAUSE, None if name in ENDLESS else self._items) as stage:
            facts = act(stage)
            stage.load.finish()
            books, queued, bad = read_books(), stage.load.queued, unwell(besides="soak.poison")
        calm = self._undisturbed(queued)
        return _judged(name, facts, calm, differences(calm, books), bad)

    def _undisturbed(self, count: int) -> Books:
        if count not in self._calm:
            with self._stage(f"undisturbed {count}", 0, count) as stage:
                stage.begin()
                stage.load.finish()
                if bad := [*unwell(), *tried_again()]:
                    raise AssertionError(f"the undisturbed run is not well: {bad}")
                self._calm[count] = read_books()
        return self._calm[count]

    def _stage(self, name: str, pause: float, most: int | None) -> Stage:
        items = Items(self._seed, self._bench.folder / "inputs", self._simulator, pause)
        return Stage(self._bench, name, self._seed, Load(items, most))


def _judged(name: str, facts: str, calm: Books, found: list[Difference], bad: list[str]) -> Outcome:
    for one in found:
        _say(f"{name}: {one.table}: lost {len(one.lost)} {one.lost[:3]}, doubled {len(one.doubled)} {one.doubled[:3]}")
    for line in bad:
        _say(f"{name}: {line}")
    return Outcome(
        name,
        facts + (f"; NOT DONE: {len(bad)} jobs" if bad else ""),
        rows=sum(rows.total() for rows in calm.values()),
        lost=sum(len(one.lost) for one in found),
        doubled=sum(len(one.doubled) for one in found),
        failed=bool(found or bad),
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
