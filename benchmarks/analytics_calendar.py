"""The ledger of analytics reports: one app's calendar against that of a hundred apps, made anew."""

from __future__ import annotations

from pathlib import Path

from benchmarks.database import settle, start_afresh
from benchmarks.measuring import in_a_process, medians, report, rows_wanted, runs_wanted

TARGET = 0.03
APPS, REPORTS, DAYS = 100, 20, 400
#: With fewer rows than the targets are stated for, fewer apps and days.
FEW_APPS, FEW_DAYS, MEASURED_FROM = 2, 20, 10_000


def bench(folder: Path) -> None:
    wanted, runs = rows_wanted(), runs_wanted()
    apps = max(FEW_APPS, APPS * wanted // 1_000_000)
    days = DAYS if wanted >= MEASURED_FROM else FEW_DAYS
    start_afresh()
    in_a_process("calendars", apps, REPORTS, days)
    settle()
    spent = medians([in_a_process("refresh_cells", days) for _ in range(runs)])
    report(
        "calendar", ratio=spent["one"] / spent["all"], target=TARGET, rows=int(spent["cells"]), runs=runs, apps=apps,
        days=days, one_app_seconds=spent["one"], all_apps_seconds=spent["all"], unchanged_seconds=spent["unchanged"],
        cells_of_one=int(spent["cells_of_one"]),
    )  # fmt: skip
