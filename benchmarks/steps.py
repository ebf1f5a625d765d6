"""What is measured of the product, each in a process of its own: `python -m benchmarks.steps NAME ARGUMENT...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import django
from django.conf import settings
from django.db import transaction

from benchmarks.measuring import Seconds, medians, peak_megabytes, timed

CUSTOMERS = 9


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


def load_analytics(folder: str) -> Seconds:
    """An instance of App Downloads Detailed, from its packed segments to committed rows and figures."""
    from benchmarks.instances import listed_instance  # noqa: PLC0415
    from reports.models import Figure  # noqa: PLC0415
    from reports.services.analytics_files import KeptSegment, load_instance  # noqa: PLC0415
    from reports.services.raw_files import keep  # noqa: PLC0415

    instance = listed_instance()
    spent: Seconds = {}
    with timed(spent, "seconds"):
        segments = [KeptSegment(keep(path), path.name) for path in sorted(Path(folder).iterdir())]
        delivery = load_instance(instance, segments, instance.seen_at)
    figures = Figure.objects.filter(vintage__delivery=delivery).count()
    return spent | {"rows": delivery.rows_accepted, "figures": figures}


def calendars(apps: str, reports: str, days: str) -> Seconds:
    """Apps with that many reports, delivered on each of so many days; see `benchmarks.calendars`."""
    from benchmarks.calendars import add_calendars  # noqa: PLC0415

    spent: Seconds = {}
    with timed(spent, "seconds"):
        add_calendars(int(apps), int(reports), int(days))
    return spent


def refresh_cells(days: str) -> Seconds:
    """The ledger of all apps from nothing, once more without a change, and that of one app from nothing."""
    from benchmarks.calendars import now_after  # noqa: PLC0415
    from reports.coverage.analytics import refresh_cells as refresh  # noqa: PLC0415
    from reports.models import Account, App, CoverageCell  # noqa: PLC0415

    account, now = Account.objects.get(name="Acme"), now_after(int(days))
    app = App.objects.filter(account=account).earliest("pk")
    spent: Seconds = {}
    CoverageCell.objects.all().delete()
    with timed(spent, "all"):
        cells = refresh(account, now)
    with timed(spent, "unchanged"):
        assert refresh(account, now) == 0, "a second look changed the ledger"
    CoverageCell.objects.filter(app=app).delete()
    with timed(spent, "one"):
        of_one = refresh(account, now, app)
    assert CoverageCell.objects.count() == cells, "one app's calendar is not what it is among all"
    return spent | {"cells": cells, "cells_of_one": of_one}


def verify(payloads: str, root: str, bundle_id: str, apple_id: str, processes: str, threads: str) -> Seconds:
    """Apple's library alone over the payloads in a file; see `benchmarks.verifying`."""
    from benchmarks.verifying import seconds_alone  # noqa: PLC0415

    return {
        "seconds": seconds_alone(Path(payloads), Path(root), bundle_id, int(apple_id), int(processes), int(threads))
    }


def derive_all() -> Seconds:
    """The state of every subscription from its signed copies, then all rules over it."""
    from benchmarks.lives import detect_all, keys_of_all  # noqa: PLC0415
    from subscriptions.derive.state import derive  # noqa: PLC0415

    spent: Seconds = {}
    keys = keys_of_all()
    with timed(spent, "derive"), transaction.atomic():
        derive(keys)
    with timed(spent, "detect"):
        outcome = detect_all()
    return spent | {"subscriptions": len(keys), "findings": len(outcome.current)}


def one_more(roots: str) -> Seconds:
    """A new notification, taken in, worked in, and its own customer checked; beside a look at everybody.

    The first of them pays for what is loaded once in a process, so the median counts.
    """
    from benchmarks.lives import detect_all, detect_those, new_payload, take_one  # noqa: PLC0415

    settings.ASCRECON_APPLE_ROOTS = roots
    each: list[Seconds] = []
    for subscription in range(CUSTOMERS):
        text, spent = new_payload(Path(roots), subscription), Seconds()
        with timed(spent, "taken_in"):
            touched = take_one(text)
        with timed(spent, "checked"):
            detect_those(touched)
        each.append(spent)
    everybody: Seconds = {}
    with timed(everybody, "everybody"):
        outcome = detect_all()
    assert not (outcome.new or outcome.closed or outcome.changed or outcome.reopened), "it says something else"
    return medians(each) | everybody


STEPS: dict[str, Callable[..., Seconds]] = {
    "load": load,
    "upload": upload,
    "queue": queue,
    "two_years": two_years,
    "differ": differ,
    "new_day": new_day,
    "compare_all": compare_all,
    "compare": compare,
    "load_analytics": load_analytics,
    "calendars": calendars,
    "refresh_cells": refresh_cells,
    "verify": verify,
    "derive_all": derive_all,
    "one_more": one_more,
}


def main(name: str, *arguments: str) -> None:
    django.setup()
    figures = STEPS[name](*arguments)
    sys.stdout.write(json.dumps(figures | {"peak_mb": peak_megabytes()}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
