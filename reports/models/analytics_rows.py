"""Typed rows of Apple's analytics reports. Days are UTC; what only Detailed reports have is blank in Standard ones.

Columns: Apple's pages of each report, as of 2026. A text is kept as it stands; Apple says that values are not case
sensitive, so whatever compares them folds them.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from reports.models.fields import AmountField
from reports.models.rows import FileRow


class AnalyticsRow(FileRow):
    """What every typed analytics report has."""

    day = models.DateField()
    app_name = models.TextField(default="")
    apple_id = models.BigIntegerField("App Apple identifier", null=True)
    source_info = models.TextField(default="")
    campaign = models.TextField(default="")
    page_type = models.TextField(default="")
    page_title = models.TextField(default="")
    territory = models.TextField(default="")
    extra = models.JSONField("further columns", null=True)

    class Meta:
        abstract = True
        ordering: ClassVar[tuple[str, ...]] = ("-id",)


class DeviceRow(AnalyticsRow):
    """Reports by device and by where the person came from."""

    device = models.TextField(default="")
    platform_version = models.TextField(default="")
    source_type = models.TextField(default="")

    class Meta(AnalyticsRow.Meta):
        abstract = True


class DownloadRow(DeviceRow):
    download_type = models.TextField(default="")
    app_version = models.TextField(default="")
    pre_order = models.TextField(default="")
    counts = AmountField()

    class Meta(DeviceRow.Meta):
        verbose_name = "downloads row"


class PurchaseRow(DeviceRow):
    """Refunds: negative `purchases`; a partial refund: none, with negative amounts. Amounts are USD estimates."""

    purchase_type = models.TextField(default="")
    content_name = models.TextField(default="")
    content_apple_id = models.BigIntegerField("content Apple identifier", null=True)
    payment_method = models.TextField(default="")
    app_download_day = models.DateField("app download date", null=True)
    pre_order = models.TextField(default="")
    purchases = AmountField()
    proceeds_usd = AmountField("proceeds in USD")
    sales_usd = AmountField("sales in USD")
    paying_users = AmountField(null=True)

    class Meta(DeviceRow.Meta):
        verbose_name = "purchases row"


class EngagementRow(DeviceRow):
    event = models.TextField(default="")
    engagement_type = models.TextField(default="")
    counts = AmountField()
    unique_counts = AmountField(null=True)

    class Meta(DeviceRow.Meta):
        verbose_name = "discovery and engagement row"


class InstallationRow(DeviceRow):
    event = models.TextField(default="")
    download_type = models.TextField(default="")
    app_version = models.TextField(default="")
    app_download_day = models.DateField("app download date", null=True)
    counts = AmountField()
    unique_devices = AmountField(null=True)

    class Meta(DeviceRow.Meta):
        verbose_name = "installation and deletion row"


class SessionRow(DeviceRow):
    """`total_session_duration` in seconds."""

    app_version = models.TextField(default="")
    app_download_day = models.DateField("app download date", null=True)
    sessions = AmountField()
    total_session_duration = AmountField()
    unique_devices = AmountField(null=True)

    class Meta(DeviceRow.Meta):
        verbose_name = "sessions row"


class PreOrderRow(DeviceRow):
    pre_order_start = models.DateField("pre-order start date", null=True)
    pre_order_end = models.DateField("pre-order end date", null=True)
    placed = AmountField("pre-orders placed")
    canceled = AmountField("pre-orders canceled")

    class Meta(DeviceRow.Meta):
        verbose_name = "pre-orders row"


class SubscriptionRow(AnalyticsRow):
    """What the two subscription reports share."""

    subscription_name = models.TextField(default="")
    subscription_id = models.TextField("subscription identifier", default="")
    subscription_duration = models.TextField(default="")
    billing_frequency = models.TextField(default="")
    billing_period = models.TextField(default="")
    subscription_group = models.TextField(default="")
    subscription_group_id = models.TextField("subscription group identifier", default="")
    offer_type = models.TextField(default="")
    offer_name = models.TextField(default="")
    offer_id = models.TextField("offer ID", default="")
    vanity_code = models.TextField(default="")
    offer_pricing = models.TextField(default="")
    offer_duration = models.TextField(default="")
    family_sharing = models.TextField(default="")
    cancellation_reason = models.TextField(default="")
    source_type = models.TextField("app download source type", default="")
    pre_order = models.TextField(default="")
    device = models.TextField("original purchase device", default="")
    counts = AmountField()

    class Meta(AnalyticsRow.Meta):
        abstract = True


class SubscriptionStateRow(SubscriptionRow):
    """How many subscriptions are in a state on a day: a count of a moment, never added over days."""

    state_metric = models.TextField(default="")
    state_grouping = models.TextField("state metric grouping", default="")

    class Meta(SubscriptionRow.Meta):
        verbose_name = "subscription state row"


class SubscriptionEventRow(SubscriptionRow):
    event = models.TextField("event sub type", default="")
    event_grouping = models.TextField(default="")
    plan_change_type = models.TextField(default="")
    previous_subscription_name = models.TextField(default="")
    previous_subscription_id = models.TextField("previous subscription identifier", default="")
    paid_days_recovered = AmountField("paid service days recovered", null=True)

    class Meta(SubscriptionRow.Meta):
        verbose_name = "subscription event row"


class OtherAnalyticsRow(FileRow):
    """A row of a report that has no table of its own, with its columns as they came."""

    day = models.DateField(null=True)
    apple_id = models.BigIntegerField("App Apple identifier", null=True)
    extra = models.JSONField("columns", null=True)

    class Meta:
        verbose_name = "analytics row"
        ordering: ClassVar[tuple[str, ...]] = ("-id",)
