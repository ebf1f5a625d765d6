from __future__ import annotations

import re

from django.contrib import admin
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern

from reports.admin.base import ReadOnlyAdmin
from reports.models import RawFile

LONGEST_NAME = 120


@admin.register(RawFile)
class RawFileAdmin(ReadOnlyAdmin[RawFile]):
    """Kept bytes. No list: a raw file is reached from its delivery or from a finding."""

    list_title = "Raw files"
    list_display = ("sha256", "size", "created_at")

    def own_urls(self) -> list[URLPattern]:
        return [self.own_path("<int:pk>/download/", self.download, "download")]

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes exactly as received: as an attachment, never shown by the browser, under a harmless name."""
        raw = self.viewed(request, str(pk))
        if not default_storage.exists(raw.stored_as):
            raise Http404(f"The bytes of {raw.sha256} are not in the store.")
        response = FileResponse(default_storage.open(raw.stored_as, "rb"), content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="{safe_name(raw)}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response  # type: ignore[return-value]  # a FileResponse is a response


def safe_name(raw: RawFile) -> str:
    """The name that the file came with, letters and digits only, with the beginning of its SHA-256."""
    delivery = raw.deliveries.order_by("pk").first()
    name = delivery.file_name if delivery else "file"
    return f"{raw.sha256[:8]}-{re.sub(r'[^A-Za-z0-9._-]', '_', name)[-LONGEST_NAME:]}"
