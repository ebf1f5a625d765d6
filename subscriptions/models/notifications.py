"""What Apple sent: every notification as received, and how many payloads were refused."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from reports.models import Account, App
from subscriptions.models.choices import ChainState, Environment, NotificationState, Quarantine, Source
from subscriptions.moments import moment


class SigningChain(models.Model):
    """A leaf certificate with the one above it; the signature was checked offline, Apple is asked about it later."""

    fingerprint = models.CharField("SHA-256", max_length=64, unique=True)
    subject = models.TextField()
    not_after = models.DateTimeField("valid until")
    certificates = models.JSONField(help_text="leaf, intermediate and root as they stood in the header")
    state = models.CharField(max_length=12, choices=ChainState, default=ChainState.UNCHECKED)
    asked_at = models.DateTimeField(null=True)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.subject

    @property
    def is_distrusted(self) -> bool:
        return self.state == ChainState.DISTRUSTED


class Notification(models.Model):
    """One notification of the App Store, told apart by its `notificationUUID`. Verified before it is stored."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="notifications")
    app = models.ForeignKey(App, models.PROTECT, null=True, blank=True, related_name="notifications")
    environment = models.CharField(max_length=10, choices=Environment)
    address = models.CharField(
        "came to the address for", max_length=10, choices=Environment, blank=True, help_text="empty: not by the webhook"
    )
    uuid = models.UUIDField("notification UUID")
    source = models.CharField(max_length=8, choices=Source)
    state = models.CharField(max_length=12, choices=NotificationState)
    quarantine = models.CharField("why in quarantine", max_length=12, choices=Quarantine, blank=True)
    kind = models.CharField(max_length=200, help_text="the object that it carries: data, summary, ...")
    type = models.CharField(max_length=200)
    subtype = models.CharField(max_length=200, blank=True)
    known = models.BooleanField(default=True, help_text="False for a type that this version has not learned of")
    version = models.CharField(max_length=200, blank=True)
    bundle_id = models.CharField("bundle ID", max_length=200, blank=True)
    app_apple_id = models.BigIntegerField("Apple ID", null=True)
    signed_ms = models.BigIntegerField("signed (ms)")
    received_at = models.DateTimeField("received")
    status = models.SmallIntegerField(null=True)
    original_id = models.CharField("original transaction ID", max_length=200, blank=True)
    transaction_id = models.CharField("transaction ID", max_length=200, blank=True)
    chain = models.ForeignKey(SigningChain, models.PROTECT)
    sha256 = models.CharField("SHA-256 of the payload", max_length=64)
    signed_payload = models.TextField(help_text="as received; empty where a token in it was erased", editable=False)
    payload = models.JSONField(help_text="decoded, without the signed objects in it")
    inner = models.JSONField(default=dict, help_text="the signed objects in it, decoded, by their names")
    inner_sha256 = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    deliveries = models.PositiveIntegerField(default=1, help_text="how often it came")
    last_received_at = models.DateTimeField("received last")

    class Meta:
        ordering = ("-signed_ms", "-id")
        constraints = (models.UniqueConstraint(fields=("account", "uuid"), name="notification_uuid"),)
        indexes = (
            models.Index(fields=("app", "environment", "original_id", "signed_ms"), name="notification_subscription"),
            models.Index(fields=("account", "environment", "-signed_ms"), name="notification_newest"),
            models.Index(fields=("transaction_id",), name="notification_transaction"),
            models.Index(
                fields=("account", "id"), condition=~models.Q(state="processed"), name="notification_unprocessed"
            ),
        )
        permissions = (("replay_notification", "Can run a notification again"),)

    def __str__(self) -> str:
        return f"{self.type} {self.subtype}".strip()

    @property
    def signed_at(self) -> datetime | None:
        return moment(self.signed_ms)


class OtherPayload(models.Model):
    """A payload that came under the UUID of another one. Apple repeats a notification unchanged, so it is no repeat."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="others")
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("notification", "sha256"), name="other_payload"),)

    def __str__(self) -> str:
        return self.sha256


class RefusedPayload(models.Model):
    """How many payloads were refused in one hour, for one reason. The payloads themselves are not kept."""

    account = models.ForeignKey(Account, models.CASCADE)
    environment = models.CharField(max_length=10, choices=Environment)
    hour = models.DateTimeField()
    reason = models.CharField(max_length=20)
    count = models.PositiveBigIntegerField(default=1)
    last_at = models.DateTimeField("last")
    last_address = models.CharField("from", max_length=64, blank=True)
    last_sha256 = models.CharField("SHA-256 of the last one", max_length=64)
    sentence = models.TextField()

    class Meta:
        ordering = ("-hour", "reason")
        constraints = (
            models.UniqueConstraint(fields=("account", "environment", "hour", "reason"), name="refused_payload"),
        )

    def __str__(self) -> str:
        return f"{self.count} refused: {self.sentence}"
