from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse

from ascrecon import clock
from ascrecon.exporting import WRITERS, Cell, Table, TooManyRows
from ascrecon.jobs.errors import JobRefused
from reports.admin.base import EXPORT_CHUNK, EmptyState, ReadOnlyAdmin, require
from reports.admin.display import amount_column, badge_column, days_column, moment_column
from reports.admin.filters import MOST_DIGITS
from reports.admin.forms import LineFilterForm, StartRunForm
from reports.admin.run_requests import start_run
from reports.models import Run, RunLine
from reports.selectors.runs import filtered_lines, filtered_page, line_page, rule_lines

START = "reports.start_run"
LINE_COLUMNS = {
    "Rule": "rule__title",
    "From": "period_start",
    "To": "period_end",
    "App": "app__name",
    "Apple ID": "app__apple_id",
    "Member": "member",
    "API": "api_value",
    "Console": "console_value",
    "Difference": "difference",
    "Explained": "explained",
    "Currency": "currency",
    "Kind": "kind",
    "Cause": "cause",
    "Finding": "finding__public_id",
}


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run]):
    list_title = "Runs"
    empty = EmptyState("Nothing was reconciled yet.", "Start a reconciliation", "admin:reports_run_start")
    list_display = (
        "__str__",
        "days",
        "account",
        "app",
        "compared_amount",
        "equal_amount",
        "within_amount",
        "differing_amount",
        "requested_by",
        "started_moment",
        "state_badge",
    )
    list_filter = ("state", ("account", admin.RelatedOnlyFieldListFilter), ("app", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("account", "app")
    date_hierarchy = "started_at"
    export_fields: ClassVar[dict[str, str]] = {
        "Run": "id",
        "State": "state",
        "From": "period_start",
        "To": "period_end",
        "Account": "account__name",
        "App": "app__name",
        "Compared": "compared",
        "Equal": "equal",
        "Within tolerance": "within_tolerance",
        "Started": "started_at",
        "Finished": "finished_at",
        "Requested by": "requested_by",
    }
    days = days_column("period_start", "period_end")
    compared_amount = amount_column("compared", "Compared", currency="")
    equal_amount = amount_column("equal", "Equal", currency="")
    within_amount = amount_column("within_tolerance", "Within tolerance", currency="")
    differing_amount = amount_column("differing", "Differing", currency="", order=False)
    started_moment = moment_column("started_at", "Started")
    state_badge = badge_column("state", "State")

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("start/", self.start_view, "start"),
            self.own_path("<int:pk>/lines/<str:form>/", self.lines_view, "lines"),
        ]

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        tools = [("Start a reconciliation", reverse(self.url_name("start")))] if request.user.has_perm(START) else []
        return {**super().list_context(request), "tools": tools}

    def start_view(self, request: HttpRequest) -> HttpResponse:
        require(request, START)
        form = StartRunForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                job = start_run(form.cleaned_data, by=request.user)
            except (JobRefused, ValueError) as exc:
                form.add_error(None, str(exc))
            else:
                messages.success(request, "The reconciliation is queued; this page shows how far it is.")
                return redirect("admin:jobs_job_change", job.pk)
        return self.page(request, "admin/reports/run/start.html", "Start a reconciliation", form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.viewed(request, object_id)
        rules = rule_lines(run)
        form = LineFilterForm(request.GET or None, rules=[(rule.key, rule.title) for rule in rules])
        filters = form.cleaned_data if form.is_bound and form.is_valid() else {}
        after, is_filtered = _number(request.GET.get("after")), any(filters.values())
        query = request.GET.copy()
        query.pop("after", None)
        return self.page(
            request,
            "admin/reports/run/page.html",
            str(run),
            run=run,
            rules=rules,
            form=form,
            page=filtered_page(run, filters, after, rules)
            if is_filtered
            else line_page(filtered_lines(run, {}), after),
            query=query.urlencode(),
            is_filtered=is_filtered,
        )

    def lines_view(self, request: HttpRequest, pk: int, form: str) -> HttpResponse:
        """The side-by-side table as a file, with the filters of the page."""
        run = self.viewed(request, str(pk))
        if form not in WRITERS:
            raise Http404(f"No export as {form}.")
        filters = LineFilterForm(request.GET, rules=[(rule.key, rule.title) for rule in rule_lines(run)])
        cleaned = filters.cleaned_data if filters.is_valid() else {}
        try:
            return WRITERS[form](_lines_table(request, run, cleaned), clock.today("UTC"))  # type: ignore[return-value]
        except TooManyRows as exc:
            messages.error(request, str(exc))
            return redirect(self.url_name("change"), run.pk)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def _lines_table(request: HttpRequest, run: Run, filters: dict[str, object]) -> Table:
    chosen = "; ".join(f"{name} = {value}" for name, value in filters.items() if value not in (None, ""))
    return Table(
        title=f"{run} differences",
        columns=list(LINE_COLUMNS),
        rows=_line_rows(filtered_lines(run, filters)),
        criteria=[
            ("Period", f"{run.period_start} to {run.period_end}"),
            ("Compared", f"{run.compared}, equal {run.equal}, within tolerance {run.within_tolerance}"),
            ("Selection", chosen or "all lines that differ"),
            ("Exported", f"{clock.now():%Y-%m-%d %H:%M} UTC by {request.user.get_username()}"),
        ],
    )


def _line_rows(lines: QuerySet[RunLine]) -> Iterator[Sequence[Cell]]:
    yield from lines.select_related(None).values_list(*LINE_COLUMNS.values()).iterator(chunk_size=EXPORT_CHUNK)
