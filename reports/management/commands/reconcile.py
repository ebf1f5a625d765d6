from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from ascrecon import clock
from reports.management.base import Answer, BadInput, DoorCommand, check_order, chosen_account, chosen_app, day
from reports.reconcile.compare import Scope
from reports.reconcile.run import everything, reconcile
from reports.services.import_options import known_fiscal_month
from reports.services.periods import month_span
from reports.services.summaries import run_json, run_lines


class Command(DoorCommand):
    help = "Compare the console exports with Apple's API by every rule, and look for missing sales values."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", help="only this account")
        parser.add_argument("--app", type=int, metavar="APPLE_ID", help="only this app")
        period = parser.add_argument_group("period", "one of; left out: everything that was delivered")
        period.add_argument("--from", dest="start", type=day, metavar="D", help="first day")
        period.add_argument("--to", dest="end", type=day, metavar="D", help="last day")
        period.add_argument("--month", metavar="YYYY-MM", help="a calendar month")
        period.add_argument("--fiscal-month", metavar="YYYY-MM", help="one of Apple's fiscal months")

    def answer(self, options: dict[str, Any]) -> Answer:
        result = reconcile(scope_of(options), requested_by="the command line")
        open_severities = [finding.severity for finding in result.findings if finding.unfinished]
        return Answer(run_json(result), run_lines(result), open_severities)


def scope_of(options: dict[str, Any]) -> Scope:
    start, end = period_of(options) or (None, None)
    whole = everything()
    return Scope(
        start or whole.start,
        end or whole.end,
        account=chosen_account(options["account"]),
        app=chosen_app(options["app"]),
        as_of=clock.now() if options["as_of"] else None,
    )


def period_of(options: dict[str, Any]) -> tuple[date, date] | None:
    """The days of --from and --to, --month or --fiscal-month; None where none is given. At most one of them."""
    given = [name for name in ("month", "fiscal_month") if options[name]]
    if options["start"] or options["end"]:
        given.append("from")
    if len(given) > 1:
        raise BadInput("More than one period was given.", "Give --from and --to, or --month, or --fiscal-month.")
    if options["fiscal_month"]:
        return _fiscal(options["fiscal_month"])
    if options["month"]:
        return _calendar_month(options["month"])
    return _days(options["start"], options["end"]) if given else None


def _days(start: date | None, end: date | None) -> tuple[date, date]:
    if start is None or end is None:
        raise BadInput("Only one end of the period was given.", "Give both --from and --to.")
    check_order(start, end)
    return start, end


def _fiscal(name: str) -> tuple[date, date]:
    month = known_fiscal_month(month_named(name))
    if month is None:
        raise BadInput(
            f"The days of fiscal month {name} are not known.", "Load a finance report of it, or give --from and --to."
        )
    return month.start, month.end


def _calendar_month(name: str) -> tuple[date, date]:
    return month_span(date.fromisoformat(f"{month_named(name)}-01"))


def month_named(name: str) -> str:
    """The name itself; refused unless it is `YYYY-MM`."""
    try:
        date.fromisoformat(f"{name}-01")
    except ValueError as error:
        raise BadInput(f"{name!r} is no month.", "Write it as 2026-11.") from error
    return name
