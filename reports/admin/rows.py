"""Rows of delivered files: read only, by file and line, quick however many there are.

The row tables have one index, the key (file and line). So a delivery or a day is a range of keys; every other filter
is a look through a range. A page looks through 100,000 rows at most, says which, and goes on from there when asked, so
it is as quick in ten million rows as in a hundred thousand. Exports of a delivery or a day hold all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.db.models import F, Model, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ascrecon.exporting import Table
from reports.admin.base import EmptyState, ReadOnlyAdmin
from reports.admin.display import amount_column, day_column
from reports.admin.filters import (
    MOST_DIGITS,
    DateInputFilter,
    InputFilter,
    NumberInputFilter,
    UpperInputFilter,
    input_filter,
)
from reports.admin.paginator import CappedPaginator
from reports.amounts import format_amount
from reports.coverage.overview import known_of_delivery
from reports.models import App, ConsoleRow, Delivery, FinanceRow, SalesRow, Vintage
from reports.models.rows import LINE_BITS, FileRow
from reports.selectors.findings import delivery_link
from reports.selectors.row_tables import has_many_days, told_in

R = TypeVar("R", bound=FileRow)
NEWEST = 100_000
#: Rows of a file or day that a filter or search looks through for one page.
LOOKED_THROUGH = 100_000
#: The key after which a page goes on looking.
AFTER_VAR = "after"
#: Filters that are ranges of keys: they need no look through rows.
BY_KEY = ("delivery", "day")
RANGES = (*BY_KEY, "line")
NOTHING = Q(pk__in=[])


def key_range(delivery: int, line: int | None = None) -> Q:
    first = delivery << LINE_BITS
    if line is not None:
        return Q(id=first + line)
    return Q(id__gte=first, id__lt=first + (1 << LINE_BITS))


class DeliveryFilter(NumberInputFilter):
    title = "delivery"
    parameter_name = "delivery"
    hint = "number of the delivered file"

    def narrow(self, queryset: QuerySet[Any], value: int) -> QuerySet[Any]:
        return queryset.filter(key_range(value))


class LineFilter(NumberInputFilter):
    title = "line"
    parameter_name = "line"
    hint = "line of that file"

    def narrow(self, queryset: QuerySet[Any], value: int) -> QuerySet[Any]:
        delivery = self.request.GET.get("delivery", "")
        if delivery.isascii() and delivery.isdigit():
            return queryset.filter(key_range(int(delivery), value))
        numbered: QuerySet[Any] = queryset.annotate(line_number=line_number()).filter(line_number=value)
        return numbered


class PeriodFilter(DateInputFilter):
    """A day as the ranges of the files that are current for it: no date column is searched."""

    title = "day"
    parameter_name = "day"
    hint = "of the current vintage"

    def narrow(self, queryset: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if has_many_days(queryset.model) and self.request.GET.get("delivery"):
            return queryset.filter(day=value)
        return queryset.filter(keys_of_day(queryset.model, value))


def keys_of_day(model: type[Model], day: date) -> Q:
    """The files that are current for a day, of those whose rows stand in the table of `model`.

    A file of many days (analytics) is narrowed to the day by its column.
    """
    vintages = Vintage.objects.filter(told_in(model), current=True, period_start__lte=day, period_end__gte=day)
    in_file = Q(day=day) if has_many_days(model) else Q()
    wanted = NOTHING
    for delivery in vintages.values_list("delivery_id", flat=True).distinct():
        wanted |= key_range(delivery) & in_file
    return wanted


class AppFilter(NumberInputFilter):
    """An app with its in-app purchases: these have Apple IDs of their own and name their app by SKU."""

    title = "app"
    parameter_name = "app"
    hint = "Apple ID of the app, in-app purchases too"

    def narrow(self, queryset: QuerySet[Any], value: int) -> QuerySet[Any]:
        wanted = Q(apple_id=value)
        for sku in App.objects.filter(apple_id=value).exclude(sku="").values_list("sku", flat=True):
            wanted |= Q(parent_identifier__iexact=sku)
        return queryset.filter(wanted)


def line_number() -> Any:
    return F("id").bitand((1 << LINE_BITS) - 1)


def delivery_number() -> Any:
    return F("id").bitrightshift(LINE_BITS)


@dataclass(frozen=True)
class Total:
    """A sum below the rows of one file; a count has no currency."""

    title: str
    amount: Any
    is_money: bool
    #: Where the report has one currency and no column for it.
    currency: str = ""

    def told(self, value: Decimal | None, group: str) -> tuple[str, str]:
        """`group` is the currency, for rows that have one."""
        currency = self.currency or group
        return self.title, format_amount(value, currency if self.is_money else "")


@dataclass(frozen=True)
class Window:
    """The rows that a page looked through: after one key, up to another. `text` says it to people."""

    text: str
    edge: int | None


class RowChangeList(ChangeList):
    """Filters and search look through a window of rows: the newest, or those of a delivery or day from its start."""

    window: Window | None = None
    model_admin: RowAdmin[Any]
    paginator: CappedPaginator

    @property
    def totals_title(self) -> str:
        return f"Total of this list, by {self.model_admin.totals_by}"

    @property
    def no_group(self) -> str:
        return f"no {self.model_admin.totals_by}"

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        wanted: dict[str, Any] = super().get_filters_params(params)
        wanted.pop(AFTER_VAR, None)
        return wanted

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Model]:
        if self._looks_through(request):
            self.root_queryset = self._windowed(self.root_queryset, request)
        return super().get_queryset(request, exclude_parameters)

    def whole(self, request: HttpRequest) -> QuerySet[Model]:
        """For an export: all rows of the chosen delivery or day; without one, those of the window."""
        rows: QuerySet[Model] = self.queryset
        if self.window and _chosen(request):
            self.root_queryset = self.model_admin.get_queryset(request)
            rows = super().get_queryset(request)
        return rows

    @property
    def further(self) -> str | None:
        """The address of the page that goes on looking."""
        if self.window is None or self.window.edge is None:
            return None
        return self.get_query_string({AFTER_VAR: self.window.edge}, remove=["p"])

    def _looks_through(self, request: HttpRequest) -> bool:
        given = {name for name, values in self.get_filters_params().items() if values and any(values)}
        line_of_any_file = "line" in given and "delivery" not in given
        day_of_a_file = given >= {*BY_KEY} and has_many_days(self.model)
        by_column = line_of_any_file or day_of_a_file or not given <= {*RANGES}
        return bool(request.GET.get(SEARCH_VAR)) or by_column

    def _windowed(self, rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
        after, delivery = _number(request.GET.get(AFTER_VAR)), _number(request.GET.get("delivery"))
        if delivery is not None:
            return self._part_of_file(rows, delivery, after)
        return self._newest(rows, request.GET.get("day"), after)

    def _newest(self, rows: QuerySet[Any], day: str | None, after: int | None) -> QuerySet[Any]:
        """Of the day or of all rows, from the index alone: the key of the 100,000th row from the end."""
        rows = rows if after is None else rows.filter(id__lt=after)
        size = LOOKED_THROUGH if day else NEWEST
        keys = _of_day(rows, day).order_by("-id").values_list("id", flat=True)
        edge = keys[size : size + 1].first()
        if edge is None and after is None:
            return rows
        which = f"the {'newest' if after is None else 'next older'} {size:,} rows{' of this day' if day else ''}"
        self.window = Window(f"Only {which} were looked through.", None if edge is None else edge + 1)
        return rows if edge is None else rows.filter(id__gt=edge)

    def _part_of_file(self, rows: QuerySet[Any], delivery: int, after: int | None) -> QuerySet[Any]:
        """By arithmetic: a key is the file and the line."""
        first = delivery << LINE_BITS
        start = first if after is None else max(first, after)
        edge = start + LOOKED_THROUGH
        more = rows.filter(key_range(delivery), id__gt=edge).exists()
        if not more and after is None:
            return rows
        begin, end = start - first + 1, edge - first
        lines = f"Lines {begin:,} to {end:,}" if more else f"The lines from {begin:,} on"
        self.window = Window(f"{lines} of this file were looked through.", edge if more else None)
        return rows.filter(id__gt=start, id__lte=edge)

    def get_results(self, request: HttpRequest) -> None:
        """One statement for the files of all rows on the page."""
        super().get_results(request)
        self.totals = self._totals(request)
        self.result_list = list(self.result_list)
        files = Delivery.objects.in_bulk({row.delivery_id for row in self.result_list})
        self.totals_note = known_of_delivery(next(iter(files.values()))).sentence if self.totals and files else ""
        for row in self.result_list:
            row.delivered_file = files.get(row.delivery_id)

    def _totals(self, request: HttpRequest) -> list[tuple[str, list[tuple[str, str]]]]:
        """Of the rows of one file that pass the filters, by currency; not of so many that it would take time."""
        columns = self.model_admin.totals
        if not columns or not request.GET.get("delivery") or self.window or self.paginator.is_capped:
            return []
        group = self.model_admin.totals_field
        rows = self.queryset.order_by(group).values_list(group)
        rows = rows.annotate(**{f"total_{n}": Sum(column.amount) for n, column in enumerate(columns)})
        return [
            (row[0], [column.told(value, row[0]) for column, value in zip(columns, row[1:], strict=True)])
            for row in rows
        ]


def _chosen(request: HttpRequest) -> bool:
    return any(request.GET.get(name) for name in BY_KEY)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS + 1 else None


def _of_day(rows: QuerySet[Any], text: str | None) -> QuerySet[Any]:
    """The rows of a day; all where none is given. One that cannot be read is refused by its filter."""
    try:
        return rows.filter(keys_of_day(rows.model, date.fromisoformat(text))) if text else rows
    except ValueError:
        return rows


class RowAdmin(ReadOnlyAdmin[R], Generic[R]):
    #: What the rows of a file are added up to, for each value of a column that may not be added up itself.
    totals: ClassVar[tuple[Total, ...]] = ()
    totals_field: ClassVar[str] = ""
    totals_by: ClassVar[str] = "currency"
    sortable_by = ()
    list_display_links = ("line_link",)
    list_help = (
        "Rows exactly as delivered. Choose a delivery or a day: without one, filters and search look through "
        f"the newest {NEWEST:,} rows only."
    )
    empty = EmptyState("No row fits.", "Reports from Apple", "admin:reports_reportinstance_changelist")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """A chosen file from its first line on, else the newest rows first."""
        return ("id",) if request.GET.get("delivery") else ("-id",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RowChangeList

    @admin.display(description="File")
    def file(self, row: R) -> SafeString | str:
        delivery: Delivery | None = getattr(row, "delivered_file", None)
        if delivery is None:
            return str(row.delivery_id)
        target = delivery_link(delivery)
        return format_html('<a href="{}">{}</a>', target.url, target.text)

    @admin.display(description="Line")
    def line_link(self, row: R) -> int:
        return row.line

    @admin.display(description="Delivered file")
    def delivered(self, row: R) -> SafeString | str:
        delivery = Delivery.objects.filter(pk=row.delivery_id).first()
        if delivery is None:
            return str(row.delivery_id)
        target = delivery_link(delivery)
        return format_html('<a href="{}">{}</a>, line {}', target.url, target.text, row.line)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["delivered", *(field.name for field in self.opts.fields if field.name != "id")]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj)

    def export_table(self, request: HttpRequest, changelist: ChangeList) -> Table:
        assert isinstance(changelist, RowChangeList)
        changelist.queryset = changelist.whole(request)
        return super().export_table(request, changelist)

    def export_queryset(self, queryset: QuerySet[R]) -> Any:
        return queryset.annotate(file_number=delivery_number(), line_number=line_number())


def text_filter(name: str, title: str, hint: str = "") -> type[InputFilter]:
    return input_filter(InputFilter, name, title, hint=hint)


def code_filter(name: str, title: str, hint: str = "") -> type[InputFilter]:
    return input_filter(UpperInputFilter, name, title, hint=hint)


def exported(columns: dict[str, str]) -> dict[str, str]:
    """The columns of an export of rows, with the place of each row in front."""
    return {"Delivery": "file_number", "Line": "line_number", **columns}


@admin.register(SalesRow)
class SalesRowAdmin(RowAdmin[SalesRow]):
    list_title = "Sales rows"
    totals = (Total("units", "units", False), Total("proceeds", F("units") * F("developer_proceeds"), True))
    totals_field = "proceeds_currency"
    list_display = (
        "file",
        "line_link",
        "begin_day",
        "sku",
        "title",
        "product_type",
        "country",
        "units_amount",
        "proceeds_amount",
        "proceeds_currency",
        "price_amount",
        "customer_currency",
    )
    list_filter = (
        DeliveryFilter,
        LineFilter,
        PeriodFilter,
        AppFilter,
        input_filter(NumberInputFilter, "apple_id", "Apple ID", hint="of the product"),
        code_filter("country", "country", "two letters, such as DE"),
        code_filter("product_type", "product type", "such as 1F or IAY"),
        code_filter("proceeds_currency", "currency of proceeds", "such as USD"),
    )
    search_fields = ("sku__startswith",)
    search_help_text = "Beginning of the SKU"
    begin_day = day_column("day", "Day (Pacific)", order=False)
    units_amount = amount_column("units", "Units", currency="", order=False)
    proceeds_amount = amount_column("developer_proceeds", "Proceeds per unit", "proceeds_currency", order=False)
    price_amount = amount_column("customer_price", "Price per unit", "customer_currency", order=False)
    export_fields: ClassVar[dict[str, str]] = exported(
        {
            "Begin": "day",
            "End": "end_day",
            "SKU": "sku",
            "Title": "title",
            "Version": "version",
            "Product type": "product_type",
            "Units": "units",
            "Proceeds per unit": "developer_proceeds",
            "Currency of proceeds": "proceeds_currency",
            "Country": "country",
            "Price per unit": "customer_price",
            "Customer currency": "customer_currency",
            "Apple ID": "apple_id",
            "Parent": "parent_identifier",
            "Subscription": "subscription",
            "Period": "period",
            "Category": "category",
            "Device": "device",
            "Promo code": "promo_code",
            "Proceeds reason": "proceeds_reason",
            "Client": "client",
            "Order type": "order_type",
        }
    )


@admin.register(FinanceRow)
class FinanceRowAdmin(RowAdmin[FinanceRow]):
    list_title = "Finance rows"
    totals = (Total("quantity", "quantity", False), Total("earned", "extended_partner_share", True))
    totals_field = "currency"
    list_display = (
        "file",
        "line_link",
        "first_day",
        "last_day",
        "sku",
        "title",
        "country",
        "quantity_amount",
        "share_amount",
        "extended_amount",
        "currency",
        "sales_or_return",
    )
    list_filter = (
        DeliveryFilter,
        LineFilter,
        PeriodFilter,
        input_filter(NumberInputFilter, "apple_id", "Apple ID"),
        code_filter("country", "country of sale", "two letters, such as DE"),
        code_filter("product_type", "product type", "such as 1 or IA1"),
        code_filter("currency", "currency", "such as EUR"),
        code_filter("sales_or_return", "sale or return", "S or R"),
    )
    search_fields = ("sku__startswith",)
    search_help_text = "Beginning of the SKU"
    first_day = day_column("start_day", "First day (Pacific)", order=False)
    last_day = day_column("end_day", "Last day (Pacific)", order=False)
    quantity_amount = amount_column("quantity", "Quantity", currency="", order=False)
    share_amount = amount_column("partner_share", "Share per unit", order=False)
    extended_amount = amount_column("extended_partner_share", "Extended partner share", order=False)
    export_fields: ClassVar[dict[str, str]] = exported(
        {
            "First day": "start_day",
            "Last day": "end_day",
            "Transaction day": "transaction_day",
            "Settlement day": "settlement_day",
            "SKU": "sku",
            "Title": "title",
            "Product type": "product_type",
            "Country": "country",
            "Quantity": "quantity",
            "Share per unit": "partner_share",
            "Extended partner share": "extended_partner_share",
            "Currency": "currency",
            "Sale or return": "sales_or_return",
            "Apple ID": "apple_id",
            "Price per unit": "customer_price",
            "Customer currency": "customer_currency",
            "Order type": "order_type",
            "Promo code": "promo_code",
            "Province": "province",
        }
    )


@admin.register(ConsoleRow)
class ConsoleRowAdmin(RowAdmin[ConsoleRow]):
    list_title = "Lines of console exports"
    list_display = ("file", "line_link", "label", "cell_text")
    list_filter = (DeliveryFilter, LineFilter, PeriodFilter)
    search_fields = ("label__startswith",)
    search_help_text = "Beginning of the line's label"
    export_fields: ClassVar[dict[str, str]] = exported({"Label": "label", "Cells": "cells"})

    @admin.display(description="Cells")
    def cell_text(self, row: ConsoleRow) -> str:
        return " · ".join(f"{name}: {text}" for name, text in row.cells.items())
