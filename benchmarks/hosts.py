"""Several worker hosts on one database load the same 40 files: how they scale, and that the rows are the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from ascrecon.jobs.models import NEEDS_ATTENTION, UNFINISHED, Job
from benchmarks.database import execute, start_afresh
from benchmarks.files import drawn_day, write_day
from benchmarks.measuring import REPOSITORY, in_a_process, report, rows_wanted
from reports.sql import fetch

FILES, FEW_FILES, HOSTS = 40, 4, (1, 2, 4)
#: With fewer rows than this it is tried out, not measured.
MEASURED_FROM = 40_000
FIRST = date(2026, 9, 1)
LOOK, PATIENCE = 0.05, 1800.0  # seconds

# What was loaded, whatever numbers the files have: rows and figures, each as a count and an order-free sum of hashes.
CONTENT = """
SELECT (SELECT (count(*), sum(hash_record_extended(ROW(d.file_name, r.id & 4294967295, r.day, r.sku, r.country,
            r.device, r.units::text, r.customer_price::text, r.developer_proceeds::text), 0)::numeric))::text
        FROM reports_salesrow r JOIN reports_delivery d ON d.id = r.id >> 32),
       (SELECT (count(*), sum(hash_record_extended(ROW(v.period_start, f.metric, f.member_id, f.currency,
            f.value::text), 0)::numeric))::text
        FROM reports_figure f JOIN reports_vintage v ON v.id = f.vintage_id)
"""


def bench(folder: Path) -> None:
    files = FILES if rows_wanted() >= MEASURED_FROM else FEW_FILES
    rows = max(1, rows_wanted() // files)
    exports = folder / "hosts"
    exports.mkdir()
    for n in range(files):
        write_day(exports, drawn_day(rows, max(1, rows // 2), FIRST + timedelta(days=n), seed=100 + n))
    spent, contents = {}, set()
    for hosts in HOSTS:
        spent[hosts] = _load_with(hosts, exports)
        contents.add(fetch(CONTENT)[0])
    assert len(contents) == 1, "the number of hosts changed what was loaded"
    for hosts in HOSTS:
        report(
            f"hosts_{hosts}", ratio=spent[hosts] / spent[1], target=None, rows=rows * files, runs=1, files=files,
            seconds=spent[hosts], speed_up=spent[1] / spent[hosts], cores=os.cpu_count(), rows_equal=True,
        )  # fmt: skip


def _load_with(hosts: int, exports: Path) -> float:
    """Seconds from the start of the worker groups until every file is loaded and compared."""
    start_afresh()
    execute("TRUNCATE jobs_job CASCADE")
    in_a_process("queue", exports)
    began = time.monotonic()
    with _groups(hosts):
        while Job.objects.filter(UNFINISHED).exists():
            assert time.monotonic() < began + PATIENCE, "the jobs do not end"
            time.sleep(LOOK)
        seconds = time.monotonic() - began
    assert not Job.objects.filter(NEEDS_ATTENTION).exists(), "a job failed"
    return seconds


@contextmanager
def _groups(hosts: int) -> Iterator[None]:
    """Groups of workers as on that many hosts, each in a session of its own; they are gone after the block."""
    command = [sys.executable, "manage.py", "work"]
    groups = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=sys.stderr, start_new_session=True) for _ in range(hosts)
    ]
    try:
        yield
    finally:
        for group in groups:
            group.send_signal(signal.SIGTERM)
        for group in groups:
            group.wait()
