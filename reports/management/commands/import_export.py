from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.db import transaction

from reports.management.base import Answer, BadInput, DoorCommand, chosen_account, day
from reports.management.commands.load_report import existing
from reports.models import Delivery, DeliveryState, Kind
from reports.services.summaries import delivery_json, delivery_line
from reports.services.uploads import ImportOptions, Refused, confirm, preview


class Command(DoorCommand):
    help = "Import CSV files that a person exported from the web console. The kind is recognised from the content."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a .csv, .txt, .gz or .zip")
        parser.add_argument("--account", help="the account's name; left out, it is found from the file")
        parser.add_argument("--app", type=int, metavar="APPLE_ID", help="the app's Apple ID")
        parser.add_argument(
            "--kind", choices=[Kind.A1, Kind.A2, Kind.P, Kind.F1, Kind.F2, Kind.R], help="refuse any other kind"
        )
        parser.add_argument(
            "--fiscal-month", default="", metavar="YYYY-MM", help="Apple's fiscal month of a payments file"
        )
        parser.add_argument("--from", dest="start", type=day, metavar="D", help="first day of the export")
        parser.add_argument("--to", dest="end", type=day, metavar="D", help="last day of the export")
        parser.add_argument("--timezone", default="", choices=["", "UTC", "PT"], help="whose midnight ends its days")
        parser.add_argument("--currency", default="", help="ISO code of amounts that carry none")
        parser.add_argument("--dry-run", action="store_true", help="recognise only; nothing counts")
        parser.add_argument("--accept-rejects", action="store_true", help="count a file although rows were rejected")

    def answer(self, options: dict[str, Any]) -> Answer:
        with transaction.atomic():
            deliveries = [delivery for path in options["files"] for delivery in self._import(existing(path), options)]
            document = [delivery_json(d) for d in deliveries]
            lines = [delivery_line(d) for d in deliveries]
            if options["dry_run"]:
                transaction.set_rollback(True)
        return Answer(document, lines)

    def _import(self, path: Path, options: dict[str, Any]) -> list[Delivery]:
        previewed = preview(path, path.name, options=_said(options))
        return previewed if options["dry_run"] else [_confirmed(d, options["accept_rejects"]) for d in previewed]


def _said(options: dict[str, Any]) -> ImportOptions:
    return ImportOptions(
        account=chosen_account(options["account"]),
        app_apple_id=options["app"],
        kind=options["kind"] or "",
        fiscal_month=options["fiscal_month"],
        period_start=options["start"],
        period_end=options["end"],
        timezone=options["timezone"],
        currency=options["currency"].upper(),
    )


def _confirmed(delivery: Delivery, accept_rejects: bool) -> Delivery:
    if delivery.state == DeliveryState.LOADED:
        return delivery
    try:
        return confirm(delivery, accept_rejects=accept_rejects)
    except Refused as refused:
        reject = delivery.rejects.first()
        seen = f"{refused} First: {reject.why} ({reject.column}: {reject.seen!r})." if reject else str(refused)
        do = "Correct the file, or accept the loss with --accept-rejects."
        raise BadInput(seen, do, file=delivery.file_name, line=reject.line if reject else None) from refused
