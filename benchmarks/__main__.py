"""`python -m benchmarks [NAME...]`: one line of JSON for each target. BENCH_ROWS and BENCH_RUNS scale it."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import django

from benchmarks.place import own_place

NAMES = (
    "ingest", "comparing", "new_day", "pages", "hosts", "analytics", "analytics_calendar", "webhook", "subscriptions",
)  # fmt: skip


def main(names: list[str]) -> int:
    if unknown := set(names) - set(NAMES):
        sys.stderr.write(f"No benchmark is called {', '.join(sorted(unknown))}: use {', '.join(NAMES)}.\n")
        return 2
    with own_place() as folder:
        os.environ["DJANGO_SETTINGS_MODULE"] = "ascrecon.settings"
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415  (after the set-up)

        call_command("migrate", verbosity=0)
        for name in names or NAMES:
            import_module(f"benchmarks.{name}").bench(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
