"""Both sides of a day compared row by row and figure by figure, against datacompy on polars."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from benchmarks.database import forget_findings, start_afresh, tidy_up
from benchmarks.files import LOST, distinct_day, write_day
from benchmarks.measuring import in_a_process, medians, report, rows_wanted, runs_wanted
from benchmarks.yardsticks import datacompy

DAY = date(2026, 10, 12)
LOADED, FROM_UPLOAD = 1.0, 2.0


def bench(folder: Path) -> None:
    rows, runs = rows_wanted(), runs_wanted()
    api, console = _two_files(folder, rows)
    yardsticks = medians([datacompy(api, console) for _ in range(runs)])
    spent = medians([_one_run(api, console) for _ in range(runs)])
    shared = {
        "datacompy_seconds": yardsticks["seconds"], "datacompy_reading_seconds": yardsticks["read_seconds"],
        "datacompy_peak_mb": yardsticks["peak_mb"], "unlike_keys": int(yardsticks["unlike"]), "keys": rows,
    }  # fmt: skip
    report(
        "reconcile", ratio=spent["compare"] / yardsticks["seconds"], target=LOADED, rows=rows, runs=runs,
        product_seconds=spent["compare"], findings=int(spent["findings"]), peak_mb=spent["peak_mb"], **shared,
    )  # fmt: skip
    from_upload = spent["preview"] + spent["confirm"] + spent["compare_at_once"]
    report(
        "upload_to_findings", ratio=from_upload / yardsticks["seconds"], target=FROM_UPLOAD, rows=rows, runs=runs,
        product_seconds=from_upload, preview_seconds=spent["preview"], confirm_seconds=spent["confirm"],
        compare_seconds=spent["compare_at_once"], api_load_seconds=spent["api_load"], **shared,
    )  # fmt: skip


def _two_files(folder: Path, rows: int) -> tuple[Path, Path]:
    """The API's file lost a few rows in a thousand that the console's has."""
    whole = distinct_day(rows, DAY, seed=3)
    for name in ("api", "console"):
        (folder / name).mkdir()
    return write_day(folder / "api", whole.without(LOST, seed=4)), write_day(folder / "console", whole)


def _one_run(api: Path, console: Path) -> dict[str, float]:
    """From upload to findings, then once more from what is loaded, as it lies there after PostgreSQL tidied up."""
    start_afresh()
    loaded = in_a_process("load", api)
    uploaded = in_a_process("upload", console)
    at_once = _compared()
    forget_findings()
    tidy_up()
    compared = _compared()
    return {
        "api_load": loaded["seconds"], "preview": uploaded["preview"], "confirm": uploaded["confirm"],
        "compare_at_once": at_once["seconds"], "compare": compared["seconds"], "findings": compared["findings"],
        "peak_mb": compared["peak_mb"],
    }  # fmt: skip


def _compared() -> dict[str, float]:
    compared = in_a_process("compare", DAY.isoformat())
    assert compared["findings"], "lost rows were not found"
    return compared
