"""The project's settings plus the kinds of jobs of these tests, for the worker processes they start."""

from __future__ import annotations

from ascrecon.settings import *  # noqa: F403
from ascrecon.settings import INSTALLED_APPS, Q_CLUSTER

INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.workload"]
Q_CLUSTER = {**Q_CLUSTER, "poll": 0.2}
