from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from reports.admin.base import EmptyState, ReadOnlyAdmin, require
from reports.admin.cell_page import calendar_of_finding
from reports.admin.display import amount_column, badge_column, days_column, money_column
from reports.admin.export_task_page import task_context
from reports.admin.filters import DateInputFilter, MineFilter, WorkStateFilter, input_filter
from reports.admin.forms import AssignForm, ReasonForm
from reports.amounts import UNKNOWN, format_amount
from reports.findings import workflow
from reports.models import Finding, FindingState
from reports.selectors.export_tasks import is_askable, of_finding, reason_of, tasks
from reports.selectors.findings import finding_page, money_at_risk
from reports.selectors.problems import is_estimate
from reports.services.refusals import Refused

WORK = "reports.work_finding"
TASK = "admin/reports/export_task.html"
SHOWN_IN_BULK = 20
MOST_IN_BULK = 500

Step = Callable[[Finding, dict[str, Any], Any], object]


@dataclass(frozen=True)
class Action:
    """A step of the work on a finding: its words, its form, and the service that does it."""

    name: str
    title: str
    help: str
    form: type[forms.Form]
    do: Step
    states: Sequence[FindingState]


ACTIONS = {
    action.name: action
    for action in (
        Action(
            "assign",
            "Assign",
            "Who works on it.",
            AssignForm,
            lambda f, data, by: workflow.assign(f, to=data["to"], by=by),
            workflow.ALLOWED["assigned"],
        ),
        Action(
            "wait",
            "Wait for an answer",
            "What you wait for, and from whom.",
            ReasonForm,
            lambda f, data, by: workflow.wait(f, reason=data["reason"], by=by),
            workflow.ALLOWED["waiting"],
        ),
        Action(
            "explain",
            "Explain",
            "What you found out. The finding stays open.",
            ReasonForm,
            lambda f, data, by: workflow.explain(f, text=data["reason"], by=by),
            workflow.ALLOWED["explained"],
        ),
        Action(
            "resolve",
            "Resolve",
            "Why it is settled although the two sides differ.",
            ReasonForm,
            lambda f, data, by: workflow.resolve(f, reason=data["reason"], by=by),
            workflow.ALLOWED["resolved"],
        ),
        Action(
            "reopen",
            "Open again",
            "Why it is not settled.",
            ReasonForm,
            lambda f, data, by: workflow.reopen(f, reason=data["reason"], by=by),
            workflow.ALLOWED["reopened"],
        ),
    )
}


class FindingChangeList(ChangeList):
    """With the money at risk of all findings that pass the filters, not only of this page."""

    totals_title = "Money at risk in this list, by currency"

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        found = money_at_risk(self.queryset)
        self.totals = [(currency, [("at risk", format_amount(value, currency))]) for currency, value in found]


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin[Finding]):
    list_title = "Findings"
    empty = EmptyState(
        "Nothing here needs work. Other states are in the filter; a new reconciliation looks again.",
        "Start a reconciliation",
        "admin:reports_run_start",
    )
    list_display = (
        "identity",
        "days",
        "app_text",
        "severity_badge",
        "cause_text",
        "api_value_amount",
        "console_value_amount",
        "difference_amount",
        "currency",
        "risk_amount",
        "assignee",
        "state_badge",
    )
    list_filter = (
        WorkStateFilter,
        MineFilter,
        "severity",
        "kind",
        "cause",
        ("account", admin.RelatedOnlyFieldListFilter),
        ("app", admin.RelatedOnlyFieldListFilter),
        ("currency", admin.AllValuesFieldListFilter),
        "report",
        input_filter(DateInputFilter, "from", "first day", "to_day__gte"),
        input_filter(DateInputFilter, "to", "last day", "from_day__lte"),
    )
    list_select_related = ("app", "account", "assignee")
    search_fields = (
        "public_id__startswith",
        "=app__apple_id",
        "app__sku__istartswith",
        "app__name__icontains",
        "=metric",
        "message",
    )
    search_help_text = "Finding id, Apple ID, SKU, app name, metric or rule (A42), or words of the finding"
    date_hierarchy = "from_day"
    # One problem in several currencies stands together.
    ordering = ("-from_day", "kind", "app_id", "member", "currency")
    actions = ("bulk_assign", "bulk_resolve")
    export_fields: ClassVar[dict[str, str]] = {
        "Finding": "public_id",
        "State": "state",
        "Severity": "severity",
        "Kind": "kind",
        "Cause": "cause",
        "Account": "account__name",
        "Vendor number": "vendor__number",
        "App": "app__name",
        "Apple ID": "app__apple_id",
        "Report": "report",
        "Metric": "metric",
        "Member": "member",
        "From": "from_day",
        "To": "to_day",
        "API": "api_value",
        "Console": "console_value",
        "Difference": "difference",
        "Explained": "explained",
        "Left": "residual",
        "Currency": "currency",
        "Money at risk": "money_at_risk",
        "Assigned to": "assignee__username",
        "What": "message",
        "What to do": "next_step",
        "First seen": "first_seen",
        "Last seen": "last_seen",
    }

    severity_badge = badge_column("severity", "Severity")
    state_badge = badge_column("state", "State")
    days = days_column("from_day", "to_day")
    api_value_amount = amount_column("api_value", "API")
    console_value_amount = amount_column("console_value", "Console")
    risk_amount = money_column("money_at_risk", "Money at risk")

    @admin.display(description="Finding", ordering="kind")
    def identity(self, finding: Finding) -> SafeString:
        return format_html('{} <span class="quiet">{}</span>', finding.get_kind_display(), finding.public_id[:8])

    @admin.display(description="Difference", ordering="difference")
    def difference_amount(self, finding: Finding) -> str:
        """An estimate has no other side, so no difference."""
        return UNKNOWN if is_estimate(finding) else format_amount(finding.difference, finding.currency)

    @admin.display(description="App", ordering="app__name")
    def app_text(self, finding: Finding) -> str:
        return str(finding.app or "all apps")

    @admin.display(description="Likely cause", ordering="cause")
    def cause_text(self, finding: Finding) -> str:
        return finding.get_cause_display()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FindingChangeList

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("id/<str:public_id>/", self.by_public_id, "public"),
            self.own_path("<int:pk>/ask/", self.ask_view, "ask"),
            self.own_path("<int:pk>/<str:action>/work/", self.work_view, "work"),
        ]

    def by_public_id(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """The lasting address of a finding: its number in the database may differ after a restore."""
        finding = Finding.objects.filter(public_id=public_id).first()
        if not self.has_view_permission(request):
            raise PermissionDenied
        if finding is None:
            raise Http404(f"There is no finding {public_id}.")
        return redirect(self.url_name("change"), finding.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        finding = self.viewed(request, object_id)
        may_work = request.user.has_perm(WORK)
        return self.page(
            request,
            "admin/reports/finding/page.html",
            finding.get_kind_display(),
            finding=finding,
            found=finding_page(finding),
            actions=[a for a in ACTIONS.values() if may_work and finding.state in a.states],
            calendar=calendar_of_finding(finding),
            may_ask=finding.unfinished and is_askable(finding),
        )

    def ask_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The ready task: a person exports exactly the days of the finding."""
        finding = self.viewed(request, str(pk))
        url = reverse(self.url_name("change"), args=[finding.pk])
        to = finding.assignee.email if finding.assignee else ""
        context = task_context(tasks(of_finding(finding)), request.path, to, reason_of(finding))
        may_assign = request.user.has_perm(WORK) and finding.unfinished
        form = AssignForm() if may_assign else None
        return self.page(request, TASK, "Ask for an export", finding=finding, assign_form=form, back=url, **context)

    # Work on one finding

    def work_view(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        require(request, WORK)
        finding = self.viewed(request, str(pk))
        if action not in ACTIONS:
            raise Http404(f"There is no action {action}.")
        step = ACTIONS[action]
        form = step.form(request.POST or None)
        if request.method == "POST" and form.is_valid() and self._done(request, step, form, finding):
            return redirect(self.url_name("change"), finding.pk)
        return self.page(
            request,
            "admin/reports/finding/work.html",
            step.title,
            step=step,
            form=form,
            findings=[finding],
            total=1,
            back=reverse(self.url_name("change"), args=[finding.pk]),
            object_name=str(finding),
        )

    def _done(self, request: HttpRequest, step: Action, form: forms.Form, finding: Finding) -> bool:
        try:
            step.do(finding, form.cleaned_data, request.user)
        except Refused as exc:
            form.add_error(None, str(exc))
            return False
        messages.success(request, f"{step.title}: kept in the history.")
        return True

    # Work on several

    def has_work_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(WORK)

    @admin.action(description="Assign", permissions=["work"])
    def bulk_assign(self, request: HttpRequest, queryset: QuerySet[Finding]) -> HttpResponse | None:
        return self._bulk(request, queryset, ACTIONS["assign"])

    @admin.action(description="Resolve", permissions=["work"])
    def bulk_resolve(self, request: HttpRequest, queryset: QuerySet[Finding]) -> HttpResponse | None:
        return self._bulk(request, queryset, ACTIONS["resolve"])

    def _bulk(self, request: HttpRequest, queryset: QuerySet[Finding], step: Action) -> HttpResponse | None:
        """Ask for the reason on a page of its own, then do it one by one; what changed meanwhile is left and named."""
        if not self.has_work_permission(request):
            raise PermissionDenied
        total = queryset.count()
        if total > MOST_IN_BULK:
            messages.error(request, f"{total} findings are too many at once: choose at most {MOST_IN_BULK}.")
            return None
        form = step.form(request.POST if "confirmed" in request.POST else None)
        if form.is_bound and form.is_valid():
            self._do_all(request, queryset, step, form)
            return None
        return self.page(
            request,
            "admin/reports/finding/work.html",
            f"{step.title}: {total} findings",
            step=step,
            form=form,
            findings=queryset.select_related("app")[:SHOWN_IN_BULK],
            total=total,
            selected=request.POST.getlist(ACTION_CHECKBOX_NAME),
            select_across=request.POST.get("select_across", "0"),
            action=request.POST.get("action"),
            back=request.get_full_path(),
        )

    def _do_all(self, request: HttpRequest, queryset: QuerySet[Finding], step: Action, form: forms.Form) -> None:
        refused: list[str] = []
        findings = list(queryset)
        for finding in findings:
            try:
                step.do(finding, form.cleaned_data, request.user)
            except Refused as exc:
                refused.append(f"{finding.public_id[:8]}: {exc}")
        messages.success(request, f"{step.title}: {len(findings) - len(refused)} done.")
        if refused:
            messages.warning(request, f"{len(refused)} left as they are. {' '.join(refused[:5])}")
