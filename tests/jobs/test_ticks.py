from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django_q.models import Schedule

from ascrecon.jobs import schedules, ticks
from ascrecon.jobs.models import Tick

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]
NOON = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)


def test_it_runs_a_tick_once_in_its_interval_by_the_products_clock(clock: Clock, only_ticks: None) -> None:
    ran: list[datetime] = []
    ticks.tick("test.ten", minutes=10)(ran.append)
    for minutes in (0, 1, 9, 10, 11, 45):
        clock(NOON + timedelta(minutes=minutes))
        ticks.run_due()
    # Intervals begin at 12:00, 12:10 and so on: those of 12:00, 12:10 and 12:40; 12:20 and 12:30 are not caught up.
    assert [moment.strftime("%H:%M") for moment in ran] == ["12:00", "12:10", "12:45"]


def test_it_runs_after_the_clock_was_set_back(clock: Clock, only_ticks: None) -> None:
    ran: list[datetime] = []
    ticks.tick("test.ten", minutes=10)(ran.append)
    for moment in (NOON, NOON - timedelta(days=30)):
        clock(moment)
        ticks.run_due()
    assert len(ran) == 2


def test_a_failing_tick_stops_no_other(clock: Clock, only_ticks: None) -> None:
    ran: list[datetime] = []

    def fail(moment: datetime) -> None:
        Tick.objects.get(name="no such row")

    ticks.tick("test.fails", minutes=1)(fail)
    ticks.tick("test.works", minutes=1)(ran.append)
    clock(NOON)
    ticks.run_due()
    assert ran == [NOON]
    messages = dict(Tick.objects.values_list("name", "message"))
    assert messages["test.fails"].startswith("An unexpected error (DoesNotExist) stopped it")
    assert messages["test.works"] == ""


def test_the_table_of_schedules_is_put_right() -> None:
    assert schedules.sync() == 1
    Schedule.objects.create(name="evil", func="os.getcwd", args="not valid python(", next_run=timezone.now())
    Schedule.objects.create(name="ticks", func="os.getcwd", next_run=timezone.now())
    assert schedules.sync() == 2
    assert list(Schedule.objects.values_list("name", "func")) == [("ticks", "ascrecon.jobs.ticks.run_due")]
    assert schedules.sync() == 0


@pytest.mark.parametrize(
    "change",
    [{"args": "(1,"}, {"next_run": timezone.now() + timedelta(days=1)}, {"repeats": 0}, {"minutes": 60}],
    ids=["malformed", "far future", "used up", "slower"],
)
def test_a_schedule_that_was_changed_by_hand_is_replaced(change: dict[str, object]) -> None:
    schedules.sync()
    Schedule.objects.update(**change)
    assert schedules.sync() == 2  # one removed, one made
    assert schedules.sync() == 0


def test_it_notices_that_schedules_do_not_run() -> None:
    schedules.sync()
    assert not schedules.overdue(120)
    Schedule.objects.update(next_run=timezone.now() - timedelta(seconds=130))
    assert schedules.overdue(120)
