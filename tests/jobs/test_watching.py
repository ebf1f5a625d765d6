from __future__ import annotations

from uuid import UUID

import pytest
from django_q.models import OrmQ

from ascrecon.jobs import bells, conf
from ascrecon.jobs.models import Cluster
from ascrecon.jobs.trust import ClockTrust
from ascrecon.jobs.watchdog import AUXILIARIES, Patience, Watchdog

WHOLE = conf.WORKERS + AUXILIARIES


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_patience_ends_only_after_an_unbroken_time() -> None:
    clock = Clock()
    patience = Patience(60, clock)
    assert not patience.exhausted(True)
    clock.seconds += 59
    assert not patience.exhausted(True)
    assert not patience.exhausted(False)
    clock.seconds += 59
    assert not patience.exhausted(True)
    clock.seconds += 61
    assert patience.exhausted(True)


@pytest.mark.parametrize("jump", [86_400, -86_400, 6])
def test_leases_are_not_believed_for_a_while_after_the_clock_jumped(jump: float) -> None:
    monotonic, wall = Clock(), Clock()
    trust = ClockTrust(120, monotonic, wall)
    believed = [trust.firm]  # not after a start: what went before is not known
    for seconds, offset in ((120, 0.0), (1, jump), (120, 0.0)):
        monotonic.seconds += seconds
        wall.seconds += seconds + offset
        trust.observe()
        believed.append(trust.firm)
    assert believed == [False, True, False, True]


@pytest.fixture
def watching(in_cluster: UUID) -> tuple[Watchdog, Clock]:
    """A watchdog that has sent its first ping, and its clock."""
    clock = Clock()
    watchdog = Watchdog(in_cluster, clock)
    assert watchdog.fault(busy=False, processes=WHOLE) == ""
    return watchdog, clock


def after(watching: tuple[Watchdog, Clock], *, busy: bool) -> str:
    """What is wrong when all has stayed as it is for longer than the watchdog's patience."""
    watchdog, clock = watching
    watchdog.fault(busy=busy, processes=WHOLE)
    clock.seconds += conf.times().watchdog + 1
    return watchdog.fault(busy=busy, processes=WHOLE)


def answered(cluster: UUID, *, acknowledged: bool) -> None:
    """As a worker and then the monitor do it."""
    [row] = OrmQ.objects.all()
    bells.remember_row({"ack_id": row.pk})
    bells.ping(str(cluster), 1)
    if acknowledged:
        row.delete()


@pytest.mark.django_db
def test_silence_is_a_fault_unless_all_workers_are_busy(watching: tuple[Watchdog, Clock]) -> None:
    assert after(watching, busy=True) == ""
    assert after(watching, busy=False) == "no worker could be reached through the queue"


@pytest.mark.django_db
@pytest.mark.parametrize("busy", [False, True])
def test_a_dead_monitor_is_noticed_however_busy_the_workers_are(
    watching: tuple[Watchdog, Clock], in_cluster: UUID, busy: bool
) -> None:
    answered(in_cluster, acknowledged=False)
    assert after(watching, busy=busy) == "the queue acknowledges nothing"


@pytest.mark.django_db
def test_an_acknowledged_ping_is_followed_by_the_next(watching: tuple[Watchdog, Clock], in_cluster: UUID) -> None:
    answered(in_cluster, acknowledged=True)
    assert after(watching, busy=False) == ""
    assert OrmQ.objects.get().task["args"] == (str(in_cluster), 2)
    assert Cluster.objects.get(pk=in_cluster).pong == 1


@pytest.mark.django_db
def test_an_outage_of_the_database_is_not_held_against_the_group(watching: tuple[Watchdog, Clock]) -> None:
    watchdog, clock = watching
    watchdog.fault(busy=False, processes=WHOLE)
    clock.seconds += conf.times().watchdog + 1
    watchdog.start_again()
    assert watchdog.fault(busy=False, processes=WHOLE) == ""
