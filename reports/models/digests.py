from __future__ import annotations

from django.db import models

from reports.models.accounts import Account
from reports.models.choices import Severity


class DigestSchedule(models.Model):
    """Who gets the scheduled e-mail, and when."""

    name = models.CharField(max_length=100, default="Daily digest")
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, help_text="empty: all accounts")
    recipients = models.TextField(help_text="one e-mail address per line")
    hour = models.PositiveSmallIntegerField("hour (UTC)", default=6)
    weekdays = models.CharField(max_length=20, default="1,2,3,4,5", help_text="1 is Monday, 7 is Sunday")
    minimum_severity = models.CharField(max_length=8, choices=Severity, default=Severity.LOW)
    enabled = models.BooleanField(default=True)
    last_digest_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return self.name

    @property
    def addresses(self) -> list[str]:
        return [line.strip() for line in self.recipients.splitlines() if line.strip()]


class OutboxMessage(models.Model):
    """One e-mail to one recipient, and whether it went out: written before it is sent."""

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        SENDING = "sending", "sending"
        SENT = "sent", "sent"
        REFUSED = "refused", "refused"
        UNKNOWN = "unknown", "unknown: the connection broke after the text was handed over"

    schedule = models.ForeignKey(DigestSchedule, models.SET_NULL, null=True, blank=True, related_name="messages")
    digest_key = models.CharField(max_length=80, help_text="one digest goes to one recipient once")
    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    message_id = models.CharField("Message-ID", max_length=200, unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "e-mail"
        ordering = ("-created_at", "-id")
        constraints = (models.UniqueConstraint(fields=("digest_key", "recipient"), name="outbox_once"),)

    def __str__(self) -> str:
        return f"{self.recipient}: {self.subject}"
