"""What every command of the project shares: `--json`, `--as-of`, `--fail-on`, the exit codes, plain errors.

Exit codes: 0 done, 1 done with open findings at or above `--fail-on`, 2 bad input or usage, 3 Apple or the network
failed. On 2 and 3 `--json` prints `{"error": {"file", "line", "seen", "do"}}` and nothing else on standard output.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import IntEnum
from typing import Any, NoReturn

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from ascrecon import clock
from ascrecon.appstore import AppStoreError, CredentialError
from ascrecon.crypto import DecryptionError
from reports.files.errors import BadFile, FileError
from reports.models import Account, App, Finding, Severity
from reports.models.choices import UNFINISHED


class Exit(IntEnum):
    DONE = 0
    FINDINGS = 1
    BAD_INPUT = 2
    APPLE_FAILED = 3


@dataclass(frozen=True)
class Answer:
    """What a command found out: the JSON document, the same as lines for people, and how it ends.

    `open_severities` are those of the findings that `--fail-on` judges; None stands for every unfinished finding in
    the database. `code` is for a command that has something to print although Apple failed.
    """

    document: object
    lines: Sequence[str] = ()
    open_severities: Iterable[str] | None = None
    code: Exit = Exit.DONE


class BadInput(Exception):
    """Wrong options or a value that cannot be used: what was seen, and what to do about it."""

    def __init__(self, seen: str, do: str, *, file: str = "", line: int | None = None) -> None:
        self.error: FileError = {"file": file, "line": line, "seen": seen, "do": do}
        super().__init__(f"{seen} {do}".strip())


#: What is told in one sentence. Everything else is a fault of this program and keeps its traceback.
EXPECTED = (
    AppStoreError,
    BadFile,
    BadInput,
    CredentialError,
    DecryptionError,
    ImproperlyConfigured,
    ValidationError,
)


class DoorCommand(BaseCommand):
    """A command that others rely on. Write `answer`; add options in `add_options`.

    While `answer` runs the clock stands where `--as-of` puts it, so it only ever asks the clock.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_options(parser)
        self.add_door_options(parser)

    def add_options(self, parser: CommandParser) -> None:
        """Options of the command itself."""

    def add_door_options(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")
        parser.add_argument("--as-of", type=day, metavar="DATE", help="look at things as they stood on that day")
        parser.add_argument(
            "--fail-on",
            choices=Severity.values,
            help="exit with 1 when a finding of this severity or a higher one is open",
        )

    def answer(self, options: dict[str, Any]) -> Answer:
        raise NotImplementedError

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Wrong usage becomes a CommandError, so that `--json` can carry it; argparse would print and exit.
        self._called_from_command_line = False
        return super().create_parser(prog_name, subcommand, **kwargs)

    def run_from_argv(self, argv: list[str]) -> None:
        try:
            super().run_from_argv(argv)
        except CommandError as exc:
            seen = str(exc).removeprefix("Error: ")
            do = f"See `{' '.join(argv[:2])} --help`."
            self.refuse(Exit.BAD_INPUT, BadInput(seen, do).error, f"{seen}. {do}", as_json="--json" in argv)

    def handle(self, *args: Any, **options: Any) -> None:
        as_json: bool = options["json"]
        try:
            with clock.standing_at(moment_of(options["as_of"])):
                answer = self.answer(options)
                code = answer.code or verdict(answer.open_severities, options["fail_on"])
        except EXPECTED as exc:
            self.refuse(exit_of(exc), error_of(exc), sentence_of(exc), as_json=as_json)
        self.show(answer, as_json=as_json)
        if code:
            sys.exit(code)

    def show(self, answer: Answer, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(answer.document, cls=DjangoJSONEncoder, ensure_ascii=False))
            return
        for line in answer.lines:
            self.stdout.write(line)

    def refuse(self, code: Exit, error: FileError, sentence: str, *, as_json: bool) -> NoReturn:
        if as_json:
            self.stdout.write(json.dumps({"error": error}, cls=DjangoJSONEncoder, ensure_ascii=False))
        self.stderr.write(sentence)
        sys.exit(code)


def exit_of(exc: Exception) -> Exit:
    return Exit.APPLE_FAILED if isinstance(exc, AppStoreError) else Exit.BAD_INPUT


def error_of(exc: Exception) -> FileError:
    """The `error` object of `--json`. `file` is the file's name, or the API's path where Apple refused."""
    if isinstance(exc, BadFile):
        return exc.as_error()
    if isinstance(exc, BadInput):
        return exc.error
    if isinstance(exc, AppStoreError):
        seen = str(exc).removeprefix(f"{exc.method} {exc.path}: ")
        return {"file": exc.path, "line": None, "seen": seen, "do": exc.what_to_do}
    seen, do = seen_and_do(sentence_of(exc))
    return {"file": "", "line": None, "seen": seen, "do": do}


def seen_and_do(sentences: str) -> tuple[str, str]:
    """Apart what was seen, the first sentence, and what to do, the others; a single one says both."""
    seen, full_stop, do = sentences.partition(". ")
    return f"{seen}." if full_stop else seen, do or "Correct it and try again."


def sentence_of(exc: Exception) -> str:
    if isinstance(exc, ValidationError):
        return " ".join(exc.messages)
    if isinstance(exc, AppStoreError):
        return exc.sentences
    return str(exc)


def verdict(open_severities: Iterable[str] | None, fail_on: str | None) -> Exit:
    """`Exit.FINDINGS` when one of the severities is at or above `fail_on`; without `fail_on` never."""
    if fail_on is None:
        return Exit.DONE
    if open_severities is None:
        open_severities = Finding.objects.filter(state__in=UNFINISHED).values_list("severity", flat=True).distinct()
    worst = max((Severity(severity).rank for severity in open_severities), default=-1)
    return Exit.FINDINGS if worst >= Severity(fail_on).rank else Exit.DONE


def day(text: str) -> date:
    """An argparse type: an ISO date."""
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise ArgumentTypeError(f"{text!r} is not a date, write it as 2026-11-20") from exc


def check_order(first: date | None, last: date | None) -> None:
    if first and last and first > last:
        raise BadInput(f"--from {first} lies after --to {last}.", "Swap the two days.")


def moment_of(as_of: date | None) -> datetime | None:
    """Where the clock stands for `--as-of`: the end of that day in UTC, which is the same day in Pacific Time.

    None where it need not be moved: today's end lies ahead, and nothing that is due by then is due yet.
    """
    if as_of is None or as_of == clock.now().date():
        return None
    return datetime.combine(as_of, time(23, 59, 59), UTC)


def chosen_account(name: str | None) -> Account | None:
    """The account of `--account`, None without it; an unknown name is refused with the names that exist."""
    if not name:
        return None
    account = Account.objects.filter(name=name).first()
    if account is None:
        known = Account.objects.values_list("name", flat=True)
        raise BadInput(f"There is no account named {name!r}.", f"Accounts: {_listed(known)}.")
    return account


def chosen_app(apple_id: int | None) -> App | None:
    """The app of `--app`, None without it; an unknown id is refused with the ids that exist."""
    if apple_id is None:
        return None
    app = App.objects.filter(apple_id=apple_id, merged_into=None).first()
    if app is None:
        known = App.objects.exclude(apple_id=None).order_by("apple_id").values_list("apple_id", flat=True)
        raise BadInput(f"There is no app with the Apple ID {apple_id}.", f"Apps: {_listed(known)}.")
    return app


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names)) or "none yet"
