"""Every kind of job, cut anywhere, run twice, run twice at once: the tables are those of an undisturbed run."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from ascrecon.jobs import registry
from tests.jobs.cases import CASES, kind_of
from tests.jobs.trials import at_once, staged

#: All of them are in the campaign `cuts` of `make soak`.
CUTS_PER_CASE = 4


#: Kinds that other tests of the queue register for themselves.
OF_TESTS = "workload."
PRODUCT_KINDS = sorted(kind for kind in registry.kinds() if not kind.startswith(OF_TESTS))


@pytest.mark.parametrize("kind", PRODUCT_KINDS)
def test_it_knows_a_case_of_every_kind_of_job(kind: str) -> None:
    assert kind in {kind_of(name) for name in CASES}, f"Add a case of {kind} to tests/jobs/cases.py."


def chosen(name: str, steps: list[str]) -> list[int]:
    """By the seed of this test run, half of them of the rare kinds: HTTP reads and pieces of a COPY."""
    rng = random.Random(f"{os.environ['ASCRECON_TEST_SEED']} {name}")  # noqa: S311  (no secret)
    numbers = range(1, len(steps) + 1)
    rare = [n for n in numbers if not steps[n - 1].startswith("SQL")]
    picked = rng.sample(rare, min(len(rare), CUTS_PER_CASE // 2))
    return sorted({*picked, *rng.sample(numbers, min(len(steps), CUTS_PER_CASE // 2))})


@pytest.mark.django_db
@pytest.mark.parametrize("name", CASES)
def test_it_ends_the_same_wherever_it_was_cut_and_however_often_it_ran(name: str, tmp_path: Path) -> None:
    with staged(CASES[name], tmp_path) as stage:
        steps = stage.undisturbed.steps
        wrong = {n: found for n in chosen(name, steps) if (found := stage.cut(n))}
        shown = [f"step {n} of {len(steps)}, {steps[n - 1]}: {found}" for n, found in wrong.items()]
        assert not wrong, "\n".join(shown)
        assert stage.twice() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", CASES)
def test_it_does_its_work_once_when_two_workers_have_it(name: str, tmp_path: Path) -> None:
    assert at_once(CASES[name], tmp_path) == []
