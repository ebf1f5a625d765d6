"""Rows of the subscription reports of Sales and Trends, each report a list; days are those of the report's zone."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from django.contrib import admin
from django.db.models import Case, ExpressionWrapper, F, Model, When
from django.db.models.functions import Abs
from django.http import HttpRequest
from django.urls import reverse

from reports.admin.analytics_rows import containing, count_column, every_column
from reports.admin.display import amount_column, day_column
from reports.admin.filters import NumberInputFilter, input_filter
from reports.admin.rows import DeliveryFilter, LineFilter, PeriodFilter, RowAdmin, Total, code_filter, text_filter
from reports.models import SubscriberRow, SubscriptionChangeRow, SubscriptionCountRow
from reports.models.fields import AmountField
from reports.models.rows import FileRow

R = TypeVar("R", bound=FileRow)

REPORT_LISTS: dict[type[Model], str] = {
    SubscriptionCountRow: "Subscriptions",
    SubscriptionChangeRow: "Subscription events",
    SubscriberRow: "Subscribers",
}
FILTERS = (
    DeliveryFilter,
    LineFilter,
    PeriodFilter,
    input_filter(NumberInputFilter, "apple_id", "app", hint="Apple ID of the app"),
    text_filter("subscription_apple_id", "subscription", "its Apple ID"),
    code_filter("country", "country", "two letters, such as DE"),
)
WHICH = ("file", "line_link")
PRICE = amount_column("customer_price", "Price", "customer_currency", order=False)
PROCEEDS = amount_column("developer_proceeds", "Proceeds", "proceeds_currency", order=False)
#: What a row brought: a refund has a negative price and positive proceeds.
SHARE = Abs(F("developer_proceeds"), output_field=AmountField())
BROUGHT = ExpressionWrapper(
    Abs(F("units"), output_field=AmountField())
    * Case(When(customer_price__lt=0, then=SHARE * -1), default=SHARE, output_field=AmountField()),
    output_field=AmountField(),
)


class SubscriptionReportAdmin(RowAdmin[R], Generic[R]):
    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().list_context(request), "siblings": self._siblings(request)}

    def _siblings(self, request: HttpRequest) -> list[tuple[str, str, bool]]:
        return [
            (name, reverse(f"admin:reports_{model._meta.model_name}_changelist"), model is self.model)
            for model, name in REPORT_LISTS.items()
            if request.user.has_perm(f"reports.view_{model._meta.model_name}")
        ]


@admin.register(SubscriptionCountRow)
class SubscriptionCountRowAdmin(SubscriptionReportAdmin[SubscriptionCountRow]):
    """Counts of the end of a day: added up within one file, never over days."""

    list_title = "Subscription report: subscriptions at the end of a day"
    totals = (
        Total("active at standard price", "active_standard", False),
        Total("billing retry", "billing_retry", False),
        Total("grace period", "grace_period", False),
    )
    totals_field = "customer_currency"
    list_display = (
        *WHICH,
        "apple_id",
        "subscription_name",
        "country",
        "price_amount",
        "customer_currency",
        "proceeds_amount",
        "proceeds_currency",
        "proceeds_reason",
        "active_amount",
        "retry_amount",
        "grace_amount",
        "subscribers_amount",
    )
    list_filter = FILTERS
    export_fields: ClassVar[dict[str, str]] = every_column(SubscriptionCountRow)
    price_amount = PRICE
    proceeds_amount = PROCEEDS
    active_amount = count_column("active_standard", "Active, standard price")
    retry_amount = count_column("billing_retry", "Billing retry")
    grace_amount = count_column("grace_period", "Grace period")
    subscribers_amount = count_column("subscribers", "Subscribers")


@admin.register(SubscriptionChangeRow)
class SubscriptionChangeRowAdmin(SubscriptionReportAdmin[SubscriptionChangeRow]):
    list_title = "Subscription Event report: what happened on a day"
    totals = (Total("quantity", "quantity", False),)
    totals_field = "event"
    totals_by = "event"
    list_display = (
        *WHICH,
        "event_day",
        "event",
        "apple_id",
        "subscription_name",
        "country",
        "offer_type",
        "proceeds_reason",
        "cancellation_reason",
        "quantity_amount",
    )
    list_filter = (*FILTERS, containing("event", "event", "such as Renew"))
    export_fields: ClassVar[dict[str, str]] = every_column(SubscriptionChangeRow)
    event_day = day_column("day", "Event date", order=False)
    quantity_amount = count_column("quantity", "Quantity")


@admin.register(SubscriberRow)
class SubscriberRowAdmin(SubscriptionReportAdmin[SubscriberRow]):
    list_title = "Subscriber report: transactions of a day"
    totals = (Total("units", "units", False), Total("proceeds", BROUGHT, True))
    totals_field = "proceeds_currency"
    list_display = (
        *WHICH,
        "event_day",
        "apple_id",
        "subscription_name",
        "country",
        "price_amount",
        "customer_currency",
        "proceeds_amount",
        "proceeds_currency",
        "proceeds_reason",
        "refund",
        "bought_day",
        "units_amount",
    )
    list_filter = (*FILTERS, containing("refund", "refund", "Yes"))
    export_fields: ClassVar[dict[str, str]] = every_column(SubscriberRow)
    event_day = day_column("day", "Event date", order=False)
    bought_day = day_column("purchase_day", "Bought", order=False)
    price_amount = PRICE
    proceeds_amount = PROCEEDS
    units_amount = count_column("units", "Units")
