"""The times of the job machinery, in seconds, each from the environment. Short ones make quick tests."""

from __future__ import annotations

from dataclasses import dataclass

from django_q.conf import Conf

from ascrecon import env


@dataclass(frozen=True)
class Times:
    lease: int
    sweep: int
    watchdog: int
    grace: int
    restart: int

    @property
    def renew(self) -> float:
        """Four renewals fit into a lease, so that three may be lost."""
        return self.lease / 4

    @property
    def ping(self) -> float:
        return self.watchdog / 4


def times() -> Times:
    """ASCRECON_JOB_LEASE, _SWEEP, _WATCHDOG, _GRACE and _RESTART."""
    return Times(
        lease=env.positive("ASCRECON_JOB_LEASE", 120),
        sweep=env.positive("ASCRECON_JOB_SWEEP", 60),
        watchdog=env.positive("ASCRECON_JOB_WATCHDOG", 60),
        grace=env.positive("ASCRECON_JOB_GRACE", 30),
        restart=env.positive("ASCRECON_JOB_RESTART", 5),
    )


MAX_INTERRUPTIONS = 3
LONGEST_TIMEOUT: int = Conf.TIMEOUT
WORKERS: int = Conf.WORKERS
