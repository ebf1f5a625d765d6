"""Fixtures for all tests. The database is the embedded server, or the one that DATABASE_URL names."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from pytest_django.fixtures import Settings

from ascrecon import clock

REPOSITORY = Path(__file__).resolve().parent.parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NO_CHROMIUM = "no Chromium on this machine (Debian: apt-get install chromium)"
NO_YARDSTICK = "no yardstick for the benchmarks (make bench installs it)"
NO_SAMPLES = "no sample files: name their folder in ASCRECON_SAMPLES"


# Property tests look at the same examples in every run, so that a change is judged by itself; HYPOTHESIS_PROFILE=fresh
# and `make soak` look for new ones.
hypothesis_settings.register_profile("steady", derandomize=True, database=None)
hypothesis_settings.register_profile("fresh")
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings  # noqa: PLC0415  (pytest-django has set it up by now)

    # Set before the workers start, which inherit it: all of them play the same scenarios.
    os.environ.setdefault("ASCRECON_TEST_SEED", str(secrets.randbelow(10**9)))
    # Servers of the tests are on this machine, which a company's proxy does not reach.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    settings.AXES_ENABLED = False  # a test signs in without a request
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """No bytes in a test's name: a compressed file holds its time, and xdist's workers must collect the same names."""
    return argname if isinstance(val, bytes) else None


def pytest_report_header() -> str:
    return f"random scenarios: ASCRECON_TEST_SEED={os.environ['ASCRECON_TEST_SEED']}"


@pytest.fixture(autouse=True)
def data_dir(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Path:
    """A data directory for the files of this test alone; the database server stays the common one."""
    folder = tmp_path_factory.mktemp("data", numbered=True)
    settings.ASCRECON_DATA_DIR = folder
    settings.MEDIA_ROOT = folder / "files"
    return folder


@pytest.fixture(autouse=True)
def clock_runs_again() -> Iterator[None]:
    yield
    clock.set_override(None)


@pytest.fixture(name="clock")
def standing_clock() -> Callable[[datetime], None]:
    """`clock(datetime(2026, 11, 20, 9, tzinfo=UTC))` makes the clock stand there until the test ends."""
    return clock.set_override


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample files as people sent them; they are not part of the repository."""
    named = os.environ.get("ASCRECON_SAMPLES")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "samples"
    if not folder.is_dir():
        pytest.skip(NO_SAMPLES)
    return folder


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright's `page` runs in the system's Chromium: no browser is downloaded."""
    found = next((path for path in map(shutil.which, CHROMIUM_NAMES) if path), None)
    if found is None and os.environ.get("ASCRECON_REQUIRE_BROWSER"):
        pytest.fail(NO_CHROMIUM)
    if found is None:
        pytest.skip(NO_CHROMIUM)
    # Playwright runs an event loop in this thread, in which Django refuses to use the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    return {**browser_type_launch_args, "executable_path": found, "args": CHROMIUM_ARGUMENTS}


def _empties_the_tables(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(fixtures & {"transactional_db", "live_server"} or (mark and mark.kwargs.get("transaction")))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Tests that empty all tables come last: what migrations put in is missing after them. pytest-django sorts like this
    # too, but then pytest brings tests with the same browser together, further ahead.
    items.sort(key=_empties_the_tables)
    for item in items:
        if {"page", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says last and in capitals what this machine could not run, since a green line hides it."""
    skipped = terminalreporter.stats.get("skipped", [])
    for why in (NO_CHROMIUM, NO_SAMPLES, NO_YARDSTICK):
        names = [report.nodeid for report in skipped if why in str(report.longrepr)]
        if names:
            terminalreporter.section(f"NOT RUN: {len(names)} TESTS, {why}", sep="!", red=True, bold=True)
            for name in names:
                terminalreporter.write_line(name)
