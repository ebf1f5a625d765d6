"""What killed processes leave on the disk goes with their group."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from pytest_django.fixtures import Settings

from ascrecon import clock
from ascrecon.jobs import recovery, scratch
from reports.jobs import remove_abandoned_files
from reports.services.raw_files import keep

pytestmark = pytest.mark.django_db


def test_temporary_files_of_an_ended_group_are_removed_and_those_of_others_stay(
    make_cluster: Callable[[], UUID], data_dir: Path
) -> None:
    ended, living, starting = make_cluster(), make_cluster(), UUID("6a09e667-0000-4000-8000-000000000000")
    left = [scratch.make(cluster) / "copy" for cluster in (ended, living, starting)]
    for file in left:
        file.write_bytes(b"Provider\tSKU\n")
    recovery.end_cluster(ended, recovery.DIED, "its main process ended")
    scratch.sweep()
    assert [file.exists() for file in left] == [False, True, True]
    assert all(data_dir in file.parents for file in left)


def test_a_file_that_a_killed_process_left_half_written_is_removed_after_a_day(
    tmp_path: Path, settings: Settings
) -> None:
    source = tmp_path / "report.txt"
    source.write_bytes(b"Provider\tSKU\n")
    kept = Path(settings.MEDIA_ROOT) / keep(source).stored_as
    abandoned, in_hand = (kept.with_name(f".new-{name}") for name in ("abandoned", "in-hand"))
    for part in (abandoned, in_hand):
        part.write_bytes(b"Prov")
    yesterday = time.time() - 25 * 3600
    for file in (abandoned, kept):
        os.utime(file, (yesterday, yesterday))
    remove_abandoned_files(clock.now())
    assert [file.exists() for file in (abandoned, in_hand, kept)] == [False, True, True]
