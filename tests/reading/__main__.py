"""Replay one mutation: `python -m tests.reading SEED` (the seed that a campaign printed)."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.reading.place import scratch_place


def main(seed: str, keep: str = "") -> int:
    with scratch_place("reading") as folder:
        from tests.reading.campaign import Trial, tried  # noqa: PLC0415  (needs Django)

        trial = Trial.of(seed)
        if keep:
            Path(keep).write_bytes(trial.mutant.data)
        answer, verdict = tried(trial, folder)
    print(trial.told, answer, verdict, sep="\n")  # noqa: T201
    return bool(verdict.defect)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
