"""Console exports: upload, look at what was recognised, confirm or cancel, withdraw."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import RETRYABLE
from reports.admin.base import EmptyState, ReadOnlyAdmin, require
from reports.admin.deliveries import DELIVERY_EXPORT, delivery_facts
from reports.admin.display import amount_column, badge_column, days_column
from reports.admin.forms import ReasonForm, UploadForm
from reports.files.errors import BadFile
from reports.jobs import enqueue_import
from reports.models import ConsoleExport, Delivery, DeliveryState
from reports.selectors.pairings import pairings
from reports.services import uploads
from reports.services.refusals import Refused
from reports.templatetags.finance import moment

UPLOAD = "reports.upload_consoleexport"
WAITING = (DeliveryState.PREVIEWED, DeliveryState.HELD)


@admin.register(ConsoleExport)
class ConsoleExportAdmin(ReadOnlyAdmin[ConsoleExport]):
    list_title = "Console exports"
    list_help = "Files that people downloaded from App Store Connect in the browser. Only confirmed ones count."
    empty = EmptyState("No console export was uploaded yet.", "Upload an export", "admin:reports_consoleexport_upload")
    list_display = (
        "file_name",
        "kind_text",
        "app_or_vendor",
        "report",
        "days",
        "rows_read_amount",
        "rows_rejected_amount",
        "uploaded",
        "state_badge",
    )
    list_filter = (
        "state",
        "kind",
        ("account", admin.RelatedOnlyFieldListFilter),
        ("app", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("account", "vendor", "app", "uploaded_by")
    search_fields = ("file_name__icontains", "=app__apple_id", "app__name__icontains", "raw_file__sha256__startswith")
    search_help_text = "File name, Apple ID, app name or the beginning of the SHA-256"
    date_hierarchy = "period_start"
    export_fields: ClassVar[dict[str, str]] = {**DELIVERY_EXPORT, "Uploaded by": "uploaded_by__username"}
    days = days_column("period_start", "period_end")
    rows_read_amount = amount_column("rows_read", "Rows", currency="")
    rows_rejected_amount = amount_column("rows_rejected", "Rejected", currency="")
    state_badge = badge_column("state", "State")

    @admin.display(description="Export", ordering="kind")
    def kind_text(self, export: ConsoleExport) -> str:
        return export.get_kind_display()

    @admin.display(description="Uploaded", ordering="received_at")
    def uploaded(self, export: ConsoleExport) -> SafeString:
        by = f"by {export.uploaded_by}" if export.uploaded_by else ""
        return format_html('{} <span class="quiet">{}</span>', moment(export.received_at), by)

    @admin.display(description="App or vendor")
    def app_or_vendor(self, export: ConsoleExport) -> str:
        return str(export.app or export.vendor or export.account or "–")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsoleExport]:
        return super().get_queryset(request).filter(side="console")

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        tools = [("Upload an export", reverse(self.url_name("upload")))] if request.user.has_perm(UPLOAD) else []
        return {**super().list_context(request), "tools": tools}

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("upload/", self.upload_view, "upload"),
            self.own_path("<int:pk>/confirm/", require_POST(self.confirm_view), "confirm"),
            self.own_path("<int:pk>/cancel/", require_POST(self.cancel_view), "cancel"),
            self.own_path("<int:pk>/withdraw/", self.withdraw_view, "withdraw"),
        ]

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        require(request, UPLOAD)
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            found = preview_all(form, request)
            if found:
                return self._to_previews(found)
        limit = filesizeformat(settings.ASCRECON_MAX_UPLOAD_BYTES)
        return self.page(request, "admin/reports/consoleexport/upload.html", "Upload an export", form=form, limit=limit)

    def _to_previews(self, found: list[Delivery]) -> HttpResponse:
        if len(found) == 1:
            return redirect(self.url_name("change"), found[0].pk)
        return redirect(f"{reverse(self.url_name('changelist'))}?state__exact={DeliveryState.PREVIEWED}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        export = self.viewed(request, object_id)
        waiting = export.state in WAITING
        facts = delivery_facts(export, request.GET.get("with"))
        return self.page(
            request,
            "admin/reports/consoleexport/page.html",
            export.file_name,
            **facts,
            waiting=waiting,
            preview=uploads.describe(export) if waiting else None,
            pairings=pairings(export) if waiting else [],
            next_waiting=self.get_queryset(request).filter(state__in=WAITING).exclude(pk=export.pk).first(),
            may_upload=request.user.has_perm(UPLOAD),
            **self._loading(request, export),
            may_withdraw=export.state == DeliveryState.LOADED and request.user.has_perm(UPLOAD),
        )

    def _loading(self, request: HttpRequest, export: Delivery) -> dict[str, Any]:
        """The job that loads it, where it is not loaded yet, and what can be done where that failed."""
        from ascrecon.jobs.admin import may_handle  # noqa: PLC0415  (that module imports this package)

        job = uploads.import_job(export) if export.state == DeliveryState.LOADING else None
        stuck = export.state == DeliveryState.LOADING and (job is None or not job.is_unfinished)
        return {
            "job": job,
            "may_cancel": stuck and request.user.has_perm(UPLOAD),
            "may_retry": job is not None and job.state in RETRYABLE and may_handle(request, job),
        }

    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, UPLOAD)
        export = self.viewed(request, str(pk))
        try:
            job = confirm_and_load(export, request)
        except Refused as exc:
            messages.error(request, str(exc))
            return redirect(self.url_name("change"), pk)
        messages.success(request, f"{export.file_name} is confirmed: it is loaded now, then compared.")
        return redirect("admin:jobs_job_change", job.pk)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, UPLOAD)
        export = self.viewed(request, str(pk))
        try:
            uploads.cancel(export, by=request.user)  # type: ignore[arg-type]
        except Refused as exc:
            messages.error(request, str(exc))
            return redirect(self.url_name("change"), pk)
        messages.success(request, f"{export.file_name} is cancelled: nothing of it counts.")
        return redirect(self.url_name("changelist"))

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, UPLOAD)
        export = self.viewed(request, str(pk))
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                uploads.withdraw(export, reason=form.cleaned_data["reason"], by=request.user)  # type: ignore[arg-type]
            except Refused as exc:
                form.add_error(None, str(exc))
            else:
                messages.success(
                    request, f"{export.file_name} is withdrawn; what was current before it is current again."
                )
                return redirect(self.url_name("change"), pk)
        return self.page(
            request, "admin/reports/consoleexport/withdraw.html", "Withdraw an export", form=form, export=export
        )


@transaction.atomic
def confirm_and_load(export: Delivery, request: HttpRequest) -> Job:
    """Mark it as loading and queue the loading, both or neither."""
    accept = request.POST.get("accept_rejects") == "on"
    confirmed = uploads.request_import(export, accept_rejects=accept, by=request.user)  # type: ignore[arg-type]
    return enqueue_import(confirmed, requested_by=request.user.get_username())


def preview_all(form: UploadForm, request: HttpRequest) -> list[Delivery]:
    """A preview of each file; what cannot be read becomes an error of the form, the other files wait all the same."""
    options = import_options(form.cleaned_data)
    found: list[Delivery] = []
    for file in form.cleaned_data["chosen"]:
        if file.size > settings.ASCRECON_MAX_UPLOAD_BYTES:
            limit = filesizeformat(settings.ASCRECON_MAX_UPLOAD_BYTES)
            form.add_error("chosen", f"{file.name}: {filesizeformat(file.size)} is more than the limit of {limit}.")
            continue
        try:
            with on_disk(file) as path:
                found += uploads.preview(path, file.name, options=options, by=request.user)  # type: ignore[arg-type]
        except (BadFile, Refused) as exc:
            form.add_error("chosen", str(exc))
    if form.errors and found:
        waiting = f"{reverse('admin:reports_consoleexport_changelist')}?state__exact={DeliveryState.PREVIEWED}"
        text = '{} of the files wait for your confirmation <a href="{}">in the list of console exports</a>.'
        messages.info(request, format_html(text, len(found), waiting))
    return [] if form.errors else found


def import_options(cleaned: dict[str, Any]) -> uploads.ImportOptions:
    app = cleaned["app"]
    return uploads.ImportOptions(
        account=cleaned["account"],
        app_apple_id=app.apple_id if app else None,
        kind=cleaned["kind"],
        fiscal_month=str(cleaned["fiscal_month"] or ""),
        period_start=cleaned["period_start"],
        period_end=cleaned["period_end"],
        timezone=cleaned["timezone"],
        currency=cleaned["currency"].upper(),
    )


@contextmanager
def on_disk(file: UploadedFile[Any]) -> Iterator[Path]:
    """The uploaded bytes under a path of our own making: the sender's name never becomes a path."""
    with tempfile.NamedTemporaryFile(prefix="ascrecon-upload-") as target:
        for chunk in file.chunks():
            target.write(chunk)
        target.flush()
        yield Path(target.name)
