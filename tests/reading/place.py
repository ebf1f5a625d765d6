"""A database of its own for a campaign outside of pytest."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)


@contextmanager
def scratch_place(name: str) -> Iterator[Path]:
    """Django over a new database `test_<name>`, files in a temporary folder, the clock standing; all goes after."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ascrecon.settings")
    import django  # noqa: PLC0415  (needs the settings' name)

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from ascrecon import clock  # noqa: PLC0415

    logging.disable(logging.WARNING)
    connection.settings_dict["TEST"]["NAME"] = f"test_{name}_{os.getpid()}"
    before = connection.settings_dict["NAME"]
    with tempfile.TemporaryDirectory(prefix="ascrecon-soak-") as folder:
        settings.MEDIA_ROOT = Path(folder) / "files"
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            with clock.standing_at(MORNING):
                yield Path(folder)
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)
