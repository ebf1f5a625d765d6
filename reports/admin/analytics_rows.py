"""Rows of analytics reports: a list for each family of reports, all with the same filters; days are UTC."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from reports.admin.base import EmptyState
from reports.admin.display import amount_column, day_column
from reports.admin.filters import InputFilter, NumberInputFilter, input_filter
from reports.admin.rows import (
    NEWEST,
    DeliveryFilter,
    LineFilter,
    PeriodFilter,
    RowAdmin,
    Total,
    delivery_number,
    exported,
)
from reports.models import (
    Delivery,
    DownloadRow,
    EngagementRow,
    InstallationRow,
    Kind,
    OtherAnalyticsRow,
    PreOrderRow,
    PurchaseRow,
    SessionRow,
    SubscriptionEventRow,
    SubscriptionStateRow,
)
from reports.models.rows import FileRow

R = TypeVar("R", bound=FileRow)

#: The lists of all families, as tabs above each of them.
FAMILY_LISTS: dict[type[Model], str] = {
    DownloadRow: "Downloads",
    PurchaseRow: "Purchases",
    EngagementRow: "Discovery and engagement",
    InstallationRow: "Installations and deletions",
    SessionRow: "Sessions",
    PreOrderRow: "Pre-orders",
    SubscriptionStateRow: "Subscription states",
    SubscriptionEventRow: "Subscription events",
    OtherAnalyticsRow: "Other reports",
}
WHICH = ("file", "line_link", "utc_day", "apple_id")
FILTERS = (
    DeliveryFilter,
    LineFilter,
    input_filter(PeriodFilter, "day", "day", hint="UTC, of the current daily vintage"),
    input_filter(NumberInputFilter, "apple_id", "app", hint="Apple ID of the app"),
)


class ReportFilter(InputFilter):
    """By the beginning of the report's API name; the name stands with the file, not with its rows."""

    title = "report"
    parameter_name = "report"
    hint = "such as App Downloads Standard"

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        files = Delivery.objects.filter(Q(report__istartswith=value), kind=Kind.ANALYTICS).values("pk")
        narrowed: QuerySet[Any] = queryset.annotate(file_key=delivery_number()).filter(file_key__in=files)
        return narrowed


def containing(name: str, title: str, hint: str = "") -> type[InputFilter]:
    """Apple says that its values are not case sensitive."""
    return input_filter(InputFilter, name, title, lookup=f"{name}__iexact", hint=hint)


SOURCE = containing("source_type", "source type", "such as App Store search")
DEVICE = containing("device", "device", "such as iPhone")
TERRITORY = containing("territory", "territory", "such as DE")


class AnalyticsRowAdmin(RowAdmin[R], Generic[R]):
    list_help = (
        "Rows exactly as delivered; days are UTC. One file holds several days, and a newer file replaces a day as a "
        "whole, so a day may stand in many files: choose a day to see what counts. Without a file or day, filters "
        f"look through the newest {NEWEST:,} rows only."
    )
    empty = EmptyState("No row fits.", "Reports from Apple", "admin:reports_reportinstance_changelist")
    totals_by = "kind of what was counted"
    utc_day = day_column("day", "Day (UTC)", order=False)

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().list_context(request), "siblings": self._siblings(request)}

    def _siblings(self, request: HttpRequest) -> list[tuple[str, str, bool]]:
        return [
            (name, reverse(f"admin:reports_{model._meta.model_name}_changelist"), model is self.model)
            for model, name in FAMILY_LISTS.items()
            if request.user.has_perm(f"reports.view_{model._meta.model_name}")
        ]


def every_column(model: type[Model]) -> dict[str, str]:
    """All columns of a report, under their titles."""
    fields = [field for field in model._meta.get_fields() if field.name != "id"]
    return exported({str(field.verbose_name).capitalize(): field.name for field in fields})  # type: ignore[union-attr]


def count_column(name: str, title: str) -> Any:
    return amount_column(name, title, currency="", order=False)


COUNTS = count_column("counts", "Count")
COUNT_TOTAL = Total("count", "counts", False)


@admin.register(DownloadRow)
class DownloadRowAdmin(AnalyticsRowAdmin[DownloadRow]):
    list_title = "Analytics rows: downloads"
    totals = (COUNT_TOTAL,)
    totals_field = "download_type"
    list_display = (*WHICH, "download_type", "source_type", "device", "territory", "app_version", "counts_amount")
    download = containing("download_type", "download type", "such as Redownload")
    list_filter = (*FILTERS, ReportFilter, download, SOURCE, DEVICE, TERRITORY)
    export_fields: ClassVar[dict[str, str]] = every_column(DownloadRow)
    counts_amount = COUNTS


@admin.register(PurchaseRow)
class PurchaseRowAdmin(AnalyticsRowAdmin[PurchaseRow]):
    list_title = "Analytics rows: purchases"
    totals = (
        Total("purchases", "purchases", False),
        Total("proceeds, USD", "proceeds_usd", True, "USD"),
        Total("sales, USD", "sales_usd", True, "USD"),
    )
    totals_field = "purchase_type"
    list_display = (
        *WHICH,
        "purchase_type",
        "content_name",
        "source_type",
        "territory",
        "purchases_amount",
        "sales_usd_amount",
        "proceeds_usd_amount",
    )
    list_filter = (
        *FILTERS,
        ReportFilter,
        containing("purchase_type", "purchase type"),
        input_filter(NumberInputFilter, "content_apple_id", "product", hint="Apple ID of the content"),
        SOURCE,
        TERRITORY,
    )
    export_fields: ClassVar[dict[str, str]] = every_column(PurchaseRow)
    purchases_amount = count_column("purchases", "Purchases")

    @admin.display(description="Sales in USD")
    def sales_usd_amount(self, row: PurchaseRow) -> str:
        return Total("", "", True, "USD").told(row.sales_usd, "")[1]

    @admin.display(description="Proceeds in USD")
    def proceeds_usd_amount(self, row: PurchaseRow) -> str:
        return Total("", "", True, "USD").told(row.proceeds_usd, "")[1]


@admin.register(EngagementRow)
class EngagementRowAdmin(AnalyticsRowAdmin[EngagementRow]):
    list_title = "Analytics rows: discovery and engagement"
    totals = (COUNT_TOTAL,)
    totals_field = "event"
    list_display = (
        *WHICH,
        "event",
        "page_type",
        "engagement_type",
        "source_type",
        "device",
        "territory",
        "counts_amount",
        "unique_counts_amount",
    )
    list_filter = (*FILTERS, ReportFilter, containing("event", "event", "such as Page view"), SOURCE, DEVICE, TERRITORY)
    export_fields: ClassVar[dict[str, str]] = every_column(EngagementRow)
    counts_amount = COUNTS
    unique_counts_amount = count_column("unique_counts", "Unique count")


@admin.register(InstallationRow)
class InstallationRowAdmin(AnalyticsRowAdmin[InstallationRow]):
    list_title = "Analytics rows: installations and deletions"
    totals = (COUNT_TOTAL,)
    totals_field = "event"
    list_display = (
        *WHICH,
        "event",
        "download_type",
        "source_type",
        "device",
        "territory",
        "counts_amount",
        "unique_devices_amount",
    )
    list_filter = (*FILTERS, ReportFilter, containing("event", "event", "such as Delete"), SOURCE, DEVICE, TERRITORY)
    export_fields: ClassVar[dict[str, str]] = every_column(InstallationRow)
    counts_amount = COUNTS
    unique_devices_amount = count_column("unique_devices", "Unique devices")


@admin.register(SessionRow)
class SessionRowAdmin(AnalyticsRowAdmin[SessionRow]):
    list_title = "Analytics rows: sessions"
    totals = (Total("sessions", "sessions", False), Total("seconds", "total_session_duration", False))
    totals_field = "source_type"
    totals_by = "source type"
    list_display = (
        *WHICH,
        "app_version",
        "source_type",
        "device",
        "territory",
        "sessions_amount",
        "total_session_duration_amount",
        "unique_devices_amount",
    )
    list_filter = (*FILTERS, ReportFilter, SOURCE, DEVICE, TERRITORY)
    export_fields: ClassVar[dict[str, str]] = every_column(SessionRow)
    sessions_amount = count_column("sessions", "Sessions")
    total_session_duration_amount = count_column("total_session_duration", "Duration in seconds")
    unique_devices_amount = count_column("unique_devices", "Unique devices")


@admin.register(PreOrderRow)
class PreOrderRowAdmin(AnalyticsRowAdmin[PreOrderRow]):
    list_title = "Analytics rows: pre-orders"
    totals = (Total("placed", "placed", False), Total("canceled", "canceled", False))
    totals_field = "source_type"
    totals_by = "source type"
    list_display = (*WHICH, "source_type", "device", "territory", "placed_amount", "canceled_amount")
    list_filter = (*FILTERS, ReportFilter, SOURCE, DEVICE, TERRITORY)
    export_fields: ClassVar[dict[str, str]] = every_column(PreOrderRow)
    placed_amount = count_column("placed", "Placed")
    canceled_amount = count_column("canceled", "Canceled")


@admin.register(SubscriptionStateRow)
class SubscriptionStateRowAdmin(AnalyticsRowAdmin[SubscriptionStateRow]):
    """No totals: a count of a moment may not be added over the days of a file."""

    list_title = "Analytics rows: subscription states"
    list_display = (*WHICH, "state_grouping", "state_metric", "subscription_name", "territory", "counts_amount")
    list_filter = (*FILTERS, ReportFilter, containing("state_metric", "state metric"), SOURCE, TERRITORY)
    export_fields: ClassVar[dict[str, str]] = every_column(SubscriptionStateRow)
    counts_amount = COUNTS


@admin.register(SubscriptionEventRow)
class SubscriptionEventRowAdmin(AnalyticsRowAdmin[SubscriptionEventRow]):
    list_title = "Analytics rows: subscription events"
    totals = (COUNT_TOTAL,)
    totals_field = "event"
    list_display = (*WHICH, "event_grouping", "event", "subscription_name", "territory", "counts_amount")
    list_filter = (*FILTERS, ReportFilter, containing("event", "event"), SOURCE, TERRITORY)
    export_fields: ClassVar[dict[str, str]] = every_column(SubscriptionEventRow)
    counts_amount = COUNTS


@admin.register(OtherAnalyticsRow)
class OtherAnalyticsRowAdmin(AnalyticsRowAdmin[OtherAnalyticsRow]):
    """Reports that nobody described yet: their columns as they came."""

    list_title = "Analytics rows: other reports"
    list_display = (*WHICH, "columns_text")
    list_filter = (*FILTERS, ReportFilter)
    export_fields: ClassVar[dict[str, str]] = every_column(OtherAnalyticsRow)

    @admin.display(description="Columns")
    def columns_text(self, row: OtherAnalyticsRow) -> str:
        return " · ".join(f"{name}: {text}" for name, text in (row.extra or {}).items())
