from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from ascrecon.jobs import service
from ascrecon.jobs.errors import JobRefused
from ascrecon.jobs.models import Job
from reports.admin.base import EmptyState, ReadOnlyAdmin
from reports.admin.display import badge_column, moment_column

CHANGE = "jobs.change_job"
START_RUN = "reports.start_run"
REFRESH = 3  # seconds


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin[Job]):
    list_title = "Jobs"
    empty = EmptyState("No job fits.")
    list_display = ("id", "subject", "progress", "message", "attempts", "requested_by", "created_moment", "state_badge")
    list_display_links = ("id", "subject")
    list_filter = ("state", "kind")
    search_fields = ("=id", "subject")
    search_help_text = "Number or words of the subject"
    ordering = ("-id",)
    sortable_by = ("id",)
    export_fields: ClassVar[dict[str, str]] = {
        "Job": "id", "Subject": "subject", "Kind": "kind", "State": "state", "Step": "step",
        "Done": "done", "Total": "total", "Message": "message", "Attempts": "attempts",
        "Requested by": "requested_by", "Queued": "created",
        "Started": "started", "Finished": "finished",
    }  # fmt: skip
    created_moment = moment_column("created", "Queued")
    state_badge = badge_column("state", "State")

    @admin.display(description="Progress")
    def progress(self, job: Job) -> SafeString | str:
        if job.done is None:
            return job.step or "–"
        total = f" of {job.total:,}" if job.total else ""
        return format_html('{}{} <span class="quiet">{}</span>', f"{job.done:,}", total, job.step)

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("<int:pk>/retry/", require_POST(self.retry_view), "retry"),
            self.own_path("<int:pk>/cancel/", require_POST(self.cancel_view), "cancel"),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        job = self.viewed(request, object_id)
        return self.page(
            request, "admin/jobs/job/page.html", job.subject, job=job, events=list(job.events.all()),
            refresh=REFRESH if job.is_unfinished else None, may_change=may_handle(request, job),
            retryable=job.state in service.RETRYABLE,
        )  # fmt: skip

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self._handled(request, pk)
        try:
            service.retry(job, by=request.user.get_username())
        except JobRefused as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, "The job is queued again.")
        return redirect(self.url_name("change"), pk)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self._handled(request, pk)
        if service.cancel(job, by=request.user.get_username()):
            messages.success(request, "The job is cancelled.")
        else:
            messages.info(request, "The job was finished already.")
        return redirect(self.url_name("change"), pk)

    def _handled(self, request: HttpRequest, pk: int) -> Job:
        job = self.viewed(request, str(pk))
        if not may_handle(request, job):
            raise PermissionDenied
        return job


def may_handle(request: HttpRequest, job: Job) -> bool:
    """Administrators handle every job; an analyst the ones that they asked for."""
    own = bool(job.requested_by) and job.requested_by == request.user.get_username()
    return request.user.has_perm(CHANGE) or (own and request.user.has_perm(START_RUN))
