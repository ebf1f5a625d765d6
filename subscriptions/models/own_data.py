"""Data that only the publisher has: uploaded files, what became of each of their lines, and their rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from reports.models import Account, App
from subscriptions.models.choices import DataKind, DataState


class DataUpload(models.Model):
    """One file. The newest loaded one of a kind replaces the older ones as a set; these stay readable.

    For an app its own upload goes before one for all apps of the account. Newest is decided by the moment at which the
    list was taken, then by receipt. `stored_as` is empty where the bytes were removed for the sake of a token in them.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="data_uploads")
    app = models.ForeignKey(App, models.PROTECT, null=True, blank=True, related_name="data_uploads")
    kind = models.CharField(max_length=16, choices=DataKind)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.BigIntegerField(help_text="bytes")
    stored_as = models.CharField(max_length=200, blank=True, editable=False)
    taken_at = models.DateTimeField("taken", help_text="the moment of which the list tells")
    received_at = models.DateTimeField("received")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    state = models.CharField(max_length=10, choices=DataState)
    message = models.TextField(blank=True)
    rows_read = models.BigIntegerField(default=0)
    rows_accepted = models.BigIntegerField(default=0)
    rows_rejected = models.BigIntegerField(default=0)
    rejects_accepted_by = models.CharField(max_length=150, blank=True)
    warnings = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = "own data"
        verbose_name_plural = "own data"
        ordering = ("-received_at", "-id")
        indexes = (models.Index(fields=("account", "kind", "-taken_at"), name="data_upload_newest"),)
        permissions = (("upload_dataupload", "Can upload, accept and withdraw own data"),)

    def __str__(self) -> str:
        return self.file_name


class DataReject(models.Model):
    """A line that was not loaded, with what was seen and why."""

    upload = models.ForeignKey(DataUpload, models.CASCADE, related_name="rejects")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=100, blank=True)
    seen = models.TextField(blank=True)
    why = models.TextField()

    class Meta:
        ordering = ("upload", "line")

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


class OwnRow(models.Model):
    """A row of a file; its number is `upload << 32 | line`."""

    id = models.BigIntegerField(primary_key=True)
    upload = models.ForeignKey(DataUpload, models.CASCADE, related_name="+")

    class Meta:
        abstract = True

    @property
    def line(self) -> int:
        return int(self.pk) & 0xFFFFFFFF


class LoginRow(OwnRow):
    """An app login that exists. Tokens are in lower case, here and below."""

    token = models.CharField("app account token", max_length=200)

    def __str__(self) -> str:
        return f"line {self.line}"


class EntitlementRow(OwnRow):
    """Who has access to what: by a token and a product, or by a subscription. Times are milliseconds."""

    token = models.CharField("app account token", max_length=200, blank=True)
    original_id = models.CharField("original transaction ID", max_length=200, blank=True)
    product_id = models.CharField("product ID", max_length=200, blank=True)
    from_ms = models.BigIntegerField("since", null=True)
    until_ms = models.BigIntegerField("until", null=True)

    def __str__(self) -> str:
        return f"line {self.line}"


class PriceRow(OwnRow):
    """A price that a customer may be charged, in milliunits; an empty storefront: every one with this currency."""

    product_id = models.CharField("product ID", max_length=200)
    storefront = models.CharField(max_length=3, blank=True)
    currency = models.CharField(max_length=3)
    price = models.BigIntegerField("price (milliunits)")
    valid_from = models.DateField("valid from", null=True)
    valid_until = models.DateField("valid until", null=True)

    def __str__(self) -> str:
        return f"line {self.line}"


class TokenChangeRow(OwnRow):
    """A call of Set App Account Token that the publisher made itself."""

    original_id = models.CharField("original transaction ID", max_length=200)
    token = models.CharField("token that was set", max_length=200)
    changed_ms = models.BigIntegerField("set at")

    def __str__(self) -> str:
        return f"line {self.line}"
