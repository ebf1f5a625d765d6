"""Ten scenarios that nobody has seen before: what was planted comes back, and nothing else.

The seed is new with every run and printed at its start; `ASCRECON_TEST_SEED=...` plays the same ten again.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ascrecon.demo.verdict import table
from ascrecon.simulator import random_scenario
from tests.demo.scenarios import impatient, play

__all__ = ["impatient"]

SCENARIOS = 10


@pytest.mark.django_db
@pytest.mark.parametrize("number", range(SCENARIOS))
def test_it_finds_what_was_planted_and_nothing_else(number: int, tmp_path: Path, impatient: None) -> None:
    seed = int(os.environ["ASCRECON_TEST_SEED"]) + number

    verdict = play(random_scenario(seed), tmp_path)

    assert verdict.good, "\n".join([f"seed {seed}: {verdict.summary}", *table(verdict, {})])
