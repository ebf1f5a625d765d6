"""When a digest is due, and writing its mails into the outbox."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.db import transaction

from reports.digest.compose import Digest, compose
from reports.digest.outbox import send_waiting
from reports.models import DigestSchedule, OutboxMessage, Severity

DAYS_IN_WEEK = 7


def send_due_digests(now: datetime) -> list[OutboxMessage]:
    """Write the digests that are due at `now` (aware) into the outbox, then send what waits there.

    However long nothing ran: one digest covers all of it, never one per missed day.
    """
    for schedule in DigestSchedule.objects.filter(enabled=True).order_by("pk"):
        slot = latest_slot(schedule, now)
        if slot is not None and (schedule.last_digest_at is None or schedule.last_digest_at < slot):
            write_digest(schedule, now, key=slot.isoformat())
    return send_waiting(now)


def latest_slot(schedule: DigestSchedule, now: datetime) -> datetime | None:
    """The last moment at or before `now` for which the schedule wants a digest; None where it names no weekday."""
    weekdays = {day.strip() for day in schedule.weekdays.split(",")}
    today = now.astimezone(UTC).replace(hour=schedule.hour, minute=0, second=0, microsecond=0)
    slots = (today - timedelta(days=n) for n in range(DAYS_IN_WEEK + 1))
    return next((s for s in slots if s <= now and str(s.isoweekday()) in weekdays), None)


@transaction.atomic
def write_digest(schedule: DigestSchedule, now: datetime, *, key: str) -> list[OutboxMessage]:
    """One outbox row per recipient, and the schedule's mark moved, together: a crash leaves both or none.

    `key` names the digest; the same one is written once for each recipient, whoever asks again.
    """
    locked = DigestSchedule.objects.select_for_update().get(pk=schedule.pk)
    digest = digest_of(locked, now)
    digest_key = f"{schedule.pk}:{key}"
    OutboxMessage.objects.bulk_create(
        (_message(locked, digest, digest_key, recipient, now) for recipient in dict.fromkeys(locked.addresses)),
        ignore_conflicts=True,
    )
    locked.last_digest_at = now
    locked.save(update_fields=["last_digest_at"])
    return list(OutboxMessage.objects.filter(digest_key=digest_key).order_by("pk"))


def digest_of(schedule: DigestSchedule, now: datetime) -> Digest:
    return compose(schedule.account, Severity(schedule.minimum_severity), schedule.last_digest_at, now)


def _message(schedule: DigestSchedule, digest: Digest, digest_key: str, recipient: str, now: datetime) -> OutboxMessage:
    return OutboxMessage(
        schedule=schedule,
        digest_key=digest_key,
        recipient=recipient,
        subject=digest.subject,
        body=digest.body,
        message_id=message_id(digest_key, recipient),
        created_at=now,
    )


def message_id(digest_key: str, recipient: str) -> str:
    """The same for the same digest and recipient, so that a mail sent twice can be told as one."""
    name = hashlib.sha256(f"{digest_key}\n{recipient}\n{settings.SECRET_KEY}".encode()).hexdigest()[:32]
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{name}@{domain}>"
