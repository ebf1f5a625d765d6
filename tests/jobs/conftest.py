from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from ascrecon.jobs import registry, ticks
from ascrecon.jobs.claims import CLUSTER_VARIABLE
from ascrecon.jobs.models import Cluster
from ascrecon.jobs.registry import Work

Register = Callable[..., None]


@pytest.fixture
def register() -> Iterator[Register]:
    """`register("test.x", work, max_attempts=3)` makes a kind of job for one test."""
    names: list[str] = []

    def add(name: str, work: Work, **options: Any) -> None:
        names.append(name)
        registry.job(name, title=name, **options)(work)

    yield add
    for name in names:
        registry.forget(name)


@pytest.fixture
def only_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tick but those that the test registers."""
    monkeypatch.setattr(ticks, "_ticks", {})


@pytest.fixture
def make_cluster(db: None) -> Callable[[], UUID]:
    def make() -> UUID:
        row = Cluster.objects.create(id=uuid4(), host="h", machine="m", supervisor_pid=1, master_pid=2)
        return row.id

    return make


@pytest.fixture
def in_cluster(make_cluster: Callable[[], UUID], monkeypatch: pytest.MonkeyPatch) -> UUID:
    """The test acts as a worker of this group."""
    cluster = make_cluster()
    monkeypatch.setenv(CLUSTER_VARIABLE, str(cluster))
    return cluster
