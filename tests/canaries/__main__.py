"""`python -m tests.canaries [NAME ...]`: breaks the project on purpose, and prints which test notices each time.

Ends with 1 where a broken build is not noticed, and with 2 where a canary no longer fits the code.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.canaries.aviary import Aviary, DoesNotFit, Outcome, broken_text, copy_project, run_tests, try_out
from tests.canaries.broken import CANARIES, Canary
from tests.soak.housekeeping import own_installation

MISUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _chosen(arguments)
    try:
        for canary in chosen:
            broken_text(canary)
    except DoesNotFit as problem:
        _say(str(problem))
        return MISUSED
    with own_installation() as installation, TemporaryDirectory(prefix="ascrecon-canaries-") as folder:
        return _try_all(chosen, Aviary(Path(folder), installation))


def _chosen(arguments: Sequence[str] | None) -> list[Canary]:
    parser = argparse.ArgumentParser(prog="python -m tests.canaries")
    parser.add_argument("names", nargs="*", metavar="NAME", help="canaries to try; default: all")
    names = parser.parse_args(arguments).names
    if unknown := sorted(set(names) - {canary.name for canary in CANARIES}):
        parser.error(f"no canary called {', '.join(unknown)}")
    return [canary for canary in CANARIES if not names or canary.name in names]


def _try_all(canaries: Sequence[Canary], aviary: Aviary) -> int:
    copy_project(aviary.project)
    outcomes = [_told(try_out(canary, aviary)) for canary in canaries]
    uncaught = [outcome.canary.name for outcome in outcomes if outcome.caught_by is None]
    _say(f"canaries {len(outcomes)}, caught {len(outcomes) - len(uncaught)}, not caught: {', '.join(uncaught) or 0}")
    return int(bool(uncaught)) or _look_at_the_whole(outcomes, aviary)


def _look_at_the_whole(outcomes: Sequence[Outcome], aviary: Aviary) -> int:
    """A test that fails anyway catches nothing: each of them passes where nothing is broken."""
    tests = sorted({outcome.caught_by for outcome in outcomes if outcome.caught_by})
    whole = run_tests(aviary, tests)
    if whole.returncode:
        _say(f"Of these tests some fail without any canary:\n{whole.stdout[-3000:]}{whole.stderr[-3000:]}")
        return MISUSED
    _say(f"The {len(tests)} tests that caught them pass where nothing is broken.")
    return 0


def _told(outcome: Outcome) -> Outcome:
    canary = outcome.canary
    caught = outcome.caught_by or f"NOT CAUGHT\n{outcome.said}"
    _say(f"{canary.name} ({canary.file}: {canary.wrong}), {outcome.seconds:.0f} s\n    {caught}")
    return outcome


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
