from __future__ import annotations

from django.db import models

from reports.models.accounts import Account, App, Vendor
from reports.models.choices import Cause, CellState, Grain
from reports.models.deliveries import Delivery


class FiscalMonth(models.Model):
    """Apple's fiscal month: 5, 4 and 4 weeks, Sunday to Saturday, the year beginning after September.

    A table with sources, never a rule alone: 53-week years break every rule. Months outside it take their dates from
    the finance files that were loaded.
    """

    year = models.PositiveSmallIntegerField("fiscal year")
    month = models.PositiveSmallIntegerField("fiscal month", help_text="1 to 12; 1 is October")
    start = models.DateField()
    end = models.DateField()
    source = models.CharField(max_length=200)
    confirmed = models.BooleanField(default=False, help_text="The dates stand in a file from Apple.")

    class Meta:
        ordering = ("-year", "-month")
        constraints = (models.UniqueConstraint(fields=("year", "month"), name="fiscal_month"),)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"


class CoverageCell(models.Model):
    """What is known of one report in one period. A number is never shown without it: unknown is not zero."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="cells")
    vendor = models.ForeignKey(Vendor, models.PROTECT, null=True, blank=True)
    app = models.ForeignKey(App, models.PROTECT, null=True, blank=True)
    report = models.CharField(max_length=80)
    region_code = models.CharField(max_length=4, blank=True)
    granularity = models.CharField(max_length=12, choices=Grain)
    date = models.DateField(help_text="first day of the period")
    period_end = models.DateField()
    state = models.CharField(max_length=8, choices=CellState, default=CellState.OPEN)
    due = models.DateTimeField(help_text="when Apple should have it ready")
    next_try = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True, help_text="when Apple was asked last")
    attempts = models.PositiveIntegerField(default=0)
    empty_since = models.DateTimeField(null=True, blank=True, help_text="when Apple first said that there is nothing")
    confirmations = models.PositiveSmallIntegerField(default=0, help_text="how often Apple said that there is nothing")
    seen_overdue_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was asked for in vain after it was due"
    )
    delivered_at = models.DateTimeField(null=True, blank=True)
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="cells")
    cause = models.CharField("why it is not here", max_length=30, choices=Cause, blank=True)
    evidence = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("account", "vendor", "app", "report", "region_code", "granularity", "date"),
                nulls_distinct=False,
                name="coverage_cell",
            ),
        )
        indexes = (
            models.Index(fields=("account", "report", "date"), name="coverage_report"),
            models.Index(fields=("state", "next_try"), name="coverage_due"),
        )

    def __str__(self) -> str:
        return f"{self.report} {self.date}: {self.state}"


class ApiProblem(models.Model):
    """A call to Apple that failed, or that succeeded only when it was repeated."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="problems")
    cell = models.ForeignKey(CoverageCell, models.SET_NULL, null=True, blank=True, related_name="problems")
    at = models.DateTimeField(db_index=True)
    report = models.CharField(max_length=80, blank=True)
    path = models.CharField(max_length=300, help_text="without secrets")
    cause = models.CharField(max_length=30, choices=Cause)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    code = models.CharField(max_length=120, blank=True)
    title = models.TextField(blank=True)
    detail = models.TextField(blank=True)
    pointer = models.CharField(max_length=200, blank=True)
    request_id = models.CharField("Apple's request id", max_length=80, blank=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    succeeded = models.BooleanField(default=False, help_text="a repeated call brought the answer")

    class Meta:
        verbose_name = "API problem"
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.status or ''} {self.code or self.get_cause_display()}".strip()
