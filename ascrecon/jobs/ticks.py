"""What has to be looked at from time to time. django-q2 rings once a minute; what is due, our own clock decides.

A tick runs at most once in each interval of its length, counted from 1970, on whichever host comes first. One that
was missed is not caught up: a tick finds out itself what is to be done. It should queue jobs rather than work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from ascrecon import clock
from ascrecon.jobs.models import Tick
from ascrecon.jobs.texts import sentence

log = logging.getLogger(__name__)
TickWork = Callable[[datetime], None]


@dataclass(frozen=True)
class TickKind:
    name: str
    minutes: int
    work: TickWork

    def slot(self, moment: datetime) -> int:
        return int(moment.timestamp()) // (60 * self.minutes)


_ticks: dict[str, TickKind] = {}


def tick(name: str, *, minutes: int) -> Callable[[TickWork], TickWork]:
    """Registers a function that is called with the clock's moment once in every `minutes` minutes."""

    def register(work: TickWork) -> TickWork:
        _ticks[name] = TickKind(name, minutes, work)
        return work

    return register


def next_run(name: str, moment: datetime) -> datetime:
    """When a tick runs next, at the latest a minute later; KeyError for one that is not registered."""
    kind = _ticks[name]
    return datetime.fromtimestamp((kind.slot(moment) + 1) * kind.minutes * 60, UTC)


def forget(name: str) -> None:
    """Takes a tick out again; for tests that register their own."""
    _ticks.pop(name, None)


def run_due() -> None:
    """The task of the schedule: runs each tick that is due. One that fails stops no other."""
    moment = clock.now()
    for kind in list(_ticks.values()):
        if _claim(kind, moment):
            _run(kind, moment)


def _claim(kind: TickKind, moment: datetime) -> bool:
    """True for one caller per slot. A clock that was set back makes another slot too, and so a run."""
    slot = kind.slot(moment)
    _row, created = Tick.objects.get_or_create(name=kind.name, defaults={"slot": slot, "ran": moment})
    if created:
        return True
    return bool(Tick.objects.filter(name=kind.name).exclude(slot=slot).update(slot=slot, ran=moment))


def _run(kind: TickKind, moment: datetime) -> None:
    message = ""
    try:
        with transaction.atomic():
            kind.work(moment)
    except Exception as exc:  # the next tick must run whatever this one did; its row keeps the fault
        log.exception("tick %s failed", kind.name)
        message = f"An unexpected error ({type(exc).__name__}) stopped it; the log has details."
    Tick.objects.filter(name=kind.name).update(message=sentence(message))
