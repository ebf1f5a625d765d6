"""Damaged and re-saved files of every kind give the figures of a plain independent reader, or are refused by name.

A small version of the campaign in tests/soak/mutations.py, always with the same seed: `make soak` looks for new damage,
the tests watch over what was looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from tests.reading.campaign import Trial, trials, tried
from tests.reading.mutate import Mutant
from tests.reading.place import MORNING
from tests.reading.plain import plain_reading
from tests.reading.valid_files import MAKERS

pytestmark = pytest.mark.django_db

SEED = 244_088_114
SHARES, OF_EACH = 6, 50


@pytest.fixture(autouse=True)
def morning(clock: Callable[[datetime], None]) -> None:
    clock(MORNING)


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_it_reads_a_valid_file_as_the_plain_reader_does(tmp_path: Path, kind: str) -> None:
    file = MAKERS[kind](Random(SEED))  # noqa: S311
    untouched = Trial(str(SEED), file, "none", Mutant(file.data, file.name, "nothing"))

    answer, verdict = tried(untouched, tmp_path)

    assert (verdict.outcome, verdict.defect, answer.untied) == ("equal", "", 0)
    assert any(plain_reading(file.family, file.data).lines.values())


@pytest.mark.parametrize("share", range(SHARES))
def test_it_reads_a_damaged_file_as_the_plain_reader_does_or_says_what_is_wrong(tmp_path: Path, share: int) -> None:
    found = [(trial, tried(trial, tmp_path)) for trial in trials(SEED * SHARES + share, OF_EACH)]

    defects = [f"{verdict.defect}: {trial.told}" for trial, (_, verdict) in found if verdict.defect]
    assert not defects, "\n".join(defects)
    assert len({verdict.outcome for _, (_, verdict) in found}) > 1
