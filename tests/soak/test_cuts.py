"""The campaign of cuts for one job that asks Apple: its line, and an end."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.soak.housekeeping import REPOSITORY, environment, own_installation

COMMAND = (sys.executable, "-m", "tests.soak.cuts", "--small", "--seed", "7", "--job", "subscriptions.order")


def test_it_cuts_a_job_and_ends() -> None:
    with own_installation() as folder:
        ended = subprocess.run(
            COMMAND, cwd=REPOSITORY, env=environment(folder), capture_output=True, text=True, timeout=120, check=False
        )
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^subscriptions\.order +\d+ +0 +\d+ +4 +0 +\d+$", ended.stdout, re.M), ended.stdout
