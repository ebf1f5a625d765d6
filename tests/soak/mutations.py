"""10,000 mutations of valid files of every kind: equal figures, or a named reject or refusal; nothing else."""

from __future__ import annotations

import argparse
import sys

from tests.reading.place import scratch_place

MUTATIONS, SMALL = 10_000, 300


def main(seed: int, count: int = MUTATIONS) -> int:
    """Print the table of the campaign; 0 where it found no defect."""
    with scratch_place("mutations") as folder:
        from tests.reading.campaign import lines_of, run  # noqa: PLC0415  (needs Django)

        report = run(seed, count, folder)
    print(f"mutations, seed {seed}", *lines_of(report), sep="\n")  # noqa: T201
    return 1 if report.defects else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.soak.mutations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help=f"{SMALL} mutations")
    options = parser.parse_args()
    sys.exit(main(options.seed, SMALL if options.small else MUTATIONS))
