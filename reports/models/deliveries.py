from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from reports.models.accounts import Account, App, Vendor
from reports.models.choices import DeliveryState, Grain, Kind, Side, Zone

if TYPE_CHECKING:
    from django.db.models.query import QuerySet


class RawFile(models.Model):
    """Bytes exactly as received, kept under their SHA-256 before anything reads them."""

    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    size = models.BigIntegerField(help_text="bytes")
    stored_as = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256[:12]


class Delivery(models.Model):
    """One file of one side: a report instance from Apple's API, or a console export that a person uploaded.

    Both sides share a table because everything after reading a file is the same for both: rows, rejects, vintages,
    figures. The admin shows it as two lists (`ReportInstance`, `ConsoleExport`).
    """

    side = models.CharField(max_length=7, choices=Side)
    kind = models.CharField(max_length=20, choices=Kind)
    report = models.CharField(
        max_length=80, blank=True, help_text="SALES/SUMMARY/DAILY, FINANCE/FINANCIAL, or the metric"
    )
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="deliveries")
    vendor = models.ForeignKey(Vendor, models.PROTECT, null=True, blank=True)
    app = models.ForeignKey(App, models.PROTECT, null=True, blank=True)
    region_code = models.CharField(max_length=4, blank=True)
    filters = models.CharField("filters of the export", max_length=120, blank=True)
    file_name = models.CharField(max_length=255)
    raw_file = models.ForeignKey(RawFile, models.PROTECT, related_name="deliveries")
    member_name = models.CharField("file inside the archive", max_length=255, blank=True)
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    grain = models.CharField(max_length=12, choices=Grain, blank=True)
    timezone = models.CharField("time zone of its days", max_length=40, choices=Zone, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    language = models.CharField(max_length=10, blank=True)
    version = models.CharField("report version", max_length=8, blank=True)
    options = models.JSONField("what the person said", default=dict, blank=True)
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.LOADING)
    message = models.TextField(blank=True)
    rows_read = models.BigIntegerField(default=0)
    rows_accepted = models.BigIntegerField(default=0)
    rows_rejected = models.BigIntegerField(default=0)
    totals = models.JSONField(default=dict, blank=True, help_text="amounts as text")
    ties = models.JSONField("checks against the file's own totals", default=list, blank=True)
    overlaps = models.JSONField(default=list, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    received_at = models.DateTimeField(db_index=True)
    counted_at = models.DateTimeField("counts since", null=True, blank=True, editable=False)
    rejects_accepted_by = models.CharField(max_length=150, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ("-received_at", "-id")
        indexes = (
            models.Index(fields=("side", "-received_at", "-id"), name="delivery_side"),
            models.Index(fields=("account", "report", "period_start"), name="delivery_report"),
        )

    def __str__(self) -> str:
        return self.file_name

    @property
    def short_name(self) -> str:
        """The file's name; of an analytics delivery without Apple's id of the instance, which stands last."""
        return self.file_name.rpartition(" ")[0] if self.kind == Kind.ANALYTICS else self.file_name

    @property
    def scope(self) -> str:
        """What tells apart two series of the same report: a region, or the filter of an export."""
        return self.region_code or self.filters

    @property
    def first_row_id(self) -> int:
        return self.pk << 32

    @property
    def last_row_id(self) -> int:
        return (self.pk << 32) + (1 << 32) - 1


class _SideManager(models.Manager[Delivery]):
    def __init__(self, side: Side) -> None:
        super().__init__()
        self.side = side

    def get_queryset(self) -> QuerySet[Delivery]:
        return super().get_queryset().filter(side=self.side)


class ReportInstance(Delivery):
    """The API's side of `Delivery`."""

    objects = _SideManager(Side.API)  # type: ignore[misc,assignment]

    class Meta:
        proxy = True
        verbose_name = "report from Apple"
        verbose_name_plural = "reports from Apple"


class ConsoleExport(Delivery):
    """The console's side of `Delivery`."""

    objects = _SideManager(Side.CONSOLE)  # type: ignore[misc,assignment]

    class Meta:
        proxy = True
        verbose_name = "console export"
        permissions = (("upload_consoleexport", "Can upload, confirm and withdraw console exports"),)


class RowReject(models.Model):
    """A line that could not be loaded, with what was seen and why."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="rejects")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=100, blank=True)
    seen = models.TextField(blank=True)
    why = models.TextField()

    class Meta:
        ordering = ("delivery", "line")

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


class Series(models.Model):
    """What is re-issued as a whole: one report of one vendor and region, or one metric of one app from the console."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="series")
    vendor = models.ForeignKey(Vendor, models.PROTECT, null=True, blank=True)
    app = models.ForeignKey(App, models.PROTECT, null=True, blank=True)
    side = models.CharField(max_length=7, choices=Side)
    kind = models.CharField(max_length=20, choices=Kind)
    report = models.CharField(max_length=80)
    scope = models.CharField(max_length=120, blank=True, help_text="region code, metric or filter")
    grain = models.CharField(max_length=12, choices=Grain)
    timezone = models.CharField(max_length=40, choices=Zone)

    class Meta:
        verbose_name_plural = "series"
        constraints = (
            models.UniqueConstraint(
                fields=("account", "vendor", "app", "side", "kind", "report", "scope", "grain", "timezone"),
                nulls_distinct=False,
                name="series_identity",
            ),
        )

    def __str__(self) -> str:
        return " ".join(filter(None, (self.report, self.scope, self.grain)))


class Vintage(models.Model):
    """Which delivery told a period of a series. The newest is current and replaces it as a set; older ones stay."""

    series = models.ForeignKey(Series, models.PROTECT, related_name="vintages")
    period_start = models.DateField()
    period_end = models.DateField()
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="vintages")
    taken_on = models.DateField(
        help_text="The day that the delivery can not be older than: a console export's last day, else the day it came."
    )
    received_at = models.DateTimeField()
    rank = models.SmallIntegerField(
        default=0, help_text="Before the day it was taken: a complete day of an ongoing analytics report is 1."
    )
    rows = models.PositiveIntegerField(
        null=True, blank=True, help_text="of an analytics report: whether a day without a row is believable"
    )
    rows_hash = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="of an analytics report, whatever the order of its rows: equal rows have equal ones",
    )
    current = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("series", "period_start", "delivery"), name="vintage_identity"),
            models.UniqueConstraint(
                fields=("series", "period_start"), condition=models.Q(current=True), name="vintage_one_current"
            ),
        )
        indexes = (
            models.Index(fields=("delivery",), name="vintage_delivery"),
            models.Index(fields=("period_start", "series"), condition=models.Q(current=True), name="vintage_current"),
        )

    def __str__(self) -> str:
        return f"{self.series} {self.period_start}"
