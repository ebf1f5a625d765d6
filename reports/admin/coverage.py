from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString

from ascrecon import clock
from reports.admin.base import EmptyState, ReadOnlyAdmin
from reports.admin.calendar_page import calendar_context, calendars_context
from reports.admin.cell_page import cell_context
from reports.admin.display import days_column, moment_column
from reports.admin.export_task_page import MOST_ASKED, asked_cells, task_address, task_context
from reports.admin.filters import DateInputFilter, input_filter
from reports.models import Account, ApiProblem, App, CoverageCell
from reports.selectors.calendar import Scope
from reports.selectors.export_tasks import of_cells, tasks
from reports.templatetags.finance import cell_badge


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
        # All of them: to look for those that have a cell would read the whole ledger.
        "account",
        "app",
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
    actions = ("ask_for_export",)
    days = days_column("date", "period_end")
    due_moment = moment_column("due", "Due")

    @admin.display(description="State", ordering="state")
    def state_badge(self, cell: CoverageCell) -> SafeString:
        return cell_badge(cell.state)

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("task/", self.task_view, "task"),
            self.own_path("calendar/", self.calendars_view, "calendar"),
            self.own_path("calendar/app/<int:pk>/", self.app_calendar, "calendar_app"),
            self.own_path("calendar/account/<int:pk>/", self.account_calendar, "calendar_account"),
        ]

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().list_context(request), "tools": [("Calendar", reverse(self.url_name("calendar")))]}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        cell = self.viewed(request, object_id)
        context = cell_context(cell, request.GET, clock.now())
        title = f"{context['name']}, {context['period']}"
        return self.page(request, "admin/reports/coveragecell/page.html", title, **context)

    # Asking a person for an export

    @admin.action(description="Ask a person for the export of these days", permissions=["view"])
    def ask_for_export(self, request: HttpRequest, queryset: QuerySet[CoverageCell]) -> HttpResponse | None:
        chosen = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST_ASKED + 1])
        if len(chosen) > MOST_ASKED:
            messages.error(request, f"More than {MOST_ASKED} at once: narrow the list, or ask from the calendar.")
            return None
        return redirect(task_address(cells=chosen))

    def task_view(self, request: HttpRequest) -> HttpResponse:
        """The address names the cells, or an app or account with a month; so it can be sent to somebody."""
        self._require_view(request)
        context = task_context(tasks(of_cells(asked_cells(request.GET))), request.get_full_path())
        back = reverse(self.url_name("calendar"))
        return self.page(request, "admin/reports/export_task.html", "Ask for an export", back=back, **context)

    # The calendar

    def calendars_view(self, request: HttpRequest) -> HttpResponse:
        """Whose calendars there are, with what is known of their recent days."""
        self._require_view(request)
        template = "admin/reports/coveragecell/calendars.html"
        return self.page(request, template, "Calendar", **calendars_context(clock.today("UTC")))

    def app_calendar(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._require_view(request)
        app = App.objects.select_related("account").filter(pk=pk).first()
        if app is None:
            raise Http404(f"There is no app {pk}.")
        return self._calendar(request, Scope(app.account, app))

    def account_calendar(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._require_view(request)
        account = Account.objects.filter(pk=pk).first()
        if account is None:
            raise Http404(f"There is no account {pk}.")
        return self._calendar(request, Scope(account))

    def _calendar(self, request: HttpRequest, scope: Scope) -> HttpResponse:
        context = calendar_context(scope, request.GET, clock.today("UTC"))
        cells_url = reverse(self.url_name("changelist"))
        if context["missing"]:
            context["ask"] = task_address(scope=scope, month=context["months"][0].first)
        template = "admin/reports/coveragecell/calendar.html"
        return self.page(request, template, f"Coverage of {scope}", cells_url=cells_url, **context)

    def _require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


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
