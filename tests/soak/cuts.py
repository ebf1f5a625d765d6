"""Every kind of job, cut after every single step and at random pairs of steps, and by two workers at once."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.reading.place import scratch_place

PAIRS = 40  # of random cuts, one after the other
RACES = 5


@dataclass
class Line:
    """What one case came to."""

    name: str
    steps: list[str] = field(default_factory=list)
    trials: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0

    def __str__(self) -> str:
        counts = [sum(step.startswith(kind) for step in self.steps) for kind in ("SQL", "COPY", "HTTP")]
        numbers = (*counts, self.trials, len(self.wrong), round(self.seconds))
        return f"{self.name:<26}" + "".join(f"{number:>8}" for number in numbers)


def main(seed: int, *, small: bool = False, jobs: Collection[str] = ()) -> int:
    """Print the table of the campaign, line by line; 0 where all tables were those of an undisturbed run.

    `jobs` names some of tests/jobs/cases.py; without names, all.
    """
    head = f"{'job':<26}" + "".join(f"{word:>8}" for word in ("SQL", "COPY", "HTTP", "trials", "wrong", "s"))
    _say(f"cuts, seed {seed}", head)
    good = True
    with scratch_place("cuts") as folder:
        for line in _run_all(jobs, random.Random(seed), folder, small=small):  # noqa: S311  (no secret)
            _say(str(line), *line.wrong[:5])
            good = good and not line.wrong
    return int(not good)


def _run_all(jobs: Collection[str], rng: random.Random, folder: Path, *, small: bool) -> Iterator[Line]:
    from django.conf import settings  # noqa: PLC0415  (set up by now)
    from django.core import mail  # noqa: PLC0415

    from tests.jobs.cases import CASES  # noqa: PLC0415

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []  # type: ignore[attr-defined]
    for n, name in enumerate(jobs or CASES):
        yield _run(name, rng, folder / f"case-{n}", small=small)


def _run(name: str, rng: random.Random, folder: Path, *, small: bool) -> Line:
    line, began = Line(name), time.monotonic()
    _cut(line, rng, folder / "cut", small=small)
    for n in range(1 if small else RACES):
        _race(line, folder / f"race-{n}")
    line.seconds = time.monotonic() - began
    return line


def _cut(line: Line, rng: random.Random, folder: Path, *, small: bool) -> None:
    from tests.jobs.cases import CASES  # noqa: PLC0415
    from tests.jobs.trials import staged  # noqa: PLC0415

    with staged(CASES[line.name], folder) as stage:
        line.steps = stage.undisturbed.steps
        numbers = range(1, len(line.steps) + 1)
        cuts: list[tuple[int, ...]] = [(n,) for n in numbers]
        cuts += [tuple(rng.choices(numbers, k=2)) for _ in range(PAIRS)]
        for cut in rng.sample(cuts, 3) if small else cuts:
            line.trials += 1
            line.wrong += [f"{line.name} cut after {cut} of {len(line.steps)}: {found}" for found in stage.cut(*cut)]


def _race(line: Line, folder: Path) -> None:
    from django.core.management import call_command  # noqa: PLC0415

    from tests.jobs.cases import CASES  # noqa: PLC0415
    from tests.jobs.trials import at_once  # noqa: PLC0415

    line.trials += 1
    line.wrong += [f"{line.name} by two workers: {found}" for found in at_once(CASES[line.name], folder)]
    call_command("flush", interactive=False, verbosity=0)


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.soak.cuts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="three cuts and one race for each case")
    parser.add_argument("--job", action="append", default=[], dest="jobs", help="only this one; may be repeated")
    options = parser.parse_args()
    sys.exit(main(options.seed, small=options.small, jobs=options.jobs))
