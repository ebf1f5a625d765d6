from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.db import transaction

from reports.files.errors import BadFile
from reports.management.base import Answer, DoorCommand, chosen_account, day
from reports.models import Delivery
from reports.services.deliveries import load_report_file
from reports.services.summaries import delivery_json, delivery_line
from reports.services.uploads import accept_held


class Command(DoorCommand):
    help = "Load report files of the API that were downloaded earlier. The kind is recognised from the content."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a .txt, .tsv, .gz or .zip")
        parser.add_argument(
            "--account", help="the account's name; left out, the vendor number in the file name decides"
        )
        parser.add_argument("--date", type=day, help="the day of a file whose rows tell none")
        parser.add_argument("--accept-rejects", action="store_true", help="count a file although rows were rejected")

    def answer(self, options: dict[str, Any]) -> Answer:
        account = chosen_account(options["account"])
        with transaction.atomic():
            deliveries = [
                delivery
                for path in options["files"]
                for delivery in load_report_file(existing(path), account=account, day=options["date"])
            ]
            deliveries = [_accepted(delivery, options["accept_rejects"]) for delivery in deliveries]
        return Answer([delivery_json(d) for d in deliveries], [delivery_line(d) for d in deliveries])


def _accepted(delivery: Delivery, accept: bool) -> Delivery:
    return accept_held(delivery) if accept and delivery.state == "held" else delivery


def existing(path: Path) -> Path:
    if not path.exists():
        raise BadFile(file=str(path), seen="no such file", do="check the path")
    if not path.is_file():
        raise BadFile(file=str(path), seen="a folder or a device, not a file", do="name the files in it")
    if not os.access(path, os.R_OK):
        raise BadFile(file=str(path), seen="a file that may not be read", do="give yourself the right to read it")
    return path
