from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from ascrecon import clock
from reports.coverage.overview import Scope, completeness, counts, shown
from reports.management.base import Answer, BadInput, DoorCommand, check_order, chosen_app, day
from reports.models import Account, CoverageCell
from reports.sync.calendar import PULLED


class Command(DoorCommand):
    help = "What is known of each report and day: final, open, empty, overdue, blocked or lost."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--from", type=day, dest="first", metavar="DATE")
        parser.add_argument("--to", type=day, dest="last", metavar="DATE")
        parser.add_argument("--report", metavar="NAME", help="such as SALES/SUMMARY/DAILY")
        parser.add_argument("--app", type=int, metavar="APPLE_ID")

    def answer(self, options: dict[str, Any]) -> Answer:
        check_order(options["first"], options["last"])
        scope = Scope(options["first"], options["last"], chosen_report(options["report"]), chosen_app(options["app"]))
        moment = clock.now() if options["as_of"] else None
        cells = shown(scope, moment)
        document = {"as_of": clock.now().date(), "counts": counts(cells), "cells": cells}
        return Answer(document, _lines(counts(cells)))


def chosen_report(name: str | None) -> str | None:
    """The report of `--report`; one that neither is pulled nor stands in the ledger is refused with those that do."""
    known = {kind.name for kind in PULLED} | set(CoverageCell.objects.values_list("report", flat=True).distinct())
    if name and name not in known:
        raise BadInput(f"There is no report {name!r}.", f"Reports: {', '.join(sorted(known))}.")
    return name


def _lines(found: dict[str, int]) -> list[str]:
    lines = [", ".join(f"{state} {number}" for state, number in found.items()) or "Nothing was pulled yet."]
    for complete in completeness(list(Account.objects.all())):
        until = f"complete to {complete.until}" if complete.until else "not complete for any day"
        lines.append(
            f"{complete.account} {complete.vendor} {complete.report}: {until}, open {complete.waiting}, "
            f"overdue {complete.overdue}, blocked {complete.blocked}"
        )
    return lines
