"""List columns: amounts with the class that aligns them right, states as badges, days as ISO dates, links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from reports.amounts import format_amount, format_amounts
from reports.templatetags.finance import badge, moment, period

Column = Callable[..., Any]


def amount_column(field: str, title: str, currency: str = "currency", order: bool = True) -> Column:
    """A figure in the currency that stands in its own column; `currency` names that field, empty for counts."""

    @admin.display(description=title, ordering=field if order else None)
    def column(_: Any, obj: Any) -> str:
        return format_amount(getattr(obj, field), getattr(obj, currency) if currency else "")

    column.__name__ = f"{field}_amount"
    return column


def badge_column(field: str, title: str) -> Column:
    @admin.display(description=title, ordering=field)
    def column(_: Any, obj: Any) -> SafeString:
        return badge(getattr(obj, field), str(getattr(obj, f"get_{field}_display")()).split(":")[0])

    column.__name__ = f"{field}_badge"
    return column


def moment_column(field: str, title: str) -> Column:
    @admin.display(description=title, ordering=field)
    def column(_: Any, obj: Any) -> SafeString:
        return format_html('<span class="nowrap">{}</span>', moment(getattr(obj, field)))

    column.__name__ = f"{field}_moment"
    return column


def day_column(field: str, title: str, order: bool = True) -> Column:
    @admin.display(description=title, ordering=field if order else None)
    def column(_: Any, obj: Any) -> str:
        value = getattr(obj, field)
        return value.isoformat() if value else "–"

    column.__name__ = f"{field}_day"
    return column


def days_column(start: str, end: str, title: str = "Days") -> Column:
    @admin.display(description=title, ordering=start)
    def column(_: Any, obj: Any) -> SafeString:
        first, _to, last = period(getattr(obj, start), getattr(obj, end)).partition(" to ")
        if not last:
            return format_html('<span class="nowrap">{}</span>', first)
        return format_html('<span class="nowrap">{}</span> <span class="nowrap">to {}</span>', first, last)

    column.__name__ = "days_column"
    return column


def money_column(field: str, title: str) -> Column:
    @admin.display(description=title)
    def column(_: Any, obj: Any) -> str:
        return format_amounts(getattr(obj, field)) or "–"

    column.__name__ = f"{field}_amount"
    return column


def link(text: object, url: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)
