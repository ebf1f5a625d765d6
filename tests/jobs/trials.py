"""Runs a case undisturbed, cut after a step and run again, or twice at once, and says in what the tables differ."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core import mail
from django.db import connection, transaction

from ascrecon import clock
from ascrecon.jobs.claims import Claim, take
from ascrecon.jobs.models import Job, State
from ascrecon.jobs.runner import execute
from reports.models import Run
from tests.jobs.cases import MORNING, Case, place
from tests.jobs.content import Content, content, difference
from tests.jobs.cutting import Cuts, Killed

DUPLICATE = "This mail may reach you twice"


@dataclass(frozen=True)
class Undisturbed:
    """What a job leaves behind, and the steps that it takes."""

    content: Content
    steps: list[str]
    mails: int


class Stage:
    """A prepared case. Each trial happens in a transaction that is rolled back, and so do the files that it kept."""

    def __init__(self, case: Case, job: Job) -> None:
        self.case = case
        self.job = job
        self.undisturbed = self._run_whole()

    def _run_whole(self) -> Undisturbed:
        with _rolled_back():
            cuts = Cuts()
            with cuts.watching():
                _attempt(self.job)
            return Undisturbed(self._content(), cuts.steps, len(mail.outbox))

    def twice(self) -> list[str]:
        """Differences after the job was run a second time."""
        with _rolled_back():
            _attempt(self.job)
            _queue_again(self.job)
            _attempt(self.job)
            return self._judge()

    def cut(self, *after: int) -> list[str]:
        """Differences after the job was cut after a step, run again (cut again after another) and then to its end."""
        with _rolled_back():
            for number in after:
                with suppress(Killed), Cuts(number).watching():
                    _attempt(self.job)
                _queue_again(self.job)
            with clock.standing_at(clock.now() + self.case.later):
                _attempt(self.job)
            return self._judge(deaths=len(after))

    def _content(self) -> Content:
        return content(self.case.ignored)

    def _judge(self, deaths: int = 0) -> list[str]:
        wrong = difference(self.undisturbed.content, self._content())
        if Run.objects.filter(state=Run.State.RUNNING).exists():
            wrong.append("a run says for ever that it is running")
        return wrong + _wrong_mails(self.undisturbed.mails, deaths)


def _wrong_mails(expected: int, deaths: int) -> list[str]:
    """Each mail arrived; one that may have arrived before says so."""
    unmarked = [message for message in mail.outbox if DUPLICATE not in str(message.body)]
    people = {recipient for message in mail.outbox for recipient in message.to}
    if len(people) == expected and len(unmarked) <= expected and len(mail.outbox) <= expected + deaths:
        return []
    return [f"{len(mail.outbox)} mails to {sorted(people)}, {len(unmarked)} unmarked, {expected} expected"]


@contextmanager
def staged(case: Case, folder: Path) -> Iterator[Stage]:
    """The stage of a case, in a transaction that is rolled back."""
    with clock.standing_at(MORNING), transaction.atomic():
        with place(case):
            yield Stage(case, case.prepare(folder))
        transaction.set_rollback(True)


def at_once(case: Case, folder: Path) -> list[str]:
    """Differences after a worker whose lease ran out and its successor did the same job at the same time.

    Outside of transactions: both workers really commit. Leaves its rows behind.
    """
    with clock.standing_at(MORNING), place(case):
        job = case.prepare(folder)
        with transaction.atomic():
            stage = Stage(case, job)
            transaction.set_rollback(True)
        mail.outbox = []
        slow = _claimed(job)
        Job.objects.filter(pk=job.pk).update(state=State.QUEUED, token=None, lease_until=None)
        _both(slow, _claimed(job))
        job.refresh_from_db()
        wrong = stage._judge()
        return wrong if job.state == State.DONE else [f"the job is {job.state}: {job.message}", *wrong]


def _both(*claims: Claim) -> None:
    barrier = threading.Barrier(len(claims))
    threads = [threading.Thread(target=_work, args=(barrier, claim)) for claim in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _work(barrier: threading.Barrier, claim: Claim) -> None:
    try:
        barrier.wait()
        execute(claim)
    finally:
        connection.close()


def _claimed(job: Job) -> Claim:
    claim = take(job.pk)
    assert claim, f"{job} cannot be claimed"
    return claim


def _attempt(job: Job) -> None:
    execute(_claimed(job))
    job.refresh_from_db()
    assert job.state == State.DONE, f"{job} is {job.state}: {job.message}"


def _queue_again(job: Job) -> None:
    """As the watchdog does once the lease has run out."""
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED, token=None, lease_until=None, finished=None)


@contextmanager
def _rolled_back() -> Iterator[None]:
    kept = Path(settings.MEDIA_ROOT)
    with tempfile.TemporaryDirectory(prefix="ascrecon-before-") as folder, transaction.atomic():
        _copy(kept, Path(folder) / "files")
        mail.outbox = []
        try:
            yield
        finally:
            shutil.rmtree(kept, ignore_errors=True)
            _copy(Path(folder) / "files", kept)
            transaction.set_rollback(True)


def _copy(source: Path, target: Path) -> None:
    if source.exists():
        shutil.copytree(source, target)
