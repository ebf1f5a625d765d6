"""The tokens of this app's columns. Extend them; never rename one."""

from __future__ import annotations

from django.db import models


class Environment(models.TextChoices):
    """Apple's two worlds. Sandbox is kept apart and is in no total."""

    PRODUCTION = "production", "Production"
    SANDBOX = "sandbox", "Sandbox"

    @property
    def in_payloads(self) -> str:
        """As Apple writes it in signed payloads."""
        return self.value.capitalize()


class Source(models.TextChoices):
    """By which way signed data came."""

    WEBHOOK = "webhook", "sent by Apple"
    HISTORY = "history", "fetched from Apple"
    FILE = "file", "from a file"


class NotificationState(models.TextChoices):
    RECEIVED = "received", "received, not worked in yet"
    PROCESSED = "processed", "worked in"
    QUARANTINED = "quarantined", "in quarantine: counts nothing"


class Quarantine(models.TextChoices):
    """Why a notification that Apple did sign counts nothing."""

    UNKNOWN_APP = "unknown_app", "The app is not among this account's apps"
    APP_ID = "app_id", "The Apple ID is not the one of the app with this bundle ID"
    ENVIRONMENT = "environment", "It came to the address of the other environment"
    DISTRUSTED = "distrusted", "The certificate that signed it is distrusted"


class CustomerKey(models.TextChoices):
    """What a customer is told apart by, best first."""

    APP_TRANSACTION = "app_transaction", "Apple Account (appTransactionId)"
    TOKEN = "token", "App login (appAccountToken)"
    SUBSCRIPTION = "subscription", "Subscription alone"


class OwnerSource(models.TextChoices):
    """How a token came to a subscription."""

    PURCHASE = "purchase", "given with a purchase or a change"
    RENEWAL = "renewal", "came with a renewal"
    SET = "set", "set on a purchase that was there already"


class RefundKind(models.TextChoices):
    REFUND = "refund", "Refund"
    REVERSAL = "reversal", "Refund taken back"


class ChainState(models.TextChoices):
    """What Apple's responder says about the certificates behind a signature (OCSP), and what a person decided."""

    UNCHECKED = "unchecked", "not asked yet"
    GOOD = "good", "good"
    DOUBTFUL = "doubtful", "not confirmed by the responder"
    UNREACHABLE = "unreachable", "no answer"
    DISTRUSTED = "distrusted", "distrusted: what it signed counts nothing"


class Status(models.IntegerChoices):
    """Apple's status of an auto-renewable subscription. Source: Apple documentation, status."""

    ACTIVE = 1, "Active"
    EXPIRED = 2, "Expired"
    BILLING_RETRY = 3, "Billing retry"
    GRACE = 4, "Billing grace period"
    REVOKED = 5, "Revoked"


class DataKind(models.TextChoices):
    """Data that only the publisher has."""

    USERS = "users", "App logins"
    ENTITLEMENTS = "entitlements", "Entitlements"
    PRICES = "prices", "Price list"
    TOKEN_CHANGES = "token_changes", "Own token changes"


class DataState(models.TextChoices):
    """What became of an uploaded file."""

    RECEIVED = "received", "received, not read yet"
    HELD = "held", "held: some rows were rejected"
    LOADED = "loaded", "loaded"
    REFUSED = "refused", "refused: it cannot be read"
    WITHDRAWN = "withdrawn", "withdrawn"
