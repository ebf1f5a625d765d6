"""State and all rules over signed copies, beside plain COPY of these; one new notification beside everybody."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from django.conf import settings

from benchmarks.lives import copy_lives, write_lives
from benchmarks.measuring import in_a_process, medians, report, rows_wanted, runs_wanted

#: A new notification may cost this share of a look at everybody.
SHARE = 0.01


def bench(folder: Path) -> None:
    place = folder / "subscriptions"
    place.mkdir()
    settings.ASCRECON_APPLE_ROOTS = str(place / "roots")
    write_lives(place, rows_wanted())
    copies, runs, ones = [], [], []
    for _ in range(runs_wanted()):
        copies.append(copy_lives(place))
        runs.append(in_a_process("derive_all"))
        ones.append(in_a_process("one_more", place / "roots"))
    copy, spent, one = median(copies), medians(runs), medians(ones)
    report(
        "subscriptions", ratio=(spent["derive"] + spent["detect"]) / copy, target=None, rows=rows_wanted(),
        runs=runs_wanted(), subscriptions=int(spent["subscriptions"]), copy_seconds=copy,
        derive_seconds=spent["derive"], detect_seconds=spent["detect"], findings=int(spent["findings"]),
        peak_mb=spent["peak_mb"],
    )  # fmt: skip
    report(
        "new_notification", ratio=one["checked"] / one["everybody"], target=SHARE, rows=rows_wanted(),
        runs=runs_wanted(), taken_in_seconds=one["taken_in"], checked_seconds=one["checked"],
        everybody_seconds=one["everybody"],
    )  # fmt: skip
