from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from reports.models.choices import Cause, Grain, Kind, Zone
from reports.models.fields import AmountField


def default_causes() -> list[str]:
    return [
        Cause.NOT_DELIVERED,
        Cause.NOT_FINAL,
        Cause.POSITIVE_ROWS_MISSING,
        Cause.REFUND_SIGN,
        Cause.PER_UNIT_PRICE,
        Cause.METRIC_DEFINITION,
        Cause.ROUNDING,
    ]


class Rule(models.Model):
    """Which console number equals which API number, in which cut, and why the two may honestly differ."""

    class Report(models.TextChoices):
        SALES_DAILY = "SALES/SUMMARY/DAILY", "Sales, daily"
        SALES_WEEKLY = "SALES/SUMMARY/WEEKLY", "Sales, weekly"
        SALES_MONTHLY = "SALES/SUMMARY/MONTHLY", "Sales, monthly"
        FINANCIAL = "FINANCE/FINANCIAL", "Finance report"
        FINANCE_DETAIL = "FINANCE/FINANCE_DETAIL", "Finance report, detailed"
        DOWNLOADS = "App Downloads Standard", "App Downloads Standard"
        DOWNLOADS_DETAILED = "App Downloads Detailed", "App Downloads Detailed"
        PURCHASES = "App Store Purchases Standard", "App Store Purchases Standard"
        PURCHASES_DETAILED = "App Store Purchases Detailed", "App Store Purchases Detailed"
        ENGAGEMENT = "App Store Discovery and Engagement Standard", "App Store Discovery and Engagement Standard"
        ENGAGEMENT_DETAILED = (
            "App Store Discovery and Engagement Detailed",
            "App Store Discovery and Engagement Detailed",
        )
        INSTALLATIONS = "App Store Installation and Deletion Standard", "App Store Installation and Deletion Standard"
        INSTALLATIONS_DETAILED = (
            "App Store Installation and Deletion Detailed",
            "App Store Installation and Deletion Detailed",
        )
        SESSIONS = "App Sessions Standard", "App Sessions Standard"
        SESSIONS_DETAILED = "App Sessions Detailed", "App Sessions Detailed"
        CRASHES = "App Crashes", "App Crashes"

        @classmethod
        def of_vendors(cls) -> tuple[Rule.Report, ...]:
            """The sales and finance reports, which hold all apps of a vendor in one file."""
            return tuple(report for report in cls if "/" in report.value)

    class Measure(models.TextChoices):
        UNITS = "units", "Units"
        PROCEEDS = "proceeds", "Units × developer proceeds"
        SALES = "sales", "Units × customer price, refunds negative"
        QUANTITY = "quantity", "Quantity"
        EARNED = "earned", "Extended partner share"
        COUNTS = "counts", "Counts"
        SESSIONS = "sessions", "Sessions"
        PURCHASES = "purchases", "Purchases"
        PROCEEDS_USD = "proceeds_usd", "Proceeds in USD"
        SALES_USD = "sales_usd", "Sales in USD"
        CRASHES = "crashes", "Crashes"
        UNIQUE_COUNTS = "unique_counts", "Unique Counts"
        UNIQUE_DEVICES = "unique_devices", "Unique Devices"
        PAYING_USERS = "paying_users", "Paying Users"

    class Cut(models.TextChoices):
        APP = "app", "App"
        CURRENCY = "currency", "Currency"
        TERRITORY = "territory", "App and territory"
        PRODUCT = "product", "App and product"
        REGION = "region", "Payment region"
        SOURCE_TYPE = "source_type", "App and source type"
        SOURCE_INFO = "source_info", "App and referrer"
        CAMPAIGN = "campaign", "App and campaign"

    key = models.SlugField("short name", max_length=60, unique=True)
    title = models.CharField(max_length=200)
    enabled = models.BooleanField(default=True)
    confirmed = models.BooleanField(
        default=False, help_text="Off: this pairing is not proved yet, and every page says so."
    )
    console_kind = models.CharField("console export", max_length=20, choices=Kind, default=Kind.A1)
    console_metric = models.CharField(max_length=60, help_text="The console's label in snake case, such as app_units")
    api_report = models.CharField("API report", max_length=60, choices=Report)
    api_measure = models.CharField("API measure", max_length=20, choices=Measure)
    api_filter = models.JSONField(
        "filter on the API's rows",
        default=dict,
        blank=True,
        help_text='Rows to count, such as {"product_type": ["1*", "F1*"]}; * stands for anything.',
    )
    alternative_filter = models.JSONField(
        "second reading",
        default=None,
        null=True,
        blank=True,
        help_text="Where Apple's definition is not proved: another filter that counts as equal; the run names which.",
    )
    cut = models.CharField(max_length=12, choices=Cut, default=Cut.APP)
    grain = models.CharField(max_length=12, choices=Grain, default=Grain.DAY)
    timezone = models.CharField("time zone of the API's days", max_length=40, choices=Zone, default=Zone.PACIFIC)
    completeness_days = models.PositiveSmallIntegerField(
        "days until final",
        default=2,
        help_text="A difference younger than this is put down to figures that are not final.",
    )
    additive = models.BooleanField(default=True, help_text="Off for unique counts, which may never be added up.")
    tolerance = AmountField(default=0, help_text="Absolute, in the figure's own unit or currency")
    tolerance_percent = AmountField(default=0)
    causes = ArrayField(
        models.CharField(max_length=30, choices=Cause),
        default=default_causes,
        blank=True,
        verbose_name="causes that may explain a difference",
    )
    covers = models.CharField(
        max_length=60,
        blank=True,
        help_text="Another rule's short name: where that one already reports an app and day, this one adds no finding.",
    )
    notes = models.TextField(blank=True, help_text="Where this pairing comes from, for the people who read a finding.")

    class Meta:
        ordering = ("key",)

    def __str__(self) -> str:
        return self.title

    @property
    def is_analytics(self) -> bool:
        """Whether the API's side is an analytics report: one series for each app, in UTC days."""
        return "/" not in self.api_report

    @property
    def api_currency(self) -> str:
        """The one currency of the API's amounts; empty for counts and for amounts of many currencies."""
        return "USD" if self.api_measure.endswith("_usd") else ""

    def clean(self) -> None:
        for name in ("api_filter", "alternative_filter"):
            value = getattr(self, name)
            if value is not None and not _is_filter(value):
                raise ValidationError(
                    {name: 'Write it as {"product_type": ["1*", "F1*"]}: a field and a list of values.'}
                )


def _is_filter(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(patterns, list) and all(isinstance(p, str) for p in patterns) for patterns in value.values()
    )
