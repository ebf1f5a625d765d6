"""One run: a fresh database, workers on it, and the load that they are under."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random
from types import TracebackType

from ascrecon.jobs.models import Cluster
from tests.soak.bench import Bench, Work, worker
from tests.soak.load import Load


class Skipped(Exception):
    """This machine does not allow it; the message says what it would take."""


class Stage:
    """`with Stage(...) as stage`: afterwards neither the workers nor a process of their groups lives."""

    def __init__(self, bench: Bench, name: str, seed: int, load: Load) -> None:
        self.bench = bench
        self.chance = Random(f"{name} {seed}")  # noqa: S311  (no secret: the same for the same seed)
        self.name = re.sub(r"\W+", "_", name.lower())
        self.load = load
        self._stack = ExitStack()
        self.folder: Path
        self.work: Work

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def begin(self, *, tablespace: str = "pg_default", environment: Mapping[str, str] | None = None) -> None:
        """Makes the database, starts the workers, and waits until they answer and have done something."""
        self.folder = self.bench.fresh(self.name, tablespace)
        self.work = self.another_group(environment)
        self.load.until(lambda: self.answering() >= 1, "the group's first answer")

    def another_group(self, environment: Mapping[str, str] | None = None) -> Work:
        return self._stack.enter_context(worker(self.folder, environment))

    def afterwards(self, undo: Callable[[], object]) -> None:
        """Done when the part is over, after the workers started later have ended."""
        self._stack.callback(undo)

    def answering(self) -> int:
        return Cluster.objects.filter(ended=None, pong__gt=0).count()
