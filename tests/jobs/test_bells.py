from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django_q.models import OrmQ

from ascrecon.jobs import bells, service
from ascrecon.jobs.models import Cluster
from tests.jobs.conftest import Register

pytestmark = pytest.mark.django_db


def test_it_counts_the_queued_jobs_without_a_bell(register: Register) -> None:
    register("test.nothing", lambda context: None)
    for number in range(3):
        service.enqueue("test.nothing", subject=str(number))
    assert bells.missing() == 0
    OrmQ.objects.all().delete()  # a purged queue, or one signed with an old secret key
    assert bells.missing() == 3


def test_a_bell_without_a_job_does_nothing() -> None:
    service.run_next()


def test_a_worker_answers_the_ping_of_its_own_group(in_cluster: UUID) -> None:
    bells.ping(str(in_cluster), 1)
    assert Cluster.objects.get(pk=in_cluster).pong == 1


def test_a_worker_of_another_group_passes_the_ping_on(in_cluster: UUID, make_cluster: Callable[[], UUID]) -> None:
    other = make_cluster()
    bells.ping(str(other), 1)
    assert Cluster.objects.get(pk=other).pong == 0
    assert OrmQ.objects.get().task["args"] == (str(other), 1, 1)


def test_a_ping_that_nobody_waits_for_is_dropped(in_cluster: UUID) -> None:
    bells.ping("6a09e667-0000-4000-8000-000000000000", 1)
    assert not OrmQ.objects.exists()
