"""What Apple delivered: one page per report file, with its vintages, totals and rejects."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.views.decorators.http import require_POST

from reports.admin.base import EmptyState, ReadOnlyAdmin, require
from reports.admin.display import amount_column, badge_column, days_column, moment_column
from reports.admin.filters import DateInputFilter, input_filter
from reports.coverage.overview import known_of_delivery
from reports.models import Delivery, DeliveryState, ReportInstance
from reports.selectors.deliveries import REJECTS_SHOWN, other_vintages, total_lines, vintages_of
from reports.selectors.findings import raw_link, rows_link
from reports.services.refusals import Refused
from reports.services.uploads import accept_held

ACCEPT = "reports.upload_consoleexport"

DELIVERY_EXPORT = {
    "File": "file_name",
    "Report": "report",
    "Kind": "kind",
    "Account": "account__name",
    "Vendor number": "vendor__number",
    "App": "app__name",
    "Region": "region_code",
    "From": "period_start",
    "To": "period_end",
    "Grain": "grain",
    "Time zone": "timezone",
    "State": "state",
    "Rows read": "rows_read",
    "Rows accepted": "rows_accepted",
    "Rows rejected": "rows_rejected",
    "Received": "received_at",
    "SHA-256": "raw_file__sha256",
}


@admin.register(ReportInstance)
class ReportInstanceAdmin(ReadOnlyAdmin[ReportInstance]):
    list_title = "Reports from Apple"
    list_help = (
        "One line is one file of Apple's API. Of a day issued again the newest file is current; older ones stay."
    )
    empty = EmptyState("Apple has delivered nothing yet.", "Connect an account", "admin:reports_account_add")
    list_display = (
        "report",
        "days",
        "account",
        "vendor",
        "app",
        "region_code",
        "rows_read_amount",
        "rows_rejected_amount",
        "received_moment",
        "state_badge",
    )
    list_filter = (
        "state",
        "kind",
        "grain",
        ("account", admin.RelatedOnlyFieldListFilter),
        ("app", admin.RelatedOnlyFieldListFilter),
        input_filter(DateInputFilter, "from", "first day", "period_end__gte"),
        input_filter(DateInputFilter, "to", "last day", "period_start__lte"),
    )
    list_select_related = ("account", "vendor", "app")
    search_fields = ("report__istartswith", "file_name__icontains", "=vendor__number", "raw_file__sha256__startswith")
    search_help_text = "Report, file name, vendor number or the beginning of the SHA-256"
    date_hierarchy = "period_start"
    export_fields: ClassVar[dict[str, str]] = DELIVERY_EXPORT
    days = days_column("period_start", "period_end")
    rows_read_amount = amount_column("rows_read", "Rows", currency="")
    rows_rejected_amount = amount_column("rows_rejected", "Rejected", currency="")
    received_moment = moment_column("received_at", "Received")
    state_badge = badge_column("state", "State")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportInstance]:
        return super().get_queryset(request).filter(side="api")

    def own_urls(self) -> list[URLPattern]:
        return [*super().own_urls(), self.own_path("<int:pk>/accept/", require_POST(self.accept_view), "accept")]

    def accept_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let a held report count although rows of it were rejected; who accepts it is kept."""
        require(request, ACCEPT)
        delivery = self.viewed(request, str(pk))
        try:
            accept_held(delivery, by=request.user)  # type: ignore[arg-type]  # the permission needs a real user
        except Refused as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, f"{delivery.file_name} counts now, without its rejected rows.")
        return redirect(self.url_name("change"), pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        delivery = self.viewed(request, object_id)
        title = f"{delivery.report}, {delivery.period_start or ''}"
        return self.page(
            request,
            "admin/reports/reportinstance/page.html",
            title,
            **delivery_facts(delivery, request.GET.get("with")),
            may_accept=delivery.state == DeliveryState.HELD and request.user.has_perm(ACCEPT),
        )


def delivery_facts(delivery: Delivery, with_id: str | None = None) -> dict[str, Any]:
    """What the pages of both sides show of a delivered file; `with_id` names the vintage to compare with."""
    vintages = vintages_of(delivery)
    others = other_vintages(delivery, vintages)
    other = next((d for d in others if str(d.pk) == with_id), others[0] if others else None)
    return {
        "delivery": delivery,
        "vintages": vintages[:REJECTS_SHOWN],
        "others": others,
        "other": other,
        "totals": total_lines(delivery, other),
        "rejects": list(delivery.rejects.all()[:REJECTS_SHOWN]),
        "rejects_shown": REJECTS_SHOWN,
        "rows": rows_link(delivery),
        "raw": raw_link(delivery.raw_file),
        "known": known_of_delivery(delivery),
        "is_current": any(v.current for v in vintages if v.delivery_id == delivery.pk),
    }
