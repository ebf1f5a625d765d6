from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser

from ascrecon import clock
from reports.jobs import enqueue_sync
from reports.management.base import (
    Answer,
    BadInput,
    DoorCommand,
    Exit,
    check_order,
    chosen_account,
    day,
    error_of,
)
from reports.models import Account
from reports.sync.plan import plan_summary
from reports.sync.run import Round, accounts_to_sync, sync_now


class Command(DoorCommand):
    help = "Pulls sales and finance reports, and analytics where the account asks for them. Resumes where it stopped."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--account", metavar="NAME", help="default: every account that is pulled")
        parser.add_argument("--from", type=day, dest="first", metavar="DATE", help="first day, Pacific Time")
        parser.add_argument("--to", type=day, dest="last", metavar="DATE", help="last day, Pacific Time")
        parser.add_argument("--now", action="store_true", help="pull here instead of queueing jobs")
        parser.add_argument("--plan", action="store_true", help="only say what there is to pull")

    def answer(self, options: dict[str, Any]) -> Answer:
        first, last = options["first"], options["last"]
        check_order(first, last)
        accounts = self.accounts(options["account"])
        if options["plan"]:
            return planned(accounts)
        if options["now"]:
            return pulled(sync_now(accounts, first, last, self.progress))
        moment = clock.now() if options["as_of"] else None
        jobs = [job for a in accounts for job in enqueue_sync(a, first, last, as_of=moment)]
        document = {"calls": 0, "rate_remaining": None, "deliveries": 0, "jobs": len(jobs)}
        return Answer(document, [f"{len(jobs)} jobs queued."])

    def accounts(self, name: str | None) -> list[Account]:
        account = chosen_account(name)
        accounts = [account] if account else accounts_to_sync()
        if not accounts:
            raise BadInput("There is no account to pull.", "Add one: account add --name ... --key-id ...")
        for each in accounts:
            if not each.has_key:
                raise BadInput(f"The account {each.name!r} has no key.", "Enter its key on the account's page.")
        return accounts

    def progress(self, done: int, total: int, step: str) -> None:
        """One line that is written over, for people at a terminal only: standard output is for the result."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done}/{total} {step:60}", ending="" if done < total else "\n")


def planned(accounts: Sequence[Account]) -> Answer:
    summaries = [(account.name, plan_summary(account)) for account in accounts]
    document = [
        {
            "account": name,
            "calls": s.calls,
            "done": s.done,
            "remaining": s.remaining,
            "waiting": s.waiting,
            "calls_per_hour": s.calls_per_hour,
            "finishes_at": s.finishes_at,
        }
        for name, s in summaries
    ]
    lines = [f"{name}: {s.sentence}" for name, s in summaries]
    return Answer({"plan": document}, lines)


def pulled(done: Round) -> Answer:
    """What came of it. Where calls failed, the first failure is told as the error, beside what did come."""
    tally = done.tally
    document: dict[str, Any] = {
        "calls": done.calls,
        "rate_remaining": done.rate_remaining,
        "deliveries": tally.deliveries,
        "jobs": done.units,
    }
    lines = [f"{done.calls} calls, {tally.deliveries} new deliveries."]
    problems = [*tally.failures, *tally.unreadable]
    if not problems:
        return Answer(document, lines)
    lines += [f"Failed: {error}" for error in problems]
    return Answer({"error": error_of(problems[0]), **document}, lines, code=Exit.APPLE_FAILED)
