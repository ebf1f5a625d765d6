"""Kills at random, seeded moments while jobs are running. Nothing is restarted by hand."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from django.db.models import Max

from ascrecon.jobs.models import Cluster, Job
from tests.soak.recovery import Recovery
from tests.soak.stage import Stage
from tests.soak.tables import table
from tests.soak.victims import VICTIMS, Blow, held_back, strike

EACH = 8 / 50  # the least share of each victim
SOON = 0.2  # of the kills follow the one before without waiting until the group is whole again
CALM = (0.2, 3.0)  # seconds until the next kill
AT_ONCE = (0.1, 2.0)
PATIENCE = 120.0


@dataclass
class Tally:
    recoveries: list[Recovery] = field(default_factory=list)
    missed: int = 0
    waited: int = 0


def plan(kills: int, chance: Random) -> list[str]:
    """In what order whom: each victim its share, the rest by chance."""
    each = max(1, int(kills * EACH)) if kills >= len(VICTIMS) else 0
    rest = kills - each * len(VICTIMS)
    victims = [*VICTIMS * each, *chance.choices(VICTIMS, k=rest)]
    chance.shuffle(victims)
    return victims


def kill_at_random(stage: Stage, kills: int) -> str:
    stage.begin()
    tally = Tally()
    for number, victim in enumerate(plan(kills, stage.chance)):
        soon = number > 0 and stage.chance.random() < SOON
        if not soon:
            _wait_until_whole(stage, tally)
        blow = _hit(stage, victim, AT_ONCE if soon else CALM, tally)
        if soon and tally.recoveries[-1].whole is None:
            tally.recoveries[-1].add(blow)
        else:
            tally.recoveries.append(Recovery([blow]))
    _wait_until_whole(stage, tally)
    assert _litter(stage) == 0, "temporary files of ended groups are left"
    return _told(tally)


def _litter(stage: Stage) -> int:
    """Folders of temporary files whose group has ended before the living one began."""
    ended = {str(pk) for pk in Cluster.objects.exclude(ended=None).values_list("pk", flat=True)}
    return sum(folder.name in ended for folder in (stage.folder / "tmp").iterdir())


def _hit(stage: Stage, victim: str, pause: tuple[float, float], tally: Tally) -> Blow:
    """Waits a seeded moment and strikes; one that hit nothing is repeated at another moment."""
    while True:
        _wait(stage, stage.chance.uniform(*pause), tally)
        if held_back():
            tally.waited += 1
            stage.load.until(lambda: not held_back(), "the end of a job on its last try")
            continue
        if blow := strike(victim, stage.chance):
            return blow
        tally.missed += 1


def _wait(stage: Stage, seconds: float, tally: Tally) -> None:
    """Recovery goes on while the next kill is waited for, and is measured."""
    moment = time.monotonic() + seconds

    def is_over() -> bool:
        if tally.recoveries:
            tally.recoveries[-1].look()
        return time.monotonic() >= moment

    stage.load.until(is_over, "the moment of a kill")


def _wait_until_whole(stage: Stage, tally: Tally) -> None:
    if tally.recoveries:
        stage.load.until(tally.recoveries[-1].look, f"recovery from {tally.recoveries[-1].blows}", PATIENCE)


def _told(tally: Tally) -> str:
    rows = [_row(victim, tally) for victim in VICTIMS]
    sys.stdout.write(table(("victim", "kills", "work goes on", "whole again", "median"), rows) + "\n")
    ends = Counter(Cluster.objects.exclude(why_ended="").values_list("why_ended", flat=True))
    for why, times in ends.most_common():
        sys.stdout.write(f"{times} groups ended: {why}\n")
    sys.stdout.flush()
    most = Job.objects.aggregate(most=Max("interruptions"))["most"]
    longest = max(r.whole or 0 for r in tally.recoveries)
    blows = sum(len(r.blows) for r in tally.recoveries)
    return (
        f"{blows} kills, longest recovery {longest:.1f} s; {tally.missed} hit nothing and were repeated; "
        f"{Job.objects.filter(attempts__gt=1).count()} of {Job.objects.count()} jobs ran again, at most {most} counted "
        f"against one; held back for a job on its last try: {tally.waited}"
    )


def _row(victim: str, tally: Tally) -> tuple[str, ...]:
    """Of several kills in a row the recovery counts for the last one, from the first one on."""
    kills = sum(blow.victim == victim for r in tally.recoveries for blow in r.blows)
    own = [r for r in tally.recoveries if r.blows[-1].victim == victim]
    goes_on, whole = sorted(r.progress or 0 for r in own), sorted(r.whole or 0 for r in own)
    times = (goes_on[-1], whole[-1], whole[len(whole) // 2]) if own else ()
    return (victim, str(kills), *(f"{seconds:.1f} s" for seconds in times), *("-" for _ in range(3 - len(times))))
