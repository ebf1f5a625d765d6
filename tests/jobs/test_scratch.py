"""What killed processes leave on the disk goes with their group."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from ascrecon.jobs import recovery, scratch

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
