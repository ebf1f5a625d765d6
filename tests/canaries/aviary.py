"""Breaks a copy of the project and looks whether its tests notice."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.canaries.broken import Canary
from tests.soak.housekeeping import environment

PROJECT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", "*.pyc")
FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
#: pytest's exit code for tests that ran and failed; an import that fails is another one, and catches nothing.
TESTS_FAILED = 1
LONGEST = 600


class DoesNotFit(ValueError):
    """The text that a canary changes is not in the project as it is now."""


@dataclass(frozen=True)
class Outcome:
    """`caught_by` is the first test that failed, None where none did; `said` is the end of pytest's output."""

    canary: Canary
    caught_by: str | None
    seconds: float
    said: str


def broken_text(canary: Canary, project: Path = PROJECT) -> str:
    """The file with the canary in it. Raises `DoesNotFit` where it changes nothing, or nothing that can be read."""
    text = (project / canary.file).read_text(encoding="utf-8")
    if text.count(canary.find) != 1:
        raise DoesNotFit(f"{canary.name}: {canary.file} has its text {text.count(canary.find)} times, not once")
    broken = text.replace(canary.find, canary.put)
    if ast.dump(ast.parse(broken)) == ast.dump(ast.parse(text)):
        raise DoesNotFit(f"{canary.name}: the change means nothing")
    return broken


@dataclass(frozen=True)
class Aviary:
    """A copy of the project, and the installation that its tests run with."""

    project: Path
    installation: Path


def copy_project(target: Path) -> None:
    shutil.copytree(PROJECT, target, ignore=LEFT_OUT, dirs_exist_ok=True)


def try_out(canary: Canary, aviary: Aviary) -> Outcome:
    """Run the canary's tests in the copy of the project, which is whole again afterwards."""
    target = aviary.project / canary.file
    whole = target.read_text(encoding="utf-8")
    target.write_text(broken_text(canary, aviary.project), encoding="utf-8")
    began = time.monotonic()
    try:
        ended = run_tests(aviary, canary.tests)
    finally:
        target.write_text(whole, encoding="utf-8")
    failed = FAILED.search(ended.stdout) if ended.returncode == TESTS_FAILED else None
    caught_by = failed[1] if failed else None
    return Outcome(canary, caught_by, time.monotonic() - began, ended.stdout[-2000:] + ended.stderr[-2000:])


def run_tests(aviary: Aviary, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """pytest in the copy, up to the first test that fails."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-rf", "--tb=no", "-p", "no:cacheprovider", *tests],
        cwd=aviary.project,
        env=environment(aviary.installation) | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
