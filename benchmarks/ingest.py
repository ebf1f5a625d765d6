"""A day file to typed rows and figures, against plain COPY; the memory that it takes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from statistics import median

from benchmarks.database import start_afresh
from benchmarks.files import drawn_day, write_day
from benchmarks.measuring import in_a_process, medians, report, rows_wanted, runs_wanted
from benchmarks.yardsticks import plain_copy

TARGET = 1.5
MOST_MEGABYTES, GROWTH = 400.0, 1.2
#: Members that the rows are drawn from, as a share of the rows: about half as many are met, or nearly all.
HARD, EASY = 0.6, 0.02


def bench(folder: Path) -> None:
    rows, runs = rows_wanted(), runs_wanted()
    peak = _against_copy("ingest", folder, HARD, rows, runs)
    _against_copy("ingest_few_members", folder, EASY, rows, runs)
    _memory(folder, peak, rows)


def _against_copy(name: str, folder: Path, share: float, rows: int, runs: int) -> float:
    """Measure one file, yardstick and product in turn; returns the product's peak memory in MB."""
    content = drawn_day(rows, max(1, int(rows * share)), date(2026, 10, 12), seed=1)
    packed = write_day(folder, content, plain=True)
    plain = packed.with_suffix("")
    copies, loads = [], []
    for _ in range(runs):
        copies.append(plain_copy(plain))
        start_afresh()
        loads.append(in_a_process("load", packed))
        assert loads[-1]["rows"] == rows, "the product lost rows"
    spent, copy = medians(loads), median(copies)
    report(
        name, ratio=spent["seconds"] / copy, target=TARGET, rows=rows, runs=runs, product_seconds=spent["seconds"],
        copy_seconds=copy, members=content.distinct, peak_mb=spent["peak_mb"], packed_mb=packed.stat().st_size / 1e6,
    )  # fmt: skip
    packed.unlink()
    plain.unlink()
    return spent["peak_mb"]


def _memory(folder: Path, peak: float, rows: int) -> None:
    report("ingest_memory", ratio=peak / MOST_MEGABYTES, target=1.0, rows=rows, runs=runs_wanted(), peak_mb=peak)
    packed = write_day(folder, drawn_day(5 * rows, max(1, int(rows * HARD)), date(2026, 10, 12), seed=2))
    start_afresh()
    larger = in_a_process("load", packed)
    report(
        "ingest_memory_of_5x_rows", ratio=larger["peak_mb"] / peak, target=GROWTH, rows=5 * rows, runs=1,
        peak_mb=larger["peak_mb"], peak_mb_of_1x=peak, seconds=larger["seconds"],
    )  # fmt: skip
    packed.unlink()
