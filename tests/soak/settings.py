"""The project's settings plus the campaigns' own kinds of jobs; a queue that is asked five times a second."""

from __future__ import annotations

from ascrecon.settings import *  # noqa: F403
from ascrecon.settings import CACHES, INSTALLED_APPS, Q_CLUSTER
from tests.soak.housekeeping import installation

INSTALLED_APPS = [*INSTALLED_APPS, "tests.soak.workload"]
Q_CLUSTER = {**Q_CLUSTER, "poll": 0.2}
# One for all databases of a campaign, since it tells the harness which process is which.
FILES = "django.core.cache.backends.filebased.FileBasedCache"
CACHES = {**CACHES, "qcluster": {"BACKEND": FILES, "LOCATION": installation() / "cache"}}
