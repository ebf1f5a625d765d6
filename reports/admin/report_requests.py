"""Report requests of the analytics reports with their clock, and the instances that Apple made of them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from ascrecon import clock
from reports.admin.base import EmptyState, ReadOnlyAdmin
from reports.admin.display import badge_column, day_column, link, moment_column
from reports.admin.filters import DateInputFilter, InputFilter, input_filter
from reports.models import AnalyticsInstance, App, ReportRequest
from reports.selectors.findings import delivery_link
from reports.selectors.report_requests import clock_of, request_page
from reports.templatetags.finance import badge

PAGE = "admin/reports/reportrequest/page.html"


def requests_context(app: App) -> dict[str, Any]:
    """What the page of an app's requests shows."""
    return {"app": app, "found": request_page(app, clock.now())}


@admin.register(ReportRequest)
class ReportRequestAdmin(ReadOnlyAdmin[ReportRequest]):
    list_title = "Report requests"
    list_help = (
        "Apple makes analytics reports of an app only while a request for them is alive: the ongoing one for every new "
        "day, the snapshot once for the past."
    )
    empty = EmptyState(
        "No request was made yet: an account asks for analytics reports where its page says so.",
        "Accounts",
        "admin:reports_account_changelist",
    )
    list_display = ("app", "account", "access", "state_badge", "clock_text", "checked_moment")
    list_filter = ("state", "access", ("account", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("app", "account")
    search_fields = ("app__name__icontains", "=app__apple_id", "apple_id__startswith")
    search_help_text = "App, its Apple ID, or Apple's id of the request"
    export_fields: ClassVar[dict[str, str]] = {
        "App": "app__name",
        "Apple ID": "app__apple_id",
        "Account": "account__name",
        "Access type": "access",
        "State": "state",
        "Asked": "asked_at",
        "Existed before": "adopted",
        "Expected by": "expected_by",
        "First report": "first_instance_at",
        "Seen stopped": "stopped_seen_at",
        "Ended": "ended_at",
        "Evidence": "evidence",
    }
    checked_moment = moment_column("checked_at", "Looked at")

    @admin.display(description="State", ordering="state")
    def state_badge(self, request: ReportRequest) -> SafeString:
        return badge(request.state, request.get_state_display())

    @admin.display(description="Clock")
    def clock_text(self, request: ReportRequest) -> str:
        return " ".join(clock_of(request, clock.now()))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Both requests of the app stand on one page."""
        app = self.viewed(request, object_id).app
        return self.page(request, PAGE, f"Report requests of {app}", **requests_context(app))


@admin.register(AnalyticsInstance)
class AnalyticsInstanceAdmin(ReadOnlyAdmin[AnalyticsInstance]):
    list_title = "Report instances"
    list_help = "One line is one delivery of an analytics report as Apple lists it; Apple keeps it for 35 days."
    empty = EmptyState("Apple has listed no delivery of an analytics report yet.")
    list_display = (
        "report",
        "app_text",
        "granularity",
        "processing_day",
        "seen_moment",
        "delivery_text",
        "evidence",
        "state_badge",
    )
    list_filter = (
        "state",
        "granularity",
        "report__request__access",
        input_filter(InputFilter, "name", "report", lookup="report__name__istartswith", hint="such as App Sessions"),
        ("report__request__app", admin.RelatedOnlyFieldListFilter),
        input_filter(DateInputFilter, "from", "made from", "processing_date__gte"),
        input_filter(DateInputFilter, "to", "made to", "processing_date__lte"),
    )
    list_select_related = ("report__request__app", "delivery")
    ordering = ("-processing_date", "report__name", "pk")
    export_fields: ClassVar[dict[str, str]] = {
        "Report": "report__name",
        "App": "report__request__app__name",
        "Access type": "report__request__access",
        "Granularity": "granularity",
        "Made on": "processing_date",
        "State": "state",
        "First seen": "seen_at",
        "Listed no longer": "missing_since",
        "File": "delivery__file_name",
        "Evidence": "evidence",
    }
    processing_day = day_column("processing_date", "Made by Apple on")
    seen_moment = moment_column("seen_at", "First seen")
    state_badge = badge_column("state", "State")

    @admin.display(description="App", ordering="report__request__app__name")
    def app_text(self, instance: AnalyticsInstance) -> str:
        return str(instance.report.request.app)

    @admin.display(description="File", ordering="delivery")
    def delivery_text(self, instance: AnalyticsInstance) -> SafeString | str:
        if instance.delivery is None:
            return "–"
        return link("Open", delivery_link(instance.delivery).url)
