"""Signed objects that Apple gave us, each as it was signed. Apple signs a transaction anew whenever it tells of it.

Amounts are integer milliunits of their currency (1990 is 1.99 USD), as Apple writes them; times are milliseconds.
They are the price list's view of a sale: Apple says not to use them for revenue, so they are called an estimate.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models

from reports.models import App
from subscriptions.models.choices import Environment, Source
from subscriptions.models.notifications import Notification, SigningChain
from subscriptions.moments import moment


class SignedCopy(models.Model):
    """What both kinds have in common. A copy whose certificate Apple revoked is distrusted and counts nothing."""

    environment = models.CharField(max_length=10, choices=Environment)
    original_id = models.CharField("original transaction ID", max_length=200)
    signed_ms = models.BigIntegerField("signed (ms)")
    sha256 = models.CharField("SHA-256 of the payload", max_length=64)
    source = models.CharField(max_length=8, choices=Source)
    received_at = models.DateTimeField("received")
    distrusted = models.BooleanField(default=False)
    app_account_token = models.CharField("app account token", max_length=200, blank=True)
    app_transaction_id = models.CharField("app transaction ID", max_length=200, blank=True)
    product_id = models.CharField("product ID", max_length=200, blank=True)
    currency = models.CharField(max_length=200, blank=True)
    offer_type = models.SmallIntegerField(null=True)
    offer_id = models.CharField("offer", max_length=200, blank=True)
    offer_discount = models.CharField("discount of the offer", max_length=200, blank=True)
    jws = models.TextField(help_text="as signed; empty where a token in it was erased", editable=False)
    payload = models.JSONField()
    problems = models.JSONField(default=list)

    class Meta:
        abstract = True

    @property
    def signed_at(self) -> datetime | None:
        return moment(self.signed_ms)


class SignedTransaction(SignedCopy):
    """One signed copy of a transaction. `newest` marks the copy that counts for its transaction ID.

    Most transactions are told once, so a copy comes in as the newest, and the state's first statement, in the same
    transaction, unmarks those that are not: rows are written twice only where there is something to unmark.
    """

    app = models.ForeignKey(App, models.PROTECT, related_name="signed_transactions")
    chain = models.ForeignKey(SigningChain, models.PROTECT)
    notification = models.ForeignKey(Notification, models.SET_NULL, null=True, related_name="transactions")
    newest = models.BooleanField(default=True)
    transaction_id = models.CharField("transaction ID", max_length=200)
    line_item_id = models.CharField("web order line item ID", max_length=200, blank=True)
    purchase_key = models.CharField(
        max_length=200, help_text="what a purchase is told apart by: the line item, else the transaction"
    )
    group_id = models.CharField("subscription group ID", max_length=200, blank=True)
    type = models.CharField(max_length=200, blank=True)
    ownership = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    storefront = models.CharField(max_length=200, blank=True)
    quantity = models.BigIntegerField(null=True)
    purchase_ms = models.BigIntegerField(null=True)
    original_purchase_ms = models.BigIntegerField(null=True)
    expires_ms = models.BigIntegerField(null=True)
    price = models.BigIntegerField("list price (milliunits)", null=True)
    is_upgraded = models.BooleanField(default=False)
    revocation_ms = models.BigIntegerField(null=True)
    revocation_reason = models.SmallIntegerField(null=True)
    revocation_type = models.CharField(max_length=200, blank=True)
    revocation_percentage = models.BigIntegerField(null=True, help_text="in thousandths of a percent")
    previous_original_id = models.CharField("subscription that it replaced", max_length=200, blank=True)

    class Meta:
        ordering = ("-purchase_ms", "-id")
        constraints = (
            models.UniqueConstraint(fields=("app", "environment", "sha256"), name="signed_transaction_payload"),
        )
        indexes = (
            models.Index(fields=("app", "environment", "original_id"), name="signed_transaction_original"),
            models.Index(fields=("app", "environment", "purchase_key"), name="signed_transaction_purchase"),
            models.Index(fields=("app", "environment", "transaction_id"), name="signed_transaction_id"),
            models.Index(fields=("app_account_token",), name="signed_transaction_token"),
        )

    def __str__(self) -> str:
        return self.transaction_id


class SignedRenewal(SignedCopy):
    """One signed copy of what a subscription will do next. `status` came with it, unsigned, from Apple's API."""

    app = models.ForeignKey(App, models.PROTECT, related_name="signed_renewals")
    chain = models.ForeignKey(SigningChain, models.PROTECT)
    notification = models.ForeignKey(Notification, models.SET_NULL, null=True, related_name="renewals")
    status = models.SmallIntegerField(null=True)
    auto_renew_product_id = models.CharField("next product ID", max_length=200, blank=True)
    auto_renew = models.SmallIntegerField("auto-renew status", null=True)
    expiration_intent = models.SmallIntegerField(null=True)
    in_billing_retry = models.BooleanField(default=False)
    grace_expires_ms = models.BigIntegerField(null=True)
    price_increase = models.SmallIntegerField(null=True)
    renewal_ms = models.BigIntegerField(null=True)
    renewal_price = models.BigIntegerField("next list price (milliunits)", null=True)
    recent_start_ms = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("-signed_ms", "-id")
        constraints = (models.UniqueConstraint(fields=("app", "environment", "sha256"), name="signed_renewal_payload"),)
        indexes = (
            models.Index(fields=("app", "environment", "original_id", "signed_ms"), name="signed_renewal_original"),
            models.Index(fields=("app_account_token",), name="signed_renewal_token"),
        )

    def __str__(self) -> str:
        return f"{self.original_id} {self.auto_renew_product_id}"


class ErasedToken(models.Model):
    """A token that was erased: its SHA-256 stays, so that copies that come later are cleaned too."""

    account = models.ForeignKey("reports.Account", models.PROTECT)
    sha256 = models.CharField("SHA-256 of the token", max_length=64)
    erased_at = models.DateTimeField()
    erased_by = models.CharField(max_length=150)

    class Meta:
        ordering = ("-erased_at",)
        constraints = (models.UniqueConstraint(fields=("account", "sha256"), name="erased_token"),)
        permissions = (("view_token", "Can see app account tokens"), ("erase_token", "Can erase an app account token"))

    def __str__(self) -> str:
        return f"erased-{self.sha256}"
