"""Which kinds of jobs there are. A kind is registered where its code is, in the `jobs.py` of an installed app."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ascrecon.jobs import conf
from ascrecon.jobs.errors import JobRefused

if TYPE_CHECKING:
    from ascrecon.jobs.context import JobContext

Result = dict[str, Any] | None
Work = Callable[["JobContext"], Result]
LONGEST_PAUSE = 3600


@dataclass(frozen=True)
class Kind:
    name: str
    title: str
    work: Work
    timeout: int
    max_attempts: int
    backoff: int

    def pause(self, failures: int) -> float:
        """Seconds until the next try: doubles with each failure, up to an hour, less up to half by chance.

        Chance keeps jobs apart that failed together, for instance when Apple was down.
        """
        longest = min(LONGEST_PAUSE, self.backoff * 2.0 ** min(failures - 1, 20))
        return longest * random.uniform(0.5, 1)  # noqa: S311  (no secret)


_kinds: dict[str, Kind] = {}


def job(
    name: str,
    *,
    title: str,
    timeout: int = 600,
    max_attempts: int = 5,
    backoff: int = 60,
) -> Callable[[Work], Work]:
    """Registers a function as the work of the kind `name`, such as `sync.report`.

    It must be idempotent: it may be run again after any of its statements. `timeout` (seconds, one attempt) may
    not exceed the queue's own. It is tried up to `max_attempts` times if it raises, with growing pauses from
    `backoff` seconds; what it returns (short, JSON) becomes the job's result.
    """
    if timeout > conf.LONGEST_TIMEOUT:
        raise ValueError(f"{name}: timeout is {timeout} s, the queue ends a task after {conf.LONGEST_TIMEOUT} s.")

    def register(work: Work) -> Work:
        known = _kinds.get(name)
        if known and known.work.__module__ != work.__module__:
            raise ValueError(f"{name} is registered by {known.work.__module__} and by {work.__module__}.")
        _kinds[name] = Kind(name, title, work, timeout, max_attempts, backoff)
        return work

    return register


def kind(name: str) -> Kind:
    """The registered kind, or JobRefused with the list of known ones."""
    try:
        return _kinds[name]
    except KeyError as exc:
        known = ", ".join(sorted(_kinds)) or "none"
        raise JobRefused(f"There is no kind of job named {name!r}; known: {known}.") from exc


def kinds() -> dict[str, Kind]:
    return dict(_kinds)


def forget(name: str) -> None:
    """Takes a kind out again; for tests that register their own."""
    _kinds.pop(name, None)
