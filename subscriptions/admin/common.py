"""What the lists of this app share: production unless sandbox is asked for, milliunits as amounts, masked tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ascrecon.exporting import Table
from reports.admin.base import ReadOnlyAdmin
from reports.admin.filters import InputFilter, UpperInputFilter, input_filter
from reports.amounts import format_amount
from reports.templatetags.finance import badge, moment
from subscriptions.models import Environment
from subscriptions.moments import moment as moment_of
from subscriptions.selectors.amounts import money
from subscriptions.selectors.masking import SEE, masked

Column = Callable[..., Any]
M = TypeVar("M", bound=Model)
MILLIUNITS = ("price", "next_price", "amount")
ESTIMATE = "Amounts are list-price estimates, never revenue: Apple signs the price list's price with each purchase."


class StoreAdmin(ReadOnlyAdmin[M]):
    """Exports moments as such, list prices as amounts, and app logins as marks to those who may not see them."""

    def export_table(self, request: HttpRequest, changelist: ChangeList) -> Table:
        table, seen = super().export_table(request, changelist), sees_tokens(request)
        names = list(self.export_fields.values())
        rows = ([_cell(name, value, seen=seen) for name, value in zip(names, row, strict=True)] for row in table.rows)
        return replace(table, rows=rows)


def _cell(name: str, value: Any, *, seen: bool) -> Any:
    if name.endswith("_ms"):
        return moment_of(value)
    if name in MILLIUNITS:
        return money(value)
    return masked(value, seen=seen) if name == "app_account_token" else value


class EnvironmentFilter(admin.SimpleListFilter):
    """Production is shown where nothing is chosen: sandbox is in no list by accident."""

    title = "environment"
    parameter_name = "environment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(Environment.SANDBOX.value, Environment.SANDBOX.label)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = Environment.SANDBOX if self.value() == Environment.SANDBOX else Environment.PRODUCTION
        return queryset.filter(environment=chosen)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        sandbox = self.value() == Environment.SANDBOX
        for value, label, selected in (
            (None, Environment.PRODUCTION.label, not sandbox),
            (Environment.SANDBOX.value, Environment.SANDBOX.label, sandbox),
        ):
            query = {} if value is None else {str(self.parameter_name): value}
            removed = [str(self.parameter_name)]
            yield {
                "selected": selected,
                "query_string": changelist.get_query_string(query, removed),
                "display": label,
            }


class AutoRenewFilter(admin.SimpleListFilter):
    title = "auto-renew"
    parameter_name = "auto_renew"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "On"), ("0", "Off")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(auto_renew=self.value()) if self.value() in {"0", "1"} else queryset


def typed_filter(name: str, hint: str) -> type[InputFilter]:
    """A column of a large table by its whole value, which a person types: to list its values, all rows were read."""
    return input_filter(UpperInputFilter, name, name, f"{name}__exact", hint)


CURRENCY = typed_filter("currency", "such as EUR")


def price_column(field: str, title: str, currency: str = "currency") -> Column:
    """A list price in milliunits as an amount in the currency that stands in its own column."""

    @admin.display(description=title, ordering=field)
    def column(_: Any, obj: Any) -> str:
        return format_amount(money(getattr(obj, field)), getattr(obj, currency))

    column.__name__ = f"{field}_amount"
    return column


def ms_column(field: str, title: str) -> Column:
    @admin.display(description=title, ordering=field)
    def column(_: Any, obj: Any) -> SafeString:
        return format_html('<span class="nowrap">{}</span>', moment(moment_of(getattr(obj, field))))

    column.__name__ = f"{field}_moment"
    return column


def status_column() -> Column:
    @admin.display(description="Status", ordering="status")
    def column(_: Any, obj: Any) -> SafeString | str:
        return badge(f"status{obj.status}", obj.get_status_display()) if obj.status else "–"

    column.__name__ = "status_badge"
    return column


def sees_tokens(request: HttpRequest) -> bool:
    return request.user.has_perm(SEE)
