"""Own data: templates, uploads, what became of each line, older lists."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from reports.admin.base import EmptyState, ReadOnlyAdmin, require
from reports.admin.display import amount_column, badge_column, moment_column
from reports.admin.forms import ReasonForm
from reports.admin.uploads import on_disk
from reports.files.errors import BadFile
from reports.models import Account, App
from reports.services.refusals import Refused
from reports.templatetags.finance import badge
from subscriptions.admin.common import sees_tokens
from subscriptions.models import DataKind, DataState, DataUpload
from subscriptions.owndata.layouts import LAYOUTS
from subscriptions.selectors.masking import SEE, masked_text
from subscriptions.selectors.own_data import (
    accounts_for_upload,
    apps_for_upload,
    current_uploads,
    rows_of,
    rules_of,
)
from subscriptions.services import own_data
from subscriptions.services.own_data import THERE, About

UPLOAD = "subscriptions.upload_dataupload"
LONGEST_NAME = 120
LAST_LINE = 1 << 32


class OwnDataForm(forms.Form):
    kind = forms.ChoiceField(choices=DataKind, label="It lists")
    chosen = forms.FileField(label="File", help_text="CSV or tab-separated text; gzip and zip are opened.")
    account: forms.ModelChoiceField[Account] = forms.ModelChoiceField(queryset=accounts_for_upload())
    app: forms.ModelChoiceField[App] = forms.ModelChoiceField(
        queryset=apps_for_upload(), required=False, empty_label="All apps of the account"
    )
    taken_at = forms.DateTimeField(
        label="Taken at (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="The moment of which the list tells: when your database was asked. Later events are left alone.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = list(accounts_for_upload()[:2])
        if len(accounts) == 1:
            self.fields["account"].initial = accounts[0]

    @property
    def about(self) -> About:
        told = self.cleaned_data
        return About(DataKind(told["kind"]), told["account"], told["taken_at"], told["app"])


class OwnDataList(ChangeList):
    """Says of every list whether it counts now."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list, current = list(self.result_list), current_uploads()
        for row in self.result_list:
            row.counts = row.pk in current


@admin.register(DataUpload)
class DataUploadAdmin(ReadOnlyAdmin[DataUpload]):
    list_title = "Own data"
    list_help = (
        "What only you know: app logins, who has access, prices, token changes. The newest list of a kind counts as a "
        "whole. Rules that need one are not checked without it."
    )
    empty = EmptyState(
        "No own data was uploaded yet; the rules that need some are not checked.",
        "Upload own data",
        "admin:subscriptions_dataupload_upload",
    )
    list_display = (
        "file_name", "kind_text", "whose", "taken_moment", "rows_accepted_amount", "rows_rejected_amount",
        "received_moment", "state_badge", "counts_badge",
    )  # fmt: skip
    list_filter = ("kind", "state", ("account", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("account", "app")
    search_fields = ("file_name__icontains", "sha256__startswith")
    search_help_text = "File name or the beginning of the SHA-256"
    export_fields: ClassVar[dict[str, str]] = {
        "File": "file_name", "Kind": "kind", "Account": "account__name", "App": "app__name", "Taken": "taken_at",
        "Received": "received_at", "Uploaded by": "uploaded_by__username", "State": "state", "Rows": "rows_read",
        "Accepted": "rows_accepted", "Rejected": "rows_rejected", "SHA-256": "sha256", "Message": "message",
    }  # fmt: skip
    taken_moment = moment_column("taken_at", "Taken")
    received_moment = moment_column("received_at", "Received")
    rows_accepted_amount = amount_column("rows_accepted", "Rows", currency="")
    rows_rejected_amount = amount_column("rows_rejected", "Rejected", currency="")
    state_badge = badge_column("state", "State")

    @admin.display(description="List", ordering="kind")
    def kind_text(self, row: DataUpload) -> str:
        return row.get_kind_display()

    @admin.display(description="Of")
    def whose(self, row: DataUpload) -> str:
        return str(row.app or row.account)

    @admin.display(description="Counts")
    def counts_badge(self, row: DataUpload) -> SafeString | str:
        if row.state != DataState.LOADED:
            return "–"
        return badge("current", "counts") if getattr(row, "counts", False) else badge("replaced")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OwnDataList

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        tools = [("Upload own data", reverse(self.url_name("upload")))] if request.user.has_perm(UPLOAD) else []
        return {**super().list_context(request), "tools": tools}

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("upload/", self.upload_view, "upload"),
            self.own_path("template/<str:kind>/", self.template_view, "template"),
            self.own_path("<int:pk>/download/", self.download_view, "download"),
            self.own_path("<int:pk>/accept/", require_POST(self.accept_view), "accept"),
            self.own_path("<int:pk>/withdraw/", self.withdraw_view, "withdraw"),
        ]

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        require(request, UPLOAD)
        form = OwnDataForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            upload = _taken_in(form, request)
            if upload:
                return redirect(self.url_name("change"), upload.pk)
        kinds = [(DataKind(kind), layout, rules_of(kind)) for kind, layout in LAYOUTS.items()]
        return self.page(
            request, "admin/subscriptions/dataupload/upload.html", "Upload own data", form=form, kinds=kinds,
            limit=filesizeformat(settings.ASCRECON_MAX_UPLOAD_BYTES),
        )  # fmt: skip

    def template_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """A CSV file with the columns of a kind and two rows as an example."""
        if not self.has_view_or_change_permission(request):
            require(request, UPLOAD)
        if kind not in LAYOUTS:
            raise Http404(f"There is no template {kind}.")
        response = HttpResponse(LAYOUTS[kind].template(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        upload, seen = self.viewed(request, object_id), sees_tokens(request)
        may_upload, term = request.user.has_perm(UPLOAD), request.GET.get("q", "").strip()
        rejects = [
            {"line": each.line, "column": each.column, "why": each.why, "seen": masked_text(each.seen, seen=seen)}
            for each in upload.rejects.all()
        ]
        return self.page(
            request, "admin/subscriptions/dataupload/page.html", upload.file_name, upload=upload, rejects=rejects,
            is_current=upload.state == DataState.LOADED and upload.pk in current_uploads(), rules=rules_of(upload.kind),
            rows=rows_of(upload, after=_line(request.GET.get("after", "")), term=term, seen=seen), term=term,
            may_download=seen and bool(upload.stored_as), sees_tokens=seen,
            may_accept=may_upload and upload.state == DataState.HELD,
            may_withdraw=may_upload and upload.state in THERE,
        )  # fmt: skip

    def download_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes as received, only for those who may see tokens."""
        require(request, SEE)
        upload = self.viewed(request, str(pk))
        if not upload.stored_as or not default_storage.exists(upload.stored_as):
            raise Http404("The bytes of this file are not kept any more.")
        response = FileResponse(default_storage.open(upload.stored_as, "rb"), content_type="application/octet-stream")
        name = re.sub(r"[^A-Za-z0-9._-]", "_", upload.file_name)[-LONGEST_NAME:]
        response["Content-Disposition"] = f'attachment; filename="{upload.sha256[:8]}-{name}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response  # type: ignore[return-value]  # a FileResponse is a response

    def accept_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, UPLOAD)
        upload = self.viewed(request, str(pk))
        try:
            if request.POST.get("accept_rejects") != "on":
                raise Refused("Tick that the rejected rows shall not count, or withdraw the list.")
            own_data.accept(upload, by=request.user)  # type: ignore[arg-type]
        except Refused as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, f"{upload.file_name} counts now, and the subscriptions are checked again.")
        return redirect(self.url_name("change"), pk)

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, UPLOAD)
        upload = self.viewed(request, str(pk))
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                own_data.withdraw(upload, reason=form.cleaned_data["reason"], by=request.user)  # type: ignore[arg-type]
            except Refused as exc:
                form.add_error(None, str(exc))
            else:
                messages.success(request, f"{upload.file_name} is withdrawn; the list before it counts again.")
                return redirect(self.url_name("change"), pk)
        return self.page(
            request, "admin/subscriptions/dataupload/withdraw.html", "Withdraw own data", form=form, upload=upload
        )


def _taken_in(form: OwnDataForm, request: HttpRequest) -> DataUpload | None:
    """The upload, or None where what is wrong with the file is told in the form."""
    file = form.cleaned_data["chosen"]
    try:
        with on_disk(file) as path:
            upload = own_data.take_in(path, file.name, about=form.about, by=request.user)  # type: ignore[arg-type]
    except BadFile as bad:
        form.add_error("chosen", masked_text(str(bad), seen=sees_tokens(request)))
        return None
    if upload.state == DataState.LOADED:
        messages.success(request, f"{upload.file_name} is loaded, and the subscriptions are checked again.")
    else:
        messages.warning(request, f"{upload.file_name} does not count yet: some of its rows were rejected.")
    return upload


def _line(text: str) -> int:
    """A line number of an address; what is none counts as 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 and int(text) < LAST_LINE else 0  # noqa: PLR2004
