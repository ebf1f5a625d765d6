"""A Detailed analytics report to typed rows and figures, in one file and in segments, against plain COPY."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from benchmarks.database import start_afresh
from benchmarks.files import COUNTRIES, Ints, taken
from benchmarks.instances import LAST
from benchmarks.measuring import in_a_process, medians, report, rows_wanted, runs_wanted
from benchmarks.yardsticks import plain_copy

TARGET = 1.5
#: Columns of App Downloads Detailed (Apple's page of the report).
COLUMNS = (
    "Date", "App Name", "App Apple Identifier", "Download Type", "App Version", "Device", "Platform Version",
    "Source Type", "Source Info", "Campaign", "Page Type", "Page Title", "Pre-Order", "Territory", "Counts",
)  # fmt: skip
#: An instance tells several days, of which the newer ones complete the older (Apple, Data Completeness).
DAYS = 5
TYPES = ("First-time download", "Redownload", "Auto-update", "Manual update", "Restore")
SOURCES = ("App Store search", "App Store browse", "Web referrer", "App referrer", "Institutional purchase")
#: Each referrer is of one source and has a few campaigns: what a Detailed report has besides a Standard one.
CAMPAIGNS, REFERRERS, VERSIONS = 2000, 400, 12
#: How many files Apple cuts it into.
SEGMENTS = 4


def bench(folder: Path) -> None:
    rows = rows_wanted()
    for name, segments in (("analytics", 1), ("analytics_segments", SEGMENTS)):
        place = folder / name
        place.mkdir()
        plain = _write(place, rows, segments)
        _against_copy(name, place, plain, rows)
        plain.unlink()


def _against_copy(name: str, place: Path, plain: Path, rows: int) -> None:
    copies, loads = [], []
    for _ in range(runs_wanted()):
        copies.append(plain_copy(plain, len(COLUMNS)))
        start_afresh()
        loads.append(in_a_process("load_analytics", place / "segments"))
        assert loads[-1]["rows"] == rows, "the product lost rows"
    spent, copy = medians(loads), median(copies)
    report(
        name, ratio=spent["seconds"] / copy, target=TARGET, rows=rows, runs=runs_wanted(),
        product_seconds=spent["seconds"], copy_seconds=copy, figures=int(spent["figures"]), peak_mb=spent["peak_mb"],
    )  # fmt: skip


def _write(place: Path, rows: int, segments: int) -> Path:
    """The segments as Apple packs them, each with a header; the text of all of them with one, for plain COPY."""
    (place / "segments").mkdir()
    header, whole = "\t".join(COLUMNS) + "\n", place / "plain.txt"
    options = pa_csv.WriteOptions(delimiter="\t", quoting_style="none", include_header=False)
    table = _table(np.random.default_rng(5), rows)
    with whole.open("wb") as plain:
        plain.write(header.encode())
        for n in range(segments):
            part = pa.BufferOutputStream()
            size = -(-rows // segments)
            pa_csv.write_csv(table.slice(n * size, size), part, options)
            text = part.getvalue().to_pybytes()
            plain.write(text)
            (place / "segments" / f"{n}.txt.gz").write_bytes(gzip.compress(header.encode() + text, 6, mtime=0))
    return whole


def _table(random: np.random.Generator, rows: int) -> pa.Table:
    def drawn(values: Sequence[str]) -> pa.Array:
        return taken(values, random.integers(0, len(values), rows))

    counts: Ints = random.geometric(0.3, rows)
    campaign = random.integers(0, CAMPAIGNS, rows)
    referrer = campaign % REFERRERS
    cells = {
        "Date": drawn([str(LAST - timedelta(days=n)) for n in range(DAYS)]),
        "App Name": pa.repeat("Acme Notes", rows),
        "App Apple Identifier": pa.repeat("1500000001", rows),
        "Download Type": drawn(TYPES),
        "App Version": drawn([f"1.{n}" for n in range(VERSIONS)]),
        "Device": drawn(("iPhone", "iPad", "Desktop")),
        "Platform Version": drawn([f"iOS 26.{n}" for n in range(8)]),
        "Source Type": taken(SOURCES, referrer % len(SOURCES)),
        "Source Info": taken([f"com.acme.referrer{n}" for n in range(REFERRERS)], referrer),
        "Campaign": taken([f"campaign {n}" for n in range(CAMPAIGNS)], campaign),
        "Page Type": drawn(("Product page", "Store sheet", "No page")),
        "Page Title": drawn(("Default", "Autumn", "Sale")),
        "Pre-Order": pa.repeat("", rows),
        "Territory": drawn(COUNTRIES),
        "Counts": pa.array(counts),
    }
    return pa.table({name: cells[name] for name in COLUMNS})
