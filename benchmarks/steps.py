"""What is measured of the product, each in a process of its own: `python -m benchmarks.steps NAME ARGUMENT...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import django

from benchmarks.measuring import Seconds, peak_megabytes, timed


def load(path: str) -> Seconds:
    """A report of the API, from the packed file to committed rows and figures."""
    from reports.services.deliveries import load_report_file  # noqa: PLC0415  (models need Django to be set up)

    spent: Seconds = {}
    with timed(spent, "seconds"):
        delivery = load_report_file(Path(path))[0]
    return spent | {"rows": delivery.rows_accepted}


def upload(path: str) -> Seconds:
    """The same file as a console export: seen first, then confirmed."""
    from reports.services.uploads import ImportOptions, confirm, preview  # noqa: PLC0415

    spent: Seconds = {}
    with timed(spent, "preview"):
        deliveries = preview(Path(path), Path(path).name, options=ImportOptions())
    with timed(spent, "confirm"):
        rows = sum(confirm(delivery).rows_accepted for delivery in deliveries)
    return spent | {"rows": rows}


def compare(day: str) -> Seconds:
    """One run over a day, from rows and figures to stored findings."""
    from reports.reconcile.compare import Scope  # noqa: PLC0415
    from reports.reconcile.run import reconcile  # noqa: PLC0415

    spent: Seconds = {}
    with timed(spent, "seconds"):
        result = reconcile(Scope(date.fromisoformat(day), date.fromisoformat(day)))
    return spent | {"findings": len(result.findings), "lines": result.lines}


STEPS: dict[str, Callable[..., Seconds]] = {"load": load, "upload": upload, "compare": compare}


def main(name: str, *arguments: str) -> None:
    django.setup()
    figures = STEPS[name](*arguments)
    sys.stdout.write(json.dumps(figures | {"peak_mb": peak_megabytes()}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
