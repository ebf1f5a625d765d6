from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django.fixtures import Settings

from tests.admin.conftest import cast, login
from tests.hostile.apple import hostile_apple
from tests.hostile.town import Town

__all__ = ["cast", "login"]


@pytest.fixture
def owner(db: None) -> Client:
    """The browser of somebody who may open every page."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("owner", "owner@example.com", "secret"))
    return client


@pytest.fixture
def town(owner: Client, tmp_path: Path, settings: Settings, clock: Callable[[datetime], None]) -> Iterator[Town]:
    """Books full of harmful text."""
    settings.APPSTORE_POLICY = {"first_backoff_seconds": 0.01, "total_seconds": 2.0}
    settings.ASCRECON_APPLE_ROOTS = str(tmp_path / "roots")
    clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    with hostile_apple() as address:
        town = Town(owner, tmp_path / "files", address)
        town.fill()
        yield town
