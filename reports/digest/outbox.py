"""Sends what waits in the outbox, one mail per recipient, so that each has a state of its own.

A row says `sending`, committed, before the connection is used. A row found so later was in a process that died, and
whether its mail went out is not known: as after a connection that broke when the text was handed over, it is sent
once more under the same Message-ID, marked as a possible duplicate, and then never again.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q

from reports.models import OutboxMessage

State = OutboxMessage.State
#: Waits between tries, about a day in all; after the last one the mail is given up and shown as refused.
WAITS = tuple(timedelta(minutes=m) for m in (5, 15, 60, 180, 360, 720))
#: A process that takes longer to send one mail is dead: EMAIL_TIMEOUT is far shorter.
SENDING_AT_MOST = timedelta(minutes=15)
FOR_GOOD = 500
DUPLICATE = "This mail may reach you twice: whether the first sending arrived is not known.\n\n"


def send_waiting(now: datetime) -> list[OutboxMessage]:
    """Send what is due at `now` (aware). Returns the rows that were tried, with their new states."""
    tried = []
    for message in OutboxMessage.objects.filter(_due(now)).order_by("pk"):
        if _claim(message, now):
            _send(message, now)
            tried.append(message)
    return tried


def _due(now: datetime) -> Q:
    waiting = Q(state=State.QUEUED) & (Q(next_try=None) | Q(next_try__lte=now))
    doubtful = Q(state__in=(State.SENDING, State.UNKNOWN), next_try__lte=now)
    return waiting | doubtful


def _claim(message: OutboxMessage, now: datetime) -> bool:
    """Takes the row for this process, committed before anything is sent; False where another was quicker."""
    doubtful = message.state in (State.SENDING, State.UNKNOWN)
    taken = OutboxMessage.objects.filter(pk=message.pk, state=message.state, attempts=message.attempts).update(
        state=State.SENDING, attempts=message.attempts + 1, next_try=now + SENDING_AT_MOST
    )
    if not taken:
        return False
    message.attempts += 1
    if doubtful and not message.body.startswith(DUPLICATE):
        message.body = DUPLICATE + message.body
        message.save(update_fields=["body"])
    return True


def _send(message: OutboxMessage, now: datetime) -> None:
    doubtful = message.body.startswith(DUPLICATE)
    try:
        with _connection() as connection:
            _hand_over(connection, message, now, doubtful=doubtful)
    except (OSError, smtplib.SMTPException) as exc:
        # Nothing was handed over yet: the server is not there, or does not want to speak with us.
        _postpone(message, now, str(exc))


@contextmanager
def _connection() -> Iterator[BaseEmailBackend]:
    connection = get_connection(timeout=getattr(settings, "EMAIL_TIMEOUT", None) or 20)
    connection.open()
    try:
        yield connection
    finally:
        _close(connection)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        return  # the mail's fate is known by now; a farewell that fails changes nothing


def _hand_over(connection: BaseEmailBackend, message: OutboxMessage, now: datetime, *, doubtful: bool) -> None:
    try:
        connection.send_messages([_mail(message)])
    except smtplib.SMTPRecipientsRefused as exc:
        _refused(message, now, *next(iter(exc.recipients.values())))
    except smtplib.SMTPResponseException as exc:
        _refused(message, now, exc.smtp_code, exc.smtp_error)
    except (OSError, smtplib.SMTPException) as exc:
        _unknown(message, now, str(exc), doubtful=doubtful)
    else:
        _settle(message, State.SENT, "", sent_at=now)


def _mail(message: OutboxMessage) -> EmailMessage:
    return EmailMessage(
        subject=message.subject,
        body=message.body,
        to=[message.recipient],
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"},
    )


def _refused(message: OutboxMessage, now: datetime, code: int, words: bytes | str) -> None:
    """5xx is the server's last word; 4xx (greylisting, a full box) may be another one later (RFC 5321, 4.2.1)."""
    said = f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
    if code >= FOR_GOOD:
        _settle(message, State.REFUSED, said)
    else:
        _postpone(message, now, said)


def _postpone(message: OutboxMessage, now: datetime, why: str) -> None:
    if message.attempts > len(WAITS):
        _settle(message, State.REFUSED, f"Given up after {message.attempts} tries: {why}")
        return
    _settle(message, State.QUEUED, why, next_try=now + WAITS[message.attempts - 1])


def _unknown(message: OutboxMessage, now: datetime, why: str, *, doubtful: bool) -> None:
    again = None if doubtful else now + WAITS[0]
    _settle(message, State.UNKNOWN, why, next_try=again)


def _settle(
    message: OutboxMessage,
    state: OutboxMessage.State,
    error: str,
    *,
    sent_at: datetime | None = None,
    next_try: datetime | None = None,
) -> None:
    message.state, message.error, message.next_try, message.sent_at = state, error, next_try, sent_at
    message.save(update_fields=["state", "error", "next_try", "sent_at"])
