"""Times and memory: medians of runs, each run of the product in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
MEGABYTE = 1024 * 1024
Seconds = dict[str, float]


def rows_wanted() -> int:
    """BENCH_ROWS: the rows of a day file; 1,000,000 is what the targets are stated for."""
    return int(os.environ.get("BENCH_ROWS", "1000000"))


def runs_wanted() -> int:
    """BENCH_RUNS: how often each is measured; the median counts."""
    return int(os.environ.get("BENCH_RUNS", "5"))


@contextmanager
def timed(into: Seconds, name: str) -> Iterator[None]:
    """Adds the seconds of the block to `into`."""
    before = time.perf_counter()
    yield
    into[name] = time.perf_counter() - before


def peak_megabytes() -> float:
    """The most memory that this process has held so far.

    Linux counts it since the program was started; what getrusage tells there includes the parent at the fork.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEGABYTE if sys.platform == "darwin" else peak / 1024


def in_a_process(step: str, *arguments: object) -> dict[str, float]:
    """Run one of `benchmarks.steps` in a process of its own; its figures."""
    return run([sys.executable, "-m", "benchmarks.steps", step, *map(str, arguments)])


def run(command: list[str]) -> dict[str, float]:
    """The JSON object that a command prints last. Its standard error is ours."""
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def medians(figures: list[dict[str, float]]) -> dict[str, float]:
    """Of every figure its median over the runs."""
    return {name: median(run[name] for run in figures) for name in figures[0]}


def report(name: str, *, ratio: float, target: float | None, rows: int, runs: int, **figures: Any) -> None:
    """One line of JSON on standard output. `target` None: there is none, the figures are for reading."""
    shown = {key: round(value, 3) if isinstance(value, float) else value for key, value in figures.items()}
    document = {
        "name": name,
        "figures": shown,
        "ratio": round(ratio, 4),
        "target": target,
        "met": None if target is None else ratio <= target,
        "rows": rows,
        "runs": runs,
    }
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()
