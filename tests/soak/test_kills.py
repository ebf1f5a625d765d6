"""The small version of the campaign: each victim once, among the product's own jobs; a job that kills its worker."""

from __future__ import annotations

import os
import re

import pytest

from tests.soak.__main__ import main


def test_a_few_kills_lose_and_double_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    seed = os.environ["ASCRECON_TEST_SEED"]
    code = main(["kills", "--small", "--seed", seed])
    said = capfd.readouterr()
    assert code == 0, said
    for victim in ("worker", "monitor", "sentinel", "pusher", "main process", "whole group"):
        assert re.search(rf"^{victim} +1 ", said.out, re.M), said.out
    assert re.search(r"^kills +[\d,]+ +0 +0  6 kills, longest recovery", said.out, re.M), said.out
    assert re.search(r"^poison +[\d,]+ +0 +0  2 jobs that kill their worker parked after 3 starts each", said.out, re.M)
