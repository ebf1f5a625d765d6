from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.views.decorators.http import require_POST

from reports.admin.base import EmptyState, ReadOnlyAdmin, require
from reports.admin.display import badge_column, moment_column
from subscriptions.admin.common import EnvironmentFilter, StoreAdmin, ms_column, sees_tokens, typed_filter
from subscriptions.jobs import enqueue_distrust, enqueue_processing
from subscriptions.models import Notification, RefusedPayload, SigningChain, Subscription
from subscriptions.selectors.masking import SEE, masked_json
from subscriptions.selectors.searching import uuid_of
from subscriptions.services.quarantine import replay

REPLAY, DISTRUST = "subscriptions.replay_notification", "subscriptions.change_signingchain"


@admin.register(Notification)
class NotificationAdmin(StoreAdmin[Notification]):
    list_title = "Notifications"
    list_help = "What the App Store sent, newest signature first. In quarantine: signed by Apple, counts nothing."
    empty = EmptyState("Nothing has come yet: enter the address of the webhook in App Store Connect.")
    list_display = ("signed", "type", "subtype", "app", "original_id", "source", "deliveries", "late", "state_badge")
    list_display_links = ("signed", "type")
    list_filter = (
        EnvironmentFilter, "state", "quarantine", "source", "known", typed_filter("type", "such as DID_RENEW"),
        ("account", admin.RelatedOnlyFieldListFilter),
    )  # fmt: skip
    list_select_related = ("app",)
    search_fields = ("original_id__exact", "transaction_id__exact")
    search_help_text = "Notification UUID, transaction ID or original transaction ID"
    ordering = ("-signed_ms", "-id")
    export_fields: ClassVar[dict[str, str]] = {
        "Notification": "uuid", "Type": "type", "Subtype": "subtype", "Environment": "environment",
        "App": "app__name", "Bundle ID": "bundle_id", "Signed (UTC)": "signed_ms", "Received": "received_at",
        "Source": "source", "State": "state", "Quarantine": "quarantine", "Status": "status",
        "Original transaction ID": "original_id", "Transaction ID": "transaction_id", "Times received": "deliveries",
        "SHA-256": "sha256",
    }  # fmt: skip
    signed = ms_column("signed_ms", "Signed")
    state_badge = badge_column("state", "State")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Notification], search_term: str
    ) -> tuple[QuerySet[Notification], bool]:
        if uuid := uuid_of(search_term):
            return queryset.filter(uuid=uuid), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="Late")
    def late(self, row: Notification) -> str:
        hours = (row.received_at - row.signed_at).total_seconds() / 3600 if row.signed_at else 0
        return f"{hours:.0f} h" if hours >= 1 else ""

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("<int:pk>/replay/", require_POST(self.replay_view), "replay"),
            self.own_path("<int:pk>/download/", self.download_view, "download"),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.viewed(request, object_id)
        seen = sees_tokens(request)
        decoded = {"payload": row.payload, **row.inner}
        shown = {name: _pretty(masked_json(value, seen=seen)) for name, value in decoded.items()}
        mine = Subscription.objects.filter(
            app=row.app_id, environment=row.environment, original_id=row.original_id
        ).first()
        return self.page(
            request, "admin/subscriptions/notification/page.html", f"{row}, {row.uuid}", row=row, decoded=shown,
            subscription=mine, raw=row.signed_payload if seen else "", sees_tokens=seen,
            others=list(row.others.all()), may_replay=request.user.has_perm(REPLAY),
        )  # fmt: skip

    def download_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The signed payload as it was received: whoever holds it can verify Apple's signature."""
        require(request, SEE)
        row = self.viewed(request, str(pk))
        if not row.signed_payload:
            messages.error(request, "The payload was emptied, since a token in it was erased.")
            return redirect(self.url_name("change"), pk)
        return HttpResponse(row.signed_payload, headers={
            "Content-Type": "application/jose",
            "Content-Disposition": f'attachment; filename="notification-{row.uuid}.jws"',
            "X-Content-Type-Options": "nosniff",
        })  # fmt: skip

    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, REPLAY)
        row = self.viewed(request, str(pk))
        if replay(row):
            enqueue_processing(row.account)
            messages.success(request, "It is worked in again.")
        else:
            messages.error(request, f"It stays in quarantine: {row.get_quarantine_display()}.")
        return redirect(self.url_name("change"), pk)


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


@admin.register(RefusedPayload)
class RefusedPayloadAdmin(ReadOnlyAdmin[RefusedPayload]):
    list_title = "Refused payloads"
    list_help = "What came to the webhook and was not signed by Apple, counted by hour and reason. It is not kept."
    empty = EmptyState("Nothing was refused.")
    list_display = (
        "hour_moment",
        "account",
        "environment",
        "reason",
        "sentence",
        "count",
        "last_moment",
        "last_address",
    )
    list_filter = ("reason", "environment", ("account", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("account",)
    search_fields = ("last_address__startswith", "last_sha256__startswith")
    search_help_text = "Address of the sender, or beginning of the SHA-256"
    export_fields: ClassVar[dict[str, str]] = {
        "Hour": "hour", "Account": "account__name", "Environment": "environment", "Reason": "reason",
        "What was wrong": "sentence", "Count": "count", "Last": "last_at", "From": "last_address",
        "SHA-256 of the last": "last_sha256",
    }  # fmt: skip
    hour_moment = moment_column("hour", "Hour")
    last_moment = moment_column("last_at", "Last")


@admin.register(SigningChain)
class SigningChainAdmin(ReadOnlyAdmin[SigningChain]):
    list_title = "Apple's certificates"
    list_help = "Who signed. The responder that the certificates name is asked about each pair every day."
    empty = EmptyState("Nothing was signed yet.")
    list_display = ("subject", "not_after_moment", "asked_moment", "message", "state_badge")
    list_filter = ("state",)
    search_fields = ("subject__icontains", "fingerprint__startswith")
    export_fields: ClassVar[dict[str, str]] = {
        "Subject": "subject", "SHA-256": "fingerprint", "Valid until": "not_after", "State": "state",
        "Asked last": "asked_at", "Message": "message",
    }  # fmt: skip
    not_after_moment = moment_column("not_after", "Valid until")
    asked_moment = moment_column("asked_at", "Asked last")
    state_badge = badge_column("state", "State")

    def own_urls(self) -> list[URLPattern]:
        return [*super().own_urls(), self.own_path("<int:pk>/distrust/", require_POST(self.distrust_view), "distrust")]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        chain = self.viewed(request, object_id)
        return self.page(
            request, "admin/subscriptions/signingchain/page.html", chain.subject, chain=chain,
            signed=Notification.objects.filter(chain=chain).count(),
            may_distrust=request.user.has_perm(DISTRUST) and not chain.is_distrusted,
        )  # fmt: skip

    def distrust_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(DISTRUST):
            raise PermissionDenied
        enqueue_distrust(self.viewed(request, str(pk)), requested_by=request.user.get_username())
        messages.success(
            request, "What it signs from now on counts nothing. A job takes what it signed before out of the books."
        )
        return redirect(reverse(self.url_name("change"), args=[pk]))
