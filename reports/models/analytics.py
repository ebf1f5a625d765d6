from __future__ import annotations

from django.db import models

from reports.models.accounts import Account, App
from reports.models.choices import Access, Cause, InstanceState, RequestState
from reports.models.deliveries import Delivery, RawFile


class ReportRequest(models.Model):
    """An analytics report request of one app: ONGOING, or a ONE_TIME_SNAPSHOT of the past.

    Apple tells neither when a request was made nor whose it is, so both are kept here (Analytics Reports API).
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="report_requests")
    app = models.ForeignKey(App, models.PROTECT, related_name="report_requests")
    apple_id = models.CharField("Apple's id", max_length=200, blank=True, help_text="empty until Apple named it")
    access = models.CharField("access type", max_length=20, choices=Access)
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.WAITING)
    asked_at = models.DateTimeField(help_text="when we made it, or first saw it")
    adopted = models.BooleanField(default=False, help_text="It existed before: somebody else made it.")
    expected_by = models.DateTimeField(help_text="when Apple should have made the first report")
    first_instance_at = models.DateTimeField(null=True, blank=True)
    stopped_seen_at = models.DateTimeField(null=True, blank=True, help_text="when it was first seen stopped")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="when it was deleted, or was gone")
    checked_at = models.DateTimeField(null=True, blank=True)
    reports_listed_at = models.DateTimeField(null=True, blank=True)
    next_try = models.DateTimeField(null=True, blank=True)
    cause = models.CharField("why it brings nothing", max_length=30, choices=Cause, blank=True)
    evidence = models.TextField(blank=True)

    class Meta:
        verbose_name = "report request"
        ordering = ("app", "access", "-asked_at")
        constraints = (
            models.UniqueConstraint(
                fields=("account", "apple_id"), condition=~models.Q(apple_id=""), name="report_request_apple_id"
            ),
            models.UniqueConstraint(
                fields=("app", "access"), condition=models.Q(ended_at=None), name="report_request_one_alive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_access_display()}, {self.app}"


class AnalyticsReport(models.Model):
    """One report of a request. Its id never changes, so it is asked for once."""

    request = models.ForeignKey(ReportRequest, models.CASCADE, related_name="reports")
    apple_id = models.CharField("Apple's id", max_length=200)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=60, blank=True)
    listed_at = models.DateTimeField("instances listed", null=True, blank=True)
    next_try = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("request", "apple_id"), name="analytics_report_apple_id"),)

    def __str__(self) -> str:
        return self.name


class AnalyticsInstance(models.Model):
    """One delivery of an analytics report: a granularity and the day on which Apple made it."""

    report = models.ForeignKey(AnalyticsReport, models.CASCADE, related_name="instances")
    apple_id = models.CharField("Apple's id", max_length=200)
    granularity = models.CharField(max_length=20)
    processing_date = models.DateField()
    state = models.CharField(max_length=10, choices=InstanceState, default=InstanceState.LISTED)
    seen_at = models.DateTimeField(help_text="when it was first listed")
    missing_since = models.DateTimeField(null=True, blank=True, help_text="when Apple listed it no longer")
    next_try = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    delivery = models.OneToOneField(Delivery, models.SET_NULL, null=True, blank=True, related_name="analytics_instance")
    cause = models.CharField("why it was not read", max_length=30, choices=Cause, blank=True)
    evidence = models.TextField(blank=True)

    class Meta:
        verbose_name = "report instance"
        ordering = ("-processing_date", "apple_id")
        constraints = (models.UniqueConstraint(fields=("report", "apple_id"), name="analytics_instance_apple_id"),)
        indexes = (models.Index(fields=("state", "next_try"), name="analytics_instance_due"),)

    def __str__(self) -> str:
        return f"{self.granularity} of {self.processing_date}"


class DeliverySegment(models.Model):
    """One file of a delivery that came in several. The lines of all count on: `first_line` is where this one begins."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="segments")
    n = models.PositiveIntegerField()
    raw_file = models.ForeignKey(RawFile, models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=255)
    first_line = models.PositiveIntegerField(default=1)
    lines = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("delivery", "n")
        constraints = (models.UniqueConstraint(fields=("delivery", "n"), name="delivery_segment"),)

    def __str__(self) -> str:
        return self.file_name
