"""Notifications sent by several threads at once to gunicorn, a tenth of them twice, while workers are killed.

Each must be there once, and all that follows from them must be as in an undisturbed run, which takes each in once, in
Apple's order, in one process. What is not answered 200 is sent again, as Apple does.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import uuid5

from ascrecon import clock
from ascrecon.jobs.models import Cluster
from ascrecon.simulator.subscriptions.authority import new_authority
from ascrecon.simulator.subscriptions.crowd import crowd
from ascrecon.simulator.subscriptions.steps import NAMES, Shop, payload
from benchmarks.webserver import gunicorn, send
from reports.models import Account, App
from subscriptions.detect.findings import detect_subscriptions
from subscriptions.jobs import enqueue_detection
from subscriptions.models import Notification, Source
from subscriptions.services.intake import take_in
from subscriptions.services.processing import process_received
from subscriptions.trust import roots_folder
from tests.soak.bench import TIMES, Bench, worker
from tests.soak.books import Books, Difference, differences, read_tables
from tests.soak.load import nothing_left, until, unwell
from tests.soak.recovery import Recovery
from tests.soak.tables import table
from tests.soak.victims import Blow, held_back, strike

TWICE = 10  # one of so many
SENDERS, PROCESSES = 8, 2
PATIENCE = 180.0
BUNDLE, APPLE_ID = "com.acme.notes", 1500000001
VICTIMS = ("worker", "worker", "worker", "whole group")
PORTIONS = 3  # for each kill: one that is worked on when it comes, more where the work was done too soon
LOOK = 0.02
OK = 200
BOOKS = Path(__file__).with_name("notifications.sql")
HEAD = (
    "run", "sent", "answered 200", "duplicates", "kills", "stored", "rows", "lost", "doubled", "state equal", "longest "
    "recovery", "time",
)  # fmt: skip


@dataclass
class Post:
    """What is sent to one address; each body until it is answered 200."""

    port: int
    path: str
    senders: ThreadPoolExecutor
    answers: Counter[int] = field(default_factory=Counter)
    _waiting: list[Future[list[int]]] = field(default_factory=list)

    def begin(self, bodies: list[bytes]) -> None:
        self._waiting += [self.senders.submit(self._send, body) for body in bodies]

    def look(self) -> bool:
        """Counts what was answered by now; True once nothing is on its way."""
        ended = [future for future in self._waiting if future.done()]
        for future in ended:
            self.answers.update(future.result())
            self._waiting.remove(future)
        return not self._waiting

    def _send(self, body: bytes) -> list[int]:
        """The answers to each attempt, of which the last one is 200."""
        answers = [send(self.port, self.path, body).status]
        deadline = time.monotonic() + PATIENCE
        while answers[-1] != OK and time.monotonic() < deadline:
            time.sleep(0.1)
            answers.append(send(self.port, self.path, body).status)
        return answers


@dataclass(frozen=True)
class Run:
    """What a run came to."""

    books: Books
    sent: int
    answered: int
    deliveries: int
    kills: int
    recovery: float
    seconds: float
    bad: tuple[str, ...] = ()

    @property
    def stored(self) -> int:
        return self.books["notifications"].total()


class Campaign:
    def __init__(self, bench: Bench, seed: int, notifications: int) -> None:
        self._bench = bench
        self._chance = Random(f"notifications {seed}")  # noqa: S311  (no secret: the same for the same seed)
        authority = new_authority()
        authority.write_root(roots_folder())
        shop = Shop(authority, BUNDLE, APPLE_ID)
        steps = sorted(crowd(notifications).items(), key=lambda item: item[1].signed_ms)
        self._texts = [authority.sign(payload(step, shop, uuid5(NAMES, name))) for name, step in steps]
        _say(f"{len(self._texts):,} notifications are signed.")

    def run(self, kills: int) -> int:
        """Prints the table; 1 if anything was lost, doubled, different, or not done."""
        calm = self._undisturbed()
        disturbed = self._disturbed(kills)
        found = differences(calm.books, disturbed.books)
        rows = [self._cells("undisturbed", calm, []), self._cells("disturbed", disturbed, found)]
        times = ", ".join(f"{name.lower()} {seconds} s" for name, seconds in TIMES.items())
        _say(f"\nThe workers' times: {times}; their defaults are longer, and recovery with them.\n", table(HEAD, rows))
        _say(*(f"{one.table}: lost {one.lost[:3]}, doubled {one.doubled[:3]}" for one in found), *disturbed.bad)
        return int(bool(found or disturbed.bad) or calm.stored != len(self._texts))

    def _cells(self, name: str, run: Run, found: list[Difference]) -> tuple[str, ...]:
        return (
            name, f"{run.sent:,}", f"{run.answered:,}", f"{run.deliveries - run.stored:,}", str(run.kills),
            f"{run.stored:,}", f"{sum(rows.total() for rows in run.books.values()):,}",
            str(sum(len(one.lost) for one in found)), str(sum(len(one.doubled) for one in found)),
            "no" if found else "yes", f"{run.recovery:.1f} s", f"{run.seconds:.0f} s",
        )  # fmt: skip

    def _undisturbed(self) -> Run:
        account, began = self._fresh("undisturbed")[0], time.monotonic()
        for text in self._texts:
            take_in(text, account=account, environment=None, source=Source.WEBHOOK)
        process_received(account)
        detect_subscriptions(account, clock.now())
        number = len(self._texts)
        return Run(read_tables(BOOKS), number, number, number, 0, 0.0, time.monotonic() - began)

    def _disturbed(self, kills: int) -> Run:
        account, folder = self._fresh("disturbed")
        bodies, began = self._bodies(), time.monotonic()
        path = f"/notifications/{account.pk}/production/"
        with (
            gunicorn(folder / "web.log", processes=PROCESSES) as port,
            worker(folder),
            ThreadPoolExecutor(SENDERS) as senders,
        ):
            until(lambda: Cluster.objects.filter(ended=None, pong__gt=0).exists(), "the group's first answer", PATIENCE)
            post = Post(port, path, senders)
            recoveries = self._kills(post, bodies, kills)
            post.begin(bodies)
            until(lambda: post.look() and nothing_left(), "the end of all jobs", 900.0)
            enqueue_detection(account)
            until(nothing_left, "the last look at subscriptions", PATIENCE)
        deliveries = sum(Notification.objects.values_list("deliveries", flat=True))
        answers, bad = post.answers, [*unwell()]
        if deliveries != answers[OK] or len(recoveries) != kills:
            bad.append(f"{deliveries} counted, answers {dict(answers)}, {len(recoveries)} of {kills} kills")
        longest = max((recovery.whole or 0.0 for recovery in recoveries), default=0.0)
        return Run(
            read_tables(BOOKS), answers.total(), answers[OK], deliveries, len(recoveries), longest,
            time.monotonic() - began, tuple(bad),
        )  # fmt: skip

    def _fresh(self, name: str) -> tuple[Account, Path]:
        folder = self._bench.fresh(name)
        account = Account.objects.create(name="Acme", sync_enabled=False)
        App.objects.create(account=account, apple_id=APPLE_ID, bundle_id=BUNDLE, name="Acme Notes", sku="NOTES")
        return account, folder

    def _bodies(self) -> list[bytes]:
        """In any order; of those that come twice half come at the same moment, half at any other one."""
        bodies = [json.dumps({"signedPayload": text}).encode() for text in self._texts]
        self._chance.shuffle(bodies)
        again = self._chance.sample(bodies, len(bodies) // TWICE)
        at_once, later = set(again[::2]), again[1::2]
        for body in later:
            bodies.insert(self._chance.randrange(len(bodies)), body)
        return [each for body in bodies for each in ((body, body) if body in at_once else (body,))]

    def _kills(self, post: Post, bodies: list[bytes], kills: int) -> list[Recovery]:
        """Each while a portion of the bodies is sent and worked in; takes what it sends out of `bodies`."""
        portion = max(1, len(bodies) // (kills * PORTIONS))
        recoveries: list[Recovery] = []
        while len(recoveries) < kills and bodies:
            post.begin([bodies.pop() for _ in range(min(portion, len(bodies)))])
            if blow := self._blow(post):
                recoveries.append(Recovery([blow]))
                until(recoveries[-1].look, f"recovery from {blow}", PATIENCE)
                _say(f"kill {len(recoveries)}: {blow.victim}, whole again after {recoveries[-1].whole:.1f} s")
        return recoveries

    def _blow(self, post: Post) -> Blow | None:
        """At a seeded moment, once a job runs; None where everything was worked in before one could be hit."""
        moment, victim = time.monotonic() + self._chance.uniform(0, 0.5), self._chance.choice(VICTIMS)
        while not (post.look() and nothing_left()):
            if time.monotonic() >= moment and not held_back() and (blow := strike(victim, self._chance)):
                return blow
            time.sleep(LOOK)
        return None


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()
