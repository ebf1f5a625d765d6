"""Typed rows of the subscription reports of Sales and Trends: Subscription, Subscription Event, Subscriber.

Identifiers are texts, amounts are per unit. A blank number is unknown, never zero: `subscribers` is blank unless the
row stands for more than three or four people. A day is one of the report's zone. Columns: files of 2020 and 2026.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from reports.models.accounts import Account
from reports.models.fields import AmountField
from reports.models.rows import FileRow


class SubscriptionReportRow(FileRow):
    """What the three reports share."""

    app_name = models.TextField(default="")
    apple_id = models.BigIntegerField("App Apple ID", null=True)
    subscription_name = models.TextField(default="")
    subscription_apple_id = models.TextField("subscription Apple ID", default="")
    subscription_group_id = models.TextField("subscription group ID", default="")
    standard_duration = models.TextField("standard subscription duration", default="")
    offer_name = models.TextField("subscription offer name", default="")
    offer_id = models.TextField("promotional offer ID", default="")
    preserved_pricing = models.TextField(default="")
    proceeds_reason = models.TextField(default="")
    client = models.TextField(default="")
    device = models.TextField(default="")
    country = models.TextField(default="")
    extra = models.JSONField("further columns", null=True)

    class Meta:
        abstract = True
        ordering: ClassVar[tuple[str, ...]] = ("-id",)


class PricedRow(SubscriptionReportRow):
    """Reports that tell a price."""

    customer_price = AmountField("customer price per unit", null=True)
    customer_currency = models.TextField(default="")
    developer_proceeds = AmountField("developer proceeds per unit", null=True)
    proceeds_currency = models.TextField(default="")

    class Meta(SubscriptionReportRow.Meta):
        abstract = True


class SubscriptionCountRow(PricedRow):
    """Subscription report: how many subscriptions there are at the end of a day, never added over days.

    The report has no column for its day: the day stands with the file.
    """

    state = models.TextField("state or province", default="")
    active_standard = AmountField("active standard price subscriptions")
    active_free_trials = AmountField("active free trial introductory offer subscriptions", null=True)
    active_pay_up_front = AmountField("active pay up front introductory offer subscriptions", null=True)
    active_pay_as_you_go = AmountField("active pay as you go introductory offer subscriptions", null=True)
    promotional_free_trials = AmountField("free trial promotional offer subscriptions", null=True)
    promotional_pay_up_front = AmountField("pay up front promotional offer subscriptions", null=True)
    promotional_pay_as_you_go = AmountField("pay as you go promotional offer subscriptions", null=True)
    offer_code_free_trials = AmountField("free trial offer code subscriptions", null=True)
    offer_code_pay_up_front = AmountField("pay up front offer code subscriptions", null=True)
    offer_code_pay_as_you_go = AmountField("pay as you go offer code subscriptions", null=True)
    win_back_free_trials = AmountField("free trial win-back offers", null=True)
    win_back_pay_up_front = AmountField("pay up front win-back offers", null=True)
    win_back_pay_as_you_go = AmountField("pay as you go win-back offers", null=True)
    marketing_opt_ins = AmountField("marketing opt-ins", null=True)
    billing_retry = AmountField(null=True)
    grace_period = AmountField(null=True)
    subscribers = AmountField(null=True)

    class Meta(PricedRow.Meta):
        verbose_name = "subscription count row"


class SubscriptionChangeRow(SubscriptionReportRow):
    """Subscription Event report: how often something happened to subscriptions on a day."""

    day = models.DateField("event date")
    event = models.TextField(default="")
    offer_type = models.TextField("subscription offer type", default="")
    offer_duration = models.TextField("subscription offer duration", default="")
    marketing_opt_in = models.TextField("marketing opt-in", default="")
    marketing_opt_in_duration = models.TextField("marketing opt-in duration", default="")
    consecutive_paid_periods = AmountField(null=True)
    original_start_day = models.DateField("original start date", null=True)
    state = models.TextField("state or province", default="")
    previous_subscription_name = models.TextField(default="")
    previous_subscription_apple_id = models.TextField("previous subscription Apple ID", default="")
    days_before_canceling = AmountField(null=True)
    cancellation_reason = models.TextField(default="")
    days_canceled = AmountField(null=True)
    quantity = AmountField()
    paid_service_days_recovered = AmountField(null=True)

    class Meta(SubscriptionReportRow.Meta):
        verbose_name = "subscription change row"


class SubscriberRow(PricedRow):
    """Subscriber report: one transaction of a person whom Apple names by a random number.

    A refund has a negative customer price and positive proceeds, and `purchase_day` is that of the purchase.
    """

    day = models.DateField("event date")
    offer_type = models.TextField("subscription offer type", default="")
    offer_duration = models.TextField("subscription offer duration", default="")
    marketing_opt_in_duration = models.TextField("marketing opt-in duration", default="")
    subscriber_id = models.TextField("subscriber ID", default="")
    subscriber_id_reset = models.TextField("subscriber ID reset", default="")
    refund = models.TextField(default="")
    purchase_day = models.DateField("purchase date", null=True)
    units = AmountField()

    class Meta(PricedRow.Meta):
        verbose_name = "subscriber row"


class SubscriptionProduct(models.Model):
    """Which product ID a subscription's Apple ID stands for, as sales rows name both (SKU and Apple identifier)."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="subscription_products")
    apple_id = models.BigIntegerField("Apple ID")
    sku = models.TextField("product ID")
    parent_sku = models.TextField("SKU of the app", default="")
    name = models.TextField(default="")

    class Meta:
        ordering = ("sku",)
        constraints = (models.UniqueConstraint(fields=("account", "apple_id"), name="subscription_product"),)

    def __str__(self) -> str:
        return self.sku
