"""What the product is held against: plain COPY, and datacompy on polars."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.db import connection

from benchmarks.database import execute, settle
from benchmarks.files import COLUMNS
from benchmarks.measuring import REPOSITORY, run

BLOCK = 1 << 20


def plain_copy(text: Path, columns: int = len(COLUMNS)) -> float:
    """Seconds of COPY of an unpacked file (a day file of 28 columns) into a bare table: text, no index, logged.

    The table is made and committed before, as the server need not log rows of a table made in the same transaction.
    """
    execute("DROP TABLE IF EXISTS bare")
    execute(f"CREATE TABLE bare ({', '.join(f'c{n} text' for n in range(columns))})")
    settle()
    before = time.perf_counter()
    with (
        text.open("rb") as file,
        connection.cursor() as cursor,
        cursor.copy("COPY bare FROM STDIN WITH (FORMAT text, HEADER)") as copy,
    ):
        while block := file.read(BLOCK):
            copy.write(block)
    seconds = time.perf_counter() - before
    execute("DROP TABLE bare")
    return seconds


def datacompy(one: Path, other: Path) -> dict[str, float]:
    """Seconds and memory of reading and comparing two packed day files in memory; how many keys differ."""
    return run([str(bench_python()), str(REPOSITORY / "benchmarks" / "datacompy_yardstick.py"), str(one), str(other)])


def bench_python() -> Path:
    """The Python that has datacompy; `make bench` installs it."""
    named = os.environ.get("BENCH_PYTHON", ".venv/bench/bin/python")
    return REPOSITORY / named
