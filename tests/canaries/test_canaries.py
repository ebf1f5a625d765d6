"""Builds that are broken on purpose fit the code as it is, and one that no test notices is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.canaries.__main__ import main
from tests.canaries.aviary import PROJECT, Aviary, DoesNotFit, broken_text, copy_project, try_out
from tests.canaries.broken import CANARIES, Canary
from tests.soak.housekeeping import own_installation

COMMA = next(canary for canary in CANARIES if canary.name == "decimal comma misread")


def test_there_are_25_at_least_each_with_a_name_of_its_own() -> None:
    assert len({canary.name for canary in CANARIES}) == len(CANARIES) >= 25


@pytest.mark.parametrize("canary", CANARIES, ids=[canary.name for canary in CANARIES])
def test_each_fits_the_code_and_names_tests_that_exist(canary: Canary) -> None:
    assert broken_text(canary)
    assert all((PROJECT / test).exists() for test in canary.tests)


@pytest.mark.parametrize("put", [COMMA.find, f"{COMMA.find}  # only a remark"])
def test_a_change_that_means_nothing_is_no_canary(put: str) -> None:
    with pytest.raises(DoesNotFit, match="means nothing"):
        broken_text(replace(COMMA, put=put))


def test_a_text_that_is_not_there_is_told() -> None:
    with pytest.raises(DoesNotFit, match="0 times, not once"):
        broken_text(replace(COMMA, find="something that nobody wrote"))


def test_the_test_that_notices_is_named_and_one_that_nobody_notices_is_told(tmp_path: Path) -> None:
    harmless = replace(COMMA, find="MONTHS = 12", put="MONTHS = 13", file="reports/files/dates.py")
    with own_installation() as installation:
        aviary = Aviary(tmp_path / "project", installation)
        copy_project(aviary.project)
        caught, missed = try_out(COMMA, aviary), try_out(harmless, aviary)

    assert caught.caught_by is not None
    assert caught.caught_by.startswith("tests/files/test_numbers.py::")
    assert missed.caught_by is None
    assert (aviary.project / COMMA.file).read_bytes() == (PROJECT / COMMA.file).read_bytes(), "it is whole again"


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["no such bird"])
    assert end.value.code == 2
    assert "no canary called no such bird" in capsys.readouterr().err
