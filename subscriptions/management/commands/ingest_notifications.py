from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ascrecon.storeserver.refusals import Refused, RootsMissing
from reports.files.errors import BadFile
from reports.management.base import Answer, BadInput, DoorCommand, chosen_account
from reports.management.commands.load_report import existing
from reports.models import Account
from reports.wording import counted
from subscriptions.models import Environment, Source
from subscriptions.services.intake import take_in
from subscriptions.services.processing import process_received
from subscriptions.webhook import signed_payload_of

LONGEST_LINE = 256 * 1024


@dataclass
class Told:
    """What became of the lines of one file."""

    file: str
    lines: int = 0
    new: int = 0
    repeats: int = 0
    quarantined: int = 0
    rejections: list[dict[str, Any]] = field(default_factory=list)

    def sentence(self) -> str:
        text = (
            f"{self.file}: {counted(self.lines, 'line')}, {self.new} new, {self.repeats} known already, "
            f"{self.quarantined} in quarantine, {len(self.rejections)} refused"
        )
        return "\n  ".join([text, *(f"line {each['line']}: {each['why']}" for each in self.rejections[:20])])


class Command(DoorCommand):
    help = (
        "Take in signed notifications from files, one signedPayload a line, as the webhook would take them. A line may "
        "also be the whole body that Apple sends. Each line counts for itself."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a text file")
        parser.add_argument("--account", help="the account's name; left out where there is only one")
        parser.add_argument(
            "--environment",
            choices=Environment.values,
            help="take them as if they came to the address of that environment; left out, each goes where it says",
        )

    def answer(self, options: dict[str, Any]) -> Answer:
        account = _account(options["account"])
        environment = Environment(options["environment"]) if options["environment"] else None
        files = [existing(path) for path in options["files"]]
        try:
            told = [_take_in_file(path, account, environment) for path in files]
        except RootsMissing as exc:
            seen, _, do = str(exc).partition(": ")
            raise BadInput(f"{seen}.", f"{do[:1].upper()}{do[1:]}") from exc
        process_received(account)
        return Answer([vars(each) for each in told], [each.sentence() for each in told])


def _account(name: str | None) -> Account:
    chosen = chosen_account(name)
    real = list(Account.objects.filter(provisional=False)[:2])
    if chosen is None and len(real) == 1:
        return real[0]
    if chosen is None or chosen.provisional:
        raise BadInput("It is not clear for which account these are.", "Name one with --account.")
    return chosen


def _take_in_file(path: Path, account: Account, environment: Environment | None) -> Told:
    told = Told(str(path))
    for number, line in _lines(path):
        told.lines += 1
        try:
            _take_in_line(line, account, environment, told)
        except Refused as refused:
            told.rejections.append({"line": number, "reason": refused.reason, "why": str(refused)})
    if not told.lines:
        raise BadFile(file=str(path), seen="an empty file", do="name a file with one signedPayload a line")
    if len(told.rejections) == told.lines:
        first = told.rejections[0]
        raise BadFile(
            file=str(path), line=first["line"], seen=f"no line that Apple signed. {first['why']}",
            do="check that each line is a signedPayload, and that the right root certificates are there",
        )  # fmt: skip
    return told


def _take_in_line(line: bytes, account: Account, environment: Environment | None, told: Told) -> None:
    payload = signed_payload_of(line) if line.startswith(b"{") else line.decode("ascii", errors="replace")
    taken = take_in(payload, account=account, environment=environment, source=Source.FILE)
    told.quarantined += taken.is_quarantined
    told.new += taken.new and not taken.is_quarantined
    told.repeats += not taken.new


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not empty, with their numbers. Of a longer one only the start is read, so it is refused."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            rest = line
            while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
                rest = file.readline(LONGEST_LINE)
            if line.strip():
                yield number, line.strip()
