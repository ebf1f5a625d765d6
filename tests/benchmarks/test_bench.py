"""The benchmarks run and print what is promised. How fast the product is, a test does not say."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import NO_YARDSTICK, REPOSITORY

KEYS = {"name", "figures", "ratio", "target", "met", "rows", "runs"}
PAGES = [
    "list",
    "list_deep",
    "row",
    "file",
    "file_common",
    "file_middling",
    "file_rare",
    "file_none",
    "file_search",
    "day",
    "day_rare",
    "rare",
    "search",
    "run",
    "run_middle",
    "run_rare",
]
EXPECTED = {
    "ingest", "ingest_few_members", "ingest_memory", "ingest_memory_of_5x_rows", "reconcile", "upload_to_findings",
    "pages_queries", "analytics", "analytics_segments", "calendar", "webhook", "subscriptions", "new_notification",
    *(f"new_day_{differing}" for differing in ("none", "some_days", "every_day")),
    *(f"hosts_{hosts}" for hosts in (1, 2, 4)), *(f"page_{name}" for name in PAGES),
}  # fmt: skip


@pytest.fixture
def yardstick() -> Path:
    installed = REPOSITORY / ".venv" / "bench" / ".installed"
    if not installed.exists():
        pytest.skip(NO_YARDSTICK)
    return installed


def test_it_prints_one_json_object_for_each_target_and_leaves_nothing_behind(yardstick: Path) -> None:
    before = set((REPOSITORY / "var").glob("bench-*"))
    done = subprocess.run(
        ["make", "--no-print-directory", "bench"],
        cwd=REPOSITORY,
        env=os.environ | {"BENCH_ROWS": "1000", "BENCH_RUNS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert {result["name"] for result in printed} == EXPECTED
    for result in printed:
        assert set(result) == KEYS
        assert result["ratio"] > 0
        assert result["met"] is (None if result["target"] is None else result["ratio"] <= result["target"])
    assert set((REPOSITORY / "var").glob("bench-*")) == before
