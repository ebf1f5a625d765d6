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


def queue(folder: str) -> Seconds:
    """Every file of a folder as a console export that a person has confirmed: its loading waits for a worker."""
    from django.contrib.auth.models import User  # noqa: PLC0415

    from reports.jobs import enqueue_import  # noqa: PLC0415
    from reports.services.uploads import ImportOptions, preview, request_import  # noqa: PLC0415

    person, _ = User.objects.get_or_create(username="benchmark")
    spent: Seconds = {}
    with timed(spent, "seconds"):
        for path in sorted(Path(folder).iterdir()):
            for delivery in preview(path, path.name, options=ImportOptions()):
                enqueue_import(request_import(delivery, by=person), requested_by="benchmark")
    return spent


def compare(day: str) -> Seconds:
    """One run over a day, from rows and figures to stored findings."""
    from reports.reconcile.compare import Scope  # noqa: PLC0415
    from reports.reconcile.run import reconcile  # noqa: PLC0415

    spent: Seconds = {}
    with timed(spent, "seconds"):
        result = reconcile(Scope(date.fromisoformat(day), date.fromisoformat(day)))
    return spent | {"findings": len(result.findings), "lines": result.lines}


def two_years(days: str, rows: str) -> Seconds:
    """An account with that many equal days of both sides; see `benchmarks.generated`."""
    from benchmarks.generated import add_two_sided_days  # noqa: PLC0415

    spent: Seconds = {}
    with timed(spent, "seconds"):
        add_two_sided_days(range(int(days)), int(rows))
    return spent


def differ(days: str, differing: str) -> Seconds:
    """Let the first days of that account differ."""
    from benchmarks.generated import let_days_differ  # noqa: PLC0415

    spent: Seconds = {}
    with timed(spent, "seconds"):
        let_days_differ(range(int(days)), differing)
    return spent


def new_day(number: str, rows: str, differing: str) -> Seconds:
    """One day more of both sides, and the run that the product makes over it."""
    from benchmarks.generated import add_two_sided_days, day_number, let_days_differ  # noqa: PLC0415

    numbers = range(int(number), int(number) + 1)
    add_two_sided_days(numbers, int(rows))
    let_days_differ(numbers, differing)
    return compare(day_number(int(number)).isoformat())


def compare_all() -> Seconds:
    """One run over everything that was delivered."""
    from reports.reconcile.run import reconcile  # noqa: PLC0415

    spent: Seconds = {}
    with timed(spent, "seconds"):
        result = reconcile()
    return spent | {"findings": len(result.findings), "lines": result.lines}


STEPS: dict[str, Callable[..., Seconds]] = {
    "load": load,
    "upload": upload,
    "queue": queue,
    "two_years": two_years,
    "differ": differ,
    "new_day": new_day,
    "compare_all": compare_all,
    "compare": compare,
}


def main(name: str, *arguments: str) -> None:
    django.setup()
    figures = STEPS[name](*arguments)
    sys.stdout.write(json.dumps(figures | {"peak_mb": peak_megabytes()}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
