from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from ascrecon import clock
from reports.digest.compose import Digest, compose
from reports.digest.outbox import send_waiting
from reports.digest.schedule import digest_of, write_digest
from reports.management.base import Answer, BadInput, DoorCommand
from reports.models import DigestSchedule, OutboxMessage, Severity


class Command(DoorCommand):
    help = "Sends the digest now, whatever the hour, to the recipients of every enabled schedule."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only show what would be sent")

    def answer(self, options: dict[str, Any]) -> Answer:
        schedules = list(DigestSchedule.objects.filter(enabled=True).order_by("pk"))
        if options["dry_run"]:
            return shown(schedules)
        if not schedules:
            raise BadInput("No digest is scheduled.", "Add one in the admin, or look at it with --dry-run.")
        return sent(schedules)


def shown(schedules: list[DigestSchedule]) -> Answer:
    """The digests as they would go out; without a schedule the one of all accounts."""
    now = clock.now()
    digests = [(schedule.name, digest_of(schedule, now), schedule.addresses) for schedule in schedules]
    if not digests:
        digests = [("All accounts", compose(None, Severity.LOW, None, now), [])]
    documents = [told(name, digest, [{"recipient": to} for to in people]) for name, digest, people in digests]
    lines = [line for _, digest, _ in digests for line in (f"Subject: {digest.subject}", "", digest.body)]
    return Answer({"digests": documents}, lines)


def sent(schedules: list[DigestSchedule]) -> Answer:
    now = clock.now()
    written = []
    for schedule in schedules:
        digest = digest_of(schedule, now)
        written.append((schedule.name, digest, write_digest(schedule, now, key=now.isoformat())))
    send_waiting(now)
    documents = [told(name, digest, [state_of(m) for m in messages]) for name, digest, messages in written]
    lines = [f"{m['recipient']}: {m['state']} {m['error']}".strip() for d in documents for m in d["messages"]]
    return Answer({"digests": documents}, lines)


def told(name: str, digest: Digest, messages: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "schedule": name,
        "subject": digest.subject,
        "body": digest.body,
        "since": digest.since,
        "counts": digest.counts,
        "messages": messages,
    }


def state_of(message: OutboxMessage) -> dict[str, str]:
    message.refresh_from_db()
    return {"recipient": message.recipient, "state": message.state, "error": message.error}
