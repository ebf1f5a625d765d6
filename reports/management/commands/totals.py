from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from ascrecon import clock
from reports.management.base import Answer, BadInput, DoorCommand, check_order, chosen_account, chosen_app, day
from reports.models import Series, Side
from reports.selectors.totals import Total, Wanted, totals


class Command(DoorCommand):
    help = "Totals of what was delivered, in each report; with --as-of the figures that counted on that day."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--account", metavar="NAME")
        parser.add_argument("--app", type=int, metavar="APPLE_ID")
        parser.add_argument("--report", metavar="NAME", help="such as SALES/SUMMARY/DAILY or App Downloads Standard")
        parser.add_argument("--side", choices=Side.values, default=Side.API.value)
        parser.add_argument("--from", type=day, dest="first", metavar="DATE")
        parser.add_argument("--to", type=day, dest="last", metavar="DATE")

    def answer(self, options: dict[str, Any]) -> Answer:
        check_order(options["first"], options["last"])
        found = totals(_wanted(options), clock.now() if options["as_of"] else None)
        document = {"as_of": clock.now().date(), "totals": [asdict(total) for total in found]}
        return Answer(document, [_line(total) for total in found] or ["Nothing was delivered for these days."])


def _wanted(options: dict[str, Any]) -> Wanted:
    side = Side(options["side"])
    return Wanted(
        side=side,
        report=chosen_report(options["report"], side),
        account=chosen_account(options["account"]),
        app=chosen_app(options["app"]),
        first=options["first"],
        last=options["last"],
    )


def chosen_report(name: str | None, side: Side) -> str | None:
    """The report of `--report`; one that no delivery of the side told is refused with those that were."""
    known = sorted(set(Series.objects.filter(side=side).values_list("report", flat=True)))
    if name and name not in known:
        listed = ", ".join(known) or "none yet"
        raise BadInput(f"Nothing was delivered of a report {name!r} ({side.label}).", f"Reports: {listed}.")
    return name


def _line(total: Total) -> str:
    whose = " ".join(str(part) for part in (total.account, total.vendor_number, total.apple_id) if part)
    what = ", ".join(filter(None, (total.metric, total.kind, total.scope)))
    value = "not to be added" if total.value is None else f"{total.value:f} {total.currency}".strip()
    known = f" ({total.not_final})" if total.not_final else ""
    return f"{whose}, {total.report}, {total.granularity} {total.first} to {total.last}: {what} {value}{known}"
