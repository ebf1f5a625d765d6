from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.views.decorators.http import require_POST

from ascrecon import clock
from reports.admin.base import EmptyState, require
from subscriptions.admin.common import (
    CURRENCY,
    ESTIMATE,
    AutoRenewFilter,
    EnvironmentFilter,
    StoreAdmin,
    ms_column,
    price_column,
    sees_tokens,
    status_column,
    typed_filter,
)
from subscriptions.jobs import enqueue_erasure, enqueue_history, enqueue_order
from subscriptions.models import Customer, CustomerKey, Purchase, Refund, ServerKey, Subscription
from subscriptions.selectors.amounts import totals
from subscriptions.selectors.axis import BAR, WIDTH, axes
from subscriptions.selectors.customer_findings import findings_of
from subscriptions.selectors.masking import masked, named
from subscriptions.selectors.orders import answers
from subscriptions.selectors.searching import named_by
from subscriptions.selectors.timeline import timeline
from subscriptions.services.erasure import forget_from_now_on
from subscriptions.services.orders import order_id_of

FETCH, ERASE = "subscriptions.replay_notification", "subscriptions.erase_token"


@admin.register(Subscription)
class SubscriptionAdmin(StoreAdmin[Subscription]):
    list_title = "Subscriptions"
    list_help = ESTIMATE
    empty = EmptyState("No subscription is known yet: they follow from the App Store's notifications.")
    list_display = (
        "original_id", "app", "product_id", "owner", "ownership", "expires", "price_amount", "currency",
        "newest", "status_badge",
    )  # fmt: skip
    list_filter = (
        EnvironmentFilter, "status", AutoRenewFilter, typed_filter("ownership", "such as PURCHASED"), CURRENCY,
        ("app", admin.RelatedOnlyFieldListFilter),
    )  # fmt: skip
    list_select_related = ("app", "customer")
    search_fields = ("original_id__exact",)
    search_help_text = (
        "Any ID: original transaction, transaction, line item, order, Apple Account, app login (with the right)"
    )
    ordering = ("-newest_ms", "-id")
    export_fields: ClassVar[dict[str, str]] = {
        "Original transaction ID": "original_id", "App": "app__name", "Environment": "environment",
        "Group": "group_id", "Product": "product_id", "Status": "status", "Auto-renew": "auto_renew",
        "Next product": "next_product_id", "Ownership": "ownership", "Storefront": "storefront",
        "Started (UTC)": "started_ms", "Expires (UTC)": "expires_ms", "List price": "price",
        "Currency": "currency", "Next list price": "next_price", "Next currency": "next_currency",
        "Owner": "app_account_token", "Customer": "customer_id", "Newest word (UTC)": "newest_ms",
    }  # fmt: skip
    expires = ms_column("expires_ms", "Expires")
    newest = ms_column("newest_ms", "Newest word")
    price_amount = price_column("price", "List price")
    status_badge = status_column()

    @admin.display(description="Owner")
    def owner(self, row: Subscription) -> str:
        # A list never shows a whole token: its mark tells equal from different, the page tells the rest.
        return masked(row.app_account_token, seen=False) or "–"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subscription], search_term: str
    ) -> tuple[QuerySet[Subscription], bool]:
        """Exact ids, through the transactions; a token only for those who may see it."""
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(named_by(term, by_token=sees_tokens(request))), False

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("order/<slug:order_id>/", self.order_view, "order"),
            self.own_path("<int:pk>/fetch/", require_POST(self.fetch_view), "fetch"),
            self.own_path("<int:pk>/erase/", require_POST(self.erase_view), "erase"),
        ]

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        order = order_id_of(request.GET.get("q", ""))
        return {**super().list_context(request), "order_id": order}

    def order_view(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """What Apple knows of an order; a POST asks, by a job for each account."""
        require(request, "subscriptions.view_subscription")
        order = order_id_of(order_id)
        if not order:
            raise Http404("This cannot be an order ID.")
        if request.method == "POST":
            require(request, FETCH)
            for found in answers(order):
                if found.has_key:
                    enqueue_order(found.account, order, requested_by=request.user.get_username())
            return redirect(self.url_name("order"), order)
        told = answers(order)
        return self.page(
            request, "admin/subscriptions/subscription/order.html", f"Order {order}", order_id=order, answers=told,
            may_ask=request.user.has_perm(FETCH) and any(each.has_key for each in told),
            is_asked=any(each.job for each in told), is_open=any(each.job and each.job.is_unfinished for each in told),
        )  # fmt: skip

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row, seen = self.viewed(request, object_id), sees_tokens(request)
        return self.page(
            request, "admin/subscriptions/subscription/page.html", f"Subscription {row.original_id}", row=row,
            lines=timeline(row, seen=seen), owner=named(row.app_account_token, seen=seen), estimate=ESTIMATE,
            totals=totals([(row.app_id, row.environment, row.original_id)]), status=f"status{row.status}",
            may_fetch=request.user.has_perm(FETCH) and ServerKey.objects.filter(account=row.app.account_id).exists(),
            may_erase=request.user.has_perm(ERASE) and _can_be_erased(row),
        )  # fmt: skip

    def fetch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, FETCH)
        row = self.viewed(request, str(pk))
        job = enqueue_history(row.app, row.environment, row.original_id, requested_by=request.user.get_username())
        messages.success(request, "What Apple has on this customer is being fetched.")
        return redirect("admin:jobs_job_change", job.pk)

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Erases the token that owns the subscription now, in all of the account's rows."""
        require(request, ERASE)
        row = self.viewed(request, str(pk))
        if not _can_be_erased(row) or request.POST.get("sure") != "on":
            messages.error(request, "Nothing was erased.")
            return redirect(self.url_name("change"), pk)
        by = request.user.get_username()
        job = enqueue_erasure(forget_from_now_on(row.app.account, row.app_account_token, by), requested_by=by)
        messages.success(request, "The app account token is being erased; purchases and refunds stay.")
        return redirect("admin:jobs_job_change", job.pk)


def _can_be_erased(row: Subscription) -> bool:
    return bool(row.app_account_token) and not row.app_account_token.startswith("erased-")


@admin.register(Customer)
class CustomerAdmin(StoreAdmin[Customer]):
    list_title = "Customers"
    list_help = "Whoever buys: an Apple Account, or the app's login where Apple does not tell the account."
    empty = EmptyState("No customer is known yet.")
    list_display = ("name", "app", "key_kind")
    list_filter = (EnvironmentFilter, "key_kind", ("app", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("app",)
    search_fields = ("subscriptions__original_id__exact",)
    search_help_text = "Original transaction ID"
    export_fields: ClassVar[dict[str, str]] = {
        "Told apart by": "key_kind", "App": "app__name", "Environment": "environment", "Number": "id",
    }  # fmt: skip

    @admin.display(description="Customer")
    def name(self, row: Customer) -> str:
        return _name(row, seen=False)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.viewed(request, object_id)
        mine = list(row.subscriptions.values_list("app_id", "environment", "original_id"))
        return self.page(
            request, "admin/subscriptions/customer/page.html", _name(row, seen=sees_tokens(request)), row=row,
            axes=axes(row, clock.now()), width=WIDTH, bar_height=BAR, totals=totals(mine), estimate=ESTIMATE,
            findings=findings_of(row),
        )  # fmt: skip


def _name(row: Customer, *, seen: bool) -> str:
    if row.key_kind == CustomerKey.TOKEN:
        return masked(row.key, seen=seen)
    return f"{'Apple Account' if row.key_kind == CustomerKey.APP_TRANSACTION else 'Subscription'} {row.key}"


@admin.register(Purchase)
class PurchaseAdmin(StoreAdmin[Purchase]):
    list_title = "Purchases"
    list_help = ESTIMATE
    empty = EmptyState("No purchase is known yet.")
    list_display = (
        "bought", "purchase_key", "app", "product_id", "reason", "counts", "storefront", "price_amount", "currency",
    )  # fmt: skip
    list_filter = (
        EnvironmentFilter, typed_filter("reason", "such as RENEWAL"), "counts", CURRENCY,
        ("app", admin.RelatedOnlyFieldListFilter),
    )  # fmt: skip
    list_select_related = ("app",)
    search_fields = ("purchase_key__exact", "transaction_id__exact", "original_id__exact")
    search_help_text = "Line item, transaction ID or original transaction ID"
    exclude = ("app_account_token",)
    export_fields: ClassVar[dict[str, str]] = {
        "Line item": "purchase_key", "Transaction ID": "transaction_id", "Original transaction ID": "original_id",
        "App": "app__name", "Environment": "environment", "Product": "product_id", "Reason": "reason",
        "Counts": "counts", "Storefront": "storefront", "Bought (UTC)": "purchase_ms", "Expires (UTC)": "expires_ms",
        "List price": "price", "Currency": "currency", "Offer": "offer_type",
        "Upgraded (UTC)": "superseded_ms", "Revoked (UTC)": "revoked_ms", "Owner": "app_account_token",
    }  # fmt: skip
    bought = ms_column("purchase_ms", "Bought")
    price_amount = price_column("price", "List price")


@admin.register(Refund)
class RefundAdmin(StoreAdmin[Refund]):
    list_title = "Refunds"
    list_help = "Dated lines of their own: the purchases and the months that were closed do not change by them."
    empty = EmptyState("No refund is known yet.")
    list_display = ("given_back", "kind", "transaction_id", "app", "reason", "amount_amount", "currency")
    list_filter = (EnvironmentFilter, "kind", CURRENCY, ("app", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("app",)
    search_fields = ("purchase_key__exact", "transaction_id__exact", "original_id__exact")
    search_help_text = "Line item, transaction ID or original transaction ID"
    export_fields: ClassVar[dict[str, str]] = {
        "Kind": "kind", "Transaction ID": "transaction_id", "Original transaction ID": "original_id",
        "Line item": "purchase_key", "App": "app__name", "Environment": "environment", "Date (UTC)": "at_ms",
        "Amount at list price": "amount", "Currency": "currency", "Reason": "reason", "Percentage": "percentage",
    }  # fmt: skip
    given_back = ms_column("at_ms", "Date")
    amount_amount = price_column("amount", "Amount at list price")
