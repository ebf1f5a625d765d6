from __future__ import annotations

from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from tests.platform.conftest import Manage
from tests.platform.test_environment import SAFE


def test_it_names_the_variable_that_is_not_set(manage: Manage) -> None:
    done = manage("check", **{**SAFE, "DJANGO_SECRET_KEY": ""})

    assert done.returncode == 2
    assert done.stderr == ("Production does not start: DJANGO_SECRET_KEY must be set, 50 characters or more.\n")


def test_it_starts_with_safe_values_and_takes_secrets_from_files(manage: Manage, folder: Path) -> None:
    secret = folder / "secret"
    secret.write_text("f" * 60 + "\n")
    done = manage("check", **{**SAFE, "DJANGO_SECRET_KEY": "", "DJANGO_SECRET_KEY_FILE": str(secret)})

    assert done.returncode == 0, done.stderr


def test_it_keeps_development_keys_private_and_unchanged(manage: Manage, folder: Path) -> None:
    manage("check")
    first = (folder / "data" / "secret-key").read_text()
    manage("check")

    assert (folder / "data" / "secret-key").read_text() == first
    assert (folder / "data" / "secret-key").stat().st_mode & 0o777 == 0o600
    assert (folder / "data" / "encryption-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("DEBUG", True, "ascrecon.E001"),
        ("ALLOWED_HOSTS", ["*"], "ascrecon.E002"),
    ],
)
def test_it_has_a_system_check_for_settings_changed_in_code(
    settings: Settings, name: str, value: object, check: str
) -> None:
    settings.ASCRECON_ENV = "production"
    setattr(settings, name, value)

    assert check in [problem.id for problem in run_checks(tags=["security"])]


def test_it_checks_that_the_queue_does_not_hand_a_running_task_out_again(settings: Settings) -> None:
    # Of 2 + 1 waiting tasks on 2 workers the last waits for two others: 900 s x (1 + 2) = 2700 s.
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "retry": 2700}

    assert "ascrecon.E003" in [problem.id for problem in run_checks()]
