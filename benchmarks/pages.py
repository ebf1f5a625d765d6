"""Pages of the admin over many rows, against the same pages over a hundredth of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.database import execute, settle, start_afresh
from benchmarks.generated import COMMON, MIDDLING, RARE, delivery_of, run_of
from benchmarks.measuring import report, rows_wanted, runs_wanted

MOST_QUERIES, MOST_TIMES = 20, 2.0
FIRST_DAY = date(2026, 10, 1)
FILES = 10
LIST = "/admin/reports/salesrow/"
Measured = tuple[float, int]


def bench(folder: Path) -> None:
    """A tenth of BENCH_ROWS in one file first, then ten files of BENCH_ROWS."""
    rows = rows_wanted()
    small = _measure(max(1, rows // 10), files=1, lines=max(1, rows // 100))
    large = _measure(rows, files=FILES, lines=rows)
    for name, (seconds, queries) in large.items():
        _report(name, small[name][0], seconds, queries, rows * FILES)
    most = max(queries for _, queries in large.values())
    report("pages_queries", ratio=most / MOST_QUERIES, target=1.0, rows=rows * FILES, runs=1, queries=most)


def _report(name: str, small: float, large: float, queries: int, rows: int) -> None:
    report(
        f"page_{name}", ratio=large / small, target=MOST_TIMES, rows=rows, runs=runs_wanted(),
        milliseconds=large * 1000, milliseconds_of_a_hundredth=small * 1000, queries=queries,
    )  # fmt: skip


def _measure(rows: int, files: int, lines: int) -> dict[str, Measured]:
    account = start_afresh()
    days = [FIRST_DAY + timedelta(days=n) for n in range(files)]
    deliveries = [delivery_of(account, day, rows) for day in days]
    run = run_of(account, FIRST_DAY, lines)
    # What autovacuum does within a minute of such a load.
    execute("VACUUM ANALYZE reports_salesrow, reports_runline")
    settle()
    client = Client(SERVER_NAME="localhost")
    person, _ = User.objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    row, page = deliveries[0].first_row_id + 1, f"/admin/reports/run/{run.pk}/change/"
    pages = _addresses(deliveries[0].pk, row, days[0], page, lines, rows_wanted() // 10)
    return {name: _page(client, address) for name, address in pages.items()}


def _addresses(file: int, row: int, day: date, run: str, lines: int, smallest: int) -> Mapping[str, str]:
    return {
        "list": LIST,
        "list_deep": f"{LIST}?p={max(1, min(50, smallest // 100))}",
        "row": f"{LIST}{row}/change/",
        "file": f"{LIST}?delivery={file}",
        "file_common": f"{LIST}?delivery={file}&country={COMMON}",
        "file_middling": f"{LIST}?delivery={file}&country={MIDDLING}",
        "file_rare": f"{LIST}?delivery={file}&country={RARE}",
        "file_none": f"{LIST}?delivery={file}&apple_id=1",
        "file_search": f"{LIST}?delivery={file}&q=com.acme.item77",
        "day": f"{LIST}?day={day}",
        "day_rare": f"{LIST}?day={day}&country={RARE}",
        "rare": f"{LIST}?country={RARE}",
        "search": f"{LIST}?q=nothing",
        "run": run,
        "run_middle": f"{run}?after={lines // 2}",
        "run_rare": f"{run}?cause=rounding",
    }


def _page(client: Client, address: str) -> Measured:
    """The median time of a page that was opened once before, and its number of statements."""
    with CaptureQueriesContext(connection) as queries:
        _open(client, address)
    statements = len(queries)  # now, as the next request clears the log
    assert statements, f"{address}: no statement was counted"
    return median(_open(client, address) for _ in range(runs_wanted())), statements


def _open(client: Client, address: str) -> float:
    before = time.perf_counter()
    response = client.get(address)
    seconds = time.perf_counter() - before
    assert response.status_code == 200, f"{address}: {response.status_code}"  # noqa: PLR2004
    return seconds
