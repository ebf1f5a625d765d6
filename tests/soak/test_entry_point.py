"""`make soak` runs campaigns in turn, tells whether one failed, and leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ascrecon.embedded.processes import is_alive
from tests.soak.__main__ import main
from tests.soak.campaigns import CAMPAIGNS


def test_it_tells_of_a_failed_campaign_and_ends_all_that_it_left(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(CAMPAIGNS, "untidy", "tests.soak.untidy")
    assert main(["untidy", "--seed", "7"]) == 1
    said = capfd.readouterr().out
    assert "soak: untidy, seed 7 (again: SOAK=untidy SOAK_SEED=7 make soak)" in said
    assert said.rstrip().endswith("soak: failed: untidy")
    [line] = [line for line in said.splitlines() if line.startswith("['--seed', '7']")]
    process, server, folder = line.split()[2:]
    assert not is_alive(int(process))
    assert not is_alive(int(server))
    assert not Path(folder).exists()


def test_it_refuses_a_campaign_that_there_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(os.environ, "SOAK", "floods")
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "no campaign floods" in capsys.readouterr().err
