"""What is needed to ask the App Store Server API, and how far it was asked."""

from __future__ import annotations

from django.db import models

from ascrecon.crypto import decrypt, encrypt
from reports.models import Account, App
from subscriptions.models.choices import Environment


class ServerKey(models.Model):
    """An account's In-App Purchase key, encrypted at rest. An empty address: that environment is not asked."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="server_key")
    key_id = models.CharField("key ID", max_length=32)
    issuer_id = models.CharField("issuer ID", max_length=64)
    private_key_encrypted = models.TextField(editable=False)
    production_url = models.URLField("production", default="https://api.storekit.apple.com", max_length=200)
    sandbox_url = models.URLField(
        "sandbox", default="https://api.storekit-sandbox.apple.com", max_length=200, blank=True
    )

    def __str__(self) -> str:
        return self.key_id

    @property
    def private_key(self) -> str:
        """The .p8 text; raises `ascrecon.crypto.DecryptionError` when it was kept with another encryption key."""
        return decrypt(self.private_key_encrypted)

    @private_key.setter
    def private_key(self, pem: str) -> None:
        self.private_key_encrypted = encrypt(pem)

    def url_of(self, environment: str) -> str:
        return self.production_url if environment == Environment.PRODUCTION else self.sandbox_url


class BackFill(models.Model):
    """How far the notification history of an app was read; a page that was begun is gone on with."""

    app = models.ForeignKey(App, models.CASCADE, related_name="back_fills")
    environment = models.CharField(max_length=10, choices=Environment)
    covered_until_ms = models.BigIntegerField(null=True)
    page_start_ms = models.BigIntegerField(null=True)
    page_end_ms = models.BigIntegerField(null=True)
    page_token = models.TextField(blank=True)
    read = models.PositiveBigIntegerField(default=0, help_text="notifications that Apple listed")
    recovered = models.PositiveBigIntegerField(default=0, help_text="of these the ones that had not come")
    asked_at = models.DateTimeField("asked last", null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("app", "environment"), name="back_fill"),)

    def __str__(self) -> str:
        return f"{self.app}, {self.environment}"


class HistoryCursor(models.Model):
    """Up to which revision the transactions behind a subscription were fetched."""

    app = models.ForeignKey(App, models.CASCADE)
    environment = models.CharField(max_length=10, choices=Environment)
    original_id = models.CharField("original transaction ID", max_length=200)
    revision = models.TextField(blank=True)
    asked_at = models.DateTimeField("asked last", null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("app", "environment", "original_id"), name="history_cursor"),)

    def __str__(self) -> str:
        return self.original_id
