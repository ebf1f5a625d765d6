from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from ascrecon.crypto import decrypt, encrypt


class Account(models.Model):
    """One App Store Connect team with its API key. A provisional account stands for a file that came first."""

    class KeyKind(models.TextChoices):
        TEAM = "team", "Team key"
        INDIVIDUAL = "individual", "Individual key"

    name = models.CharField(max_length=200, unique=True)
    issuer_id = models.CharField("issuer ID", max_length=64, blank=True)
    key_id = models.CharField("key ID", max_length=32, blank=True)
    private_key_encrypted = models.TextField(blank=True, editable=False)
    key_kind = models.CharField(max_length=10, choices=KeyKind, default=KeyKind.TEAM)
    base_url = models.URLField("address of the API", default="https://api.appstoreconnect.apple.com", max_length=200)
    provisional = models.BooleanField(default=False, help_text="Made for a file that came before its account.")
    sync_enabled = models.BooleanField("pull every day", default=True)
    pull_analytics = models.BooleanField(
        "pull analytics reports",
        default=True,
        help_text="Asks Apple for the analytics reports of every app. Making the request needs an Admin key once; "
        "another key reads what an Admin has asked for.",
    )
    connection = models.JSONField("last connection test", default=list, blank=True, editable=False)
    connection_tested_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def private_key(self) -> str:
        """The .p8 text; raises `ascrecon.crypto.DecryptionError` when it was kept with another encryption key."""
        return decrypt(self.private_key_encrypted) if self.private_key_encrypted else ""

    @private_key.setter
    def private_key(self, pem: str) -> None:
        self.private_key_encrypted = encrypt(pem)

    @property
    def has_key(self) -> bool:
        return bool(self.private_key_encrypted and self.key_id)


class Vendor(models.Model):
    """A vendor number of an account: the legal entity whose sales and finance reports Apple makes."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="vendors")
    number = models.CharField("vendor number", max_length=20, unique=True)
    label = models.CharField(max_length=100, blank=True)
    sells_subscriptions = models.BooleanField(
        default=False, editable=False, help_text="A sales report of it names an auto-renewable subscription."
    )
    no_subscription_reports_until = models.DateField(
        null=True,
        blank=True,
        editable=False,
        help_text="Apple has no subscription reports for it; from this day on it is asked again.",
    )

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return self.number


class App(models.Model):
    account = models.ForeignKey(Account, models.PROTECT, related_name="apps")
    apple_id = models.BigIntegerField("Apple ID", null=True, blank=True)
    bundle_id = models.CharField("bundle ID", max_length=255, blank=True)
    sku = models.CharField("SKU", max_length=255, blank=True)
    name = models.CharField(max_length=600, blank=True)
    provisional = models.BooleanField(default=False, help_text="Known only from a file so far.")
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, editable=False)

    class Meta:
        ordering = ("name", "apple_id")
        constraints = (
            models.UniqueConstraint(
                fields=("account", "apple_id"), condition=models.Q(apple_id__isnull=False), name="app_apple_id"
            ),
            models.UniqueConstraint("account", Lower("sku"), condition=~models.Q(sku=""), name="app_sku"),
        )

    def __str__(self) -> str:
        return self.name or self.sku or str(self.apple_id or "app without a name")


class AppName(models.Model):
    """A name under which files called an app: store names change, and console exports know an app by name only."""

    app = models.ForeignKey(App, models.CASCADE, related_name="names")
    name = models.CharField(max_length=600)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("app", "name"), name="app_name"),)

    def __str__(self) -> str:
        return self.name
