from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from reports.admin.base import EmptyState, ReadOnlyAdmin
from reports.admin.display import badge_column, days_column, moment_column
from reports.admin.filters import DateInputFilter, input_filter
from reports.models import ApiProblem, CoverageCell


@admin.register(CoverageCell)
class CoverageCellAdmin(ReadOnlyAdmin[CoverageCell]):
    list_title = "Coverage: what is known of each day"
    list_help = "Unknown is not zero: a number counts only where its day is final or proved to be empty."
    empty = EmptyState("No day was asked for yet.", "Connect an account", "admin:reports_account_add")
    list_display = (
        "days",
        "report",
        "region_code",
        "account",
        "vendor",
        "app",
        "due_moment",
        "evidence",
        "state_badge",
    )
    list_filter = (
        "state",
        "report",
        "granularity",
        ("account", admin.RelatedOnlyFieldListFilter),
        input_filter(DateInputFilter, "from", "first day", "period_end__gte"),
        input_filter(DateInputFilter, "to", "last day", "date__lte"),
    )
    list_select_related = ("account", "vendor", "app")
    ordering = ("-date", "report")
    date_hierarchy = "date"
    export_fields: ClassVar[dict[str, str]] = {
        "First day": "date",
        "Last day": "period_end",
        "Report": "report",
        "Region": "region_code",
        "Grain": "granularity",
        "Account": "account__name",
        "Vendor number": "vendor__number",
        "App": "app__name",
        "State": "state",
        "Due": "due",
        "Evidence": "evidence",
    }
    days = days_column("date", "period_end")
    due_moment = moment_column("due", "Due")
    state_badge = badge_column("state", "State")


@admin.register(ApiProblem)
class ApiProblemAdmin(ReadOnlyAdmin[ApiProblem]):
    list_title = "API problems"
    list_help = "Calls to Apple that failed, or that succeeded only when they were repeated."
    empty = EmptyState("Apple's API has answered every call so far.")
    list_display = ("at_moment", "account", "report", "cause", "status", "code", "request_id", "attempts", "succeeded")
    list_filter = ("cause", "succeeded", "status", ("account", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("account",)
    search_fields = ("request_id__startswith", "code__startswith", "report__startswith")
    search_help_text = "Apple's request id, the code or the report"
    date_hierarchy = "at"
    export_fields: ClassVar[dict[str, str]] = {
        "At": "at",
        "Account": "account__name",
        "Report": "report",
        "Path": "path",
        "Cause": "cause",
        "Status": "status",
        "Code": "code",
        "Title": "title",
        "Detail": "detail",
        "Pointer": "pointer",
        "Request id": "request_id",
        "Attempts": "attempts",
        "Succeeded when repeated": "succeeded",
    }
    at_moment = moment_column("at", "At")
