"""10,000 mutations of valid files of every kind: equal figures, or a named reject or refusal; nothing else."""

from __future__ import annotations

from tests.reading.place import scratch_place

MUTATIONS = 10_000


def main(seed: int, count: int = MUTATIONS) -> int:
    """Print the table of the campaign; 0 where it found no defect."""
    with scratch_place("mutations") as folder:
        from tests.reading.campaign import lines_of, run  # noqa: PLC0415  (needs Django)

        report = run(seed, count, folder)
    print(f"mutations, seed {seed}", *lines_of(report), sep="\n")  # noqa: T201
    return 1 if report.defects else 0
