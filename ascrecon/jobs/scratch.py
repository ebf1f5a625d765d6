"""Where the processes of a group put their temporary files: a killed one cannot remove its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

from ascrecon.jobs.models import Cluster


def make(cluster: UUID) -> Path:
    """The group's own folder, for TMPDIR."""
    folder = _home() / str(cluster)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def sweep() -> None:
    """Removes what ended groups have left. One that is just starting is not known yet, and keeps its folder."""
    for cluster in Cluster.objects.exclude(ended=None).values_list("pk", flat=True):
        shutil.rmtree(_home() / str(cluster), ignore_errors=True)


def _home() -> Path:
    return Path(settings.ASCRECON_DATA_DIR) / "tmp"
