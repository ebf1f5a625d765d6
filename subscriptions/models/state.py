"""What follows from the signed copies. Every row here is computed from them, whatever the order in which they came."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from reports.models import App
from subscriptions.models.choices import CustomerKey, Environment, OwnerSource, RefundKind, Status
from subscriptions.models.notifications import Notification
from subscriptions.moments import moment


class Customer(models.Model):
    """Whoever buys: an Apple Account in an app; where Apple does not tell it, the app's login or the subscription."""

    app = models.ForeignKey(App, models.PROTECT)
    environment = models.CharField(max_length=10, choices=Environment)
    key_kind = models.CharField("told apart by", max_length=16, choices=CustomerKey)
    key = models.CharField(max_length=200)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("app", "environment", "key_kind", "key"), name="customer_key"),)

    def __str__(self) -> str:
        return self.key


class Derived(models.Model):
    """What every derived row has: whose it is."""

    environment = models.CharField(max_length=10, choices=Environment)
    original_id = models.CharField("original transaction ID", max_length=200)

    class Meta:
        abstract = True


class Subscription(Derived):
    """A subscription by its `originalTransactionId`, as the newest signed copies say."""

    app = models.ForeignKey(App, models.PROTECT, related_name="subscriptions")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="subscriptions")
    group_id = models.CharField("subscription group ID", max_length=200, blank=True)
    product_id = models.CharField("product ID", max_length=200, blank=True)
    transaction_id = models.CharField("current transaction ID", max_length=200)
    ownership = models.CharField(max_length=200, blank=True)
    storefront = models.CharField(max_length=200, blank=True)
    price = models.BigIntegerField("list price (milliunits)", null=True)
    currency = models.CharField(max_length=200, blank=True)
    offer_type = models.SmallIntegerField(null=True)
    offer_discount = models.CharField(max_length=200, blank=True)
    started_ms = models.BigIntegerField(null=True)
    purchase_ms = models.BigIntegerField(null=True)
    expires_ms = models.BigIntegerField(null=True)
    revocation_ms = models.BigIntegerField(null=True)
    is_upgraded = models.BooleanField(default=False)
    app_account_token = models.CharField("app account token", max_length=200, blank=True)
    status = models.SmallIntegerField(choices=Status, null=True)
    status_ms = models.BigIntegerField(null=True)
    auto_renew = models.SmallIntegerField(null=True)
    next_product_id = models.CharField(max_length=200, blank=True)
    next_price = models.BigIntegerField(null=True)
    next_currency = models.CharField(max_length=200, blank=True)
    renewal_ms = models.BigIntegerField(null=True)
    grace_expires_ms = models.BigIntegerField(null=True)
    expiration_intent = models.SmallIntegerField(null=True)
    in_billing_retry = models.BooleanField(default=False)
    newest_ms = models.BigIntegerField("newest word (ms)")

    class Meta:
        ordering = ("-newest_ms", "-id")
        constraints = (
            models.UniqueConstraint(fields=("app", "environment", "original_id"), name="subscription_original"),
        )
        indexes = (
            models.Index(fields=("app_account_token",), name="subscription_token"),
            models.Index(fields=("environment", "-newest_ms", "-id"), name="subscription_newest"),
            models.Index(fields=("original_id",), name="subscription_by_original"),
        )

    def __str__(self) -> str:
        return self.original_id

    @property
    def started_at(self) -> datetime | None:
        return moment(self.started_ms)

    @property
    def expires_at(self) -> datetime | None:
        return moment(self.expires_ms)

    @property
    def newest_at(self) -> datetime | None:
        return moment(self.newest_ms)


class Purchase(Derived):
    """One purchase or renewal: one `webOrderLineItemId`, however many transactions devices made of it."""

    app = models.ForeignKey(App, models.PROTECT, related_name="purchases")
    purchase_key = models.CharField("line item", max_length=200)
    transaction_id = models.CharField("transaction ID", max_length=200)
    transactions = models.PositiveIntegerField(help_text="how many transaction IDs it has")
    contradicts = models.BooleanField(help_text="its transactions tell different prices, products or subscriptions")
    product_id = models.CharField(max_length=200, blank=True)
    group_id = models.CharField(max_length=200, blank=True)
    type = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    counts = models.BooleanField(help_text="False for family sharing, which nobody paid for here")
    storefront = models.CharField(max_length=200, blank=True)
    quantity = models.BigIntegerField(null=True)
    purchase_ms = models.BigIntegerField(null=True)
    expires_ms = models.BigIntegerField(null=True)
    price = models.BigIntegerField("list price (milliunits)", null=True)
    currency = models.CharField(max_length=200, blank=True)
    offer_type = models.SmallIntegerField(null=True)
    offer_discount = models.CharField(max_length=200, blank=True)
    app_account_token = models.CharField(max_length=200, blank=True)
    superseded_ms = models.BigIntegerField(
        null=True, help_text="upgraded then: Apple gave a part back and tells nowhere how much"
    )
    marked_upgraded = models.BooleanField(default=False, help_text="Apple's copy of it says isUpgraded")
    revoked_ms = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("-purchase_ms", "-id")
        constraints = (models.UniqueConstraint(fields=("app", "environment", "purchase_key"), name="purchase_key"),)
        indexes = (
            models.Index(fields=("app", "environment", "original_id"), name="purchase_original"),
            models.Index(fields=("environment", "-purchase_ms", "-id"), name="purchase_newest"),
        )

    def __str__(self) -> str:
        return self.purchase_key


class Refund(Derived):
    """A line of its own, dated: a refund (negative) or its taking back (positive). A purchase is never changed.

    `amount` is null where Apple does not tell how much. `episode` counts the changes of one transaction.
    """

    app = models.ForeignKey(App, models.PROTECT, related_name="refunds")
    purchase_key = models.CharField(max_length=200)
    transaction_id = models.CharField(max_length=200)
    episode = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=RefundKind)
    at_ms = models.BigIntegerField()
    signed_ms = models.BigIntegerField()
    amount = models.BigIntegerField("amount at list price (milliunits)", null=True)
    currency = models.CharField(max_length=200, blank=True)
    reason = models.SmallIntegerField(null=True)
    percentage = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("-at_ms", "-id")
        constraints = (
            models.UniqueConstraint(fields=("app", "environment", "purchase_key", "episode"), name="refund_line"),
        )
        indexes = (
            models.Index(fields=("app", "environment", "original_id"), name="refund_original"),
            models.Index(fields=("environment", "-at_ms", "-id"), name="refund_newest"),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.purchase_key}"


class OwnerSpan(Derived):
    """Which token a subscription had from when to when; `to_ms` is null for the one that it has now."""

    app = models.ForeignKey(App, models.PROTECT)
    token = models.CharField("app account token", max_length=200)
    from_ms = models.BigIntegerField()
    to_ms = models.BigIntegerField(null=True)
    source = models.CharField(max_length=8, choices=OwnerSource)
    transaction_id = models.CharField(max_length=200)

    class Meta:
        ordering = ("from_ms",)
        constraints = (
            models.UniqueConstraint(fields=("app", "environment", "original_id", "from_ms"), name="owner_span"),
        )
        indexes = (models.Index(fields=("token",), name="owner_token"),)

    def __str__(self) -> str:
        return f"{self.original_id} from {self.from_ms}"


class StatusSpan(Derived):
    """Which status a subscription had from when to when, by the time of signing."""

    app = models.ForeignKey(App, models.PROTECT)
    status = models.SmallIntegerField(choices=Status)
    from_ms = models.BigIntegerField()
    to_ms = models.BigIntegerField(null=True)
    notification = models.ForeignKey(Notification, models.SET_NULL, null=True)

    class Meta:
        ordering = ("from_ms",)
        constraints = (
            models.UniqueConstraint(fields=("app", "environment", "original_id", "from_ms"), name="status_span"),
        )

    def __str__(self) -> str:
        return f"{self.original_id} {self.status} from {self.from_ms}"
