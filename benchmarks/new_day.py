"""One new day in an account with two years of both sides, against a run over all of them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.database import settle, start_afresh
from benchmarks.generated import DIFFERS
from benchmarks.measuring import in_a_process, medians, report, rows_wanted, runs_wanted

TARGET = 0.03
DAYS, FEW_DAYS = 730, 14
#: BENCH_ROWS says how many rows a side has in the two years.
LEAST_ROWS = 10


def bench(folder: Path) -> None:
    rows, runs = max(LEAST_ROWS, rows_wanted() // DAYS), runs_wanted()
    days = DAYS if rows > LEAST_ROWS else FEW_DAYS
    start_afresh()
    in_a_process("two_years", days, rows)
    for differing in DIFFERS:
        in_a_process("differ", days, differing)
        settle()
        _bench(differing, days, rows, runs)
        days += runs


def _bench(differing: str, days: int, rows: int, runs: int) -> None:
    """Each variant comes on top of the ones before, with the days that they added."""
    whole = medians([in_a_process("compare_all") for _ in range(runs)])
    new = medians([in_a_process("new_day", days + n, rows, differing) for n in range(runs)])
    report(
        f"new_day_{differing}", ratio=new["seconds"] / whole["seconds"], target=TARGET, rows=rows * days, runs=runs,
        days=days, new_day_seconds=new["seconds"], full_run_seconds=whole["seconds"], findings=int(whole["findings"]),
        lines=int(whole["lines"]), peak_mb=whole["peak_mb"],
    )  # fmt: skip
