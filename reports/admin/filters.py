"""Filters of the lists. Where a column of a big table would have to be read for its values, a person types one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from reports.models import Finding, FindingState

MOST_DIGITS = 18  # of a bigint, surely


class InputFilter(admin.SimpleListFilter):
    """A filter with a field to type into. Subclasses name the lookup; `clean` refuses what cannot be meant."""

    template = "admin/input_filter.html"
    lookup: ClassVar[str] = ""
    input_type: ClassVar[str] = "text"
    hint: ClassVar[str] = ""

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return []

    def has_output(self) -> bool:
        return True

    def clean(self, text: str) -> Any:
        return text

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        text = (self.value() or "").strip()
        if not text:
            return queryset
        try:
            return self.narrow(queryset, self.clean(text))
        except ValueError as exc:
            raise IncorrectLookupParameters(f"{self.title}: {text!r} cannot be used") from exc

    def narrow(self, queryset: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return queryset.filter(**{self.lookup: value})

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        others = [(k, v) for k, values in changelist.filter_params.items() if k != self.parameter_name for v in values]
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "others": others,
            "input_type": self.input_type,
            "hint": self.hint,
            "clear": changelist.get_query_string(remove=[str(self.parameter_name)]),
        }


class DateInputFilter(InputFilter):
    input_type = "date"

    def clean(self, text: str) -> date:
        return date.fromisoformat(text)


class NumberInputFilter(InputFilter):
    def clean(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
            raise ValueError(text)
        return int(text)


class UpperInputFilter(InputFilter):
    def clean(self, text: str) -> str:
        return text.upper()


def input_filter(base: type[InputFilter], name: str, title: str, lookup: str = "", hint: str = "") -> type[InputFilter]:
    """An input filter whose address parameter is `name`; the lookup is the same where none is given."""
    fields = {"parameter_name": name, "title": title, "lookup": lookup or name, "hint": hint}
    return type(f"{name.title()}Filter", (base,), fields)


class WorkStateFilter(admin.SimpleListFilter):
    """What is still work, unless another state or all are asked for."""

    title = "state"
    parameter_name = "state"
    template = "admin/tabs_filter.html"
    is_tabs = True

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [*FindingState.choices, ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Finding]) -> QuerySet[Finding]:
        value = self.value()
        if value is None:
            return queryset.filter(Finding.UNFINISHED)
        if value == "all":
            return queryset
        if value not in FindingState.values:
            raise IncorrectLookupParameters(f"There is no state {value!r}")
        return queryset.filter(state=value)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        everything, *choices = super().choices(changelist)
        yield {**everything, "display": "Unfinished"}
        yield from choices


class MineFilter(admin.SimpleListFilter):
    title = "whose"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("mine", "Mine"), ("nobody", "Nobody's")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Finding]) -> QuerySet[Finding]:
        if self.value() == "mine":
            return queryset.filter(assignee_id=request.user.pk)
        if self.value() == "nobody":
            return queryset.filter(assignee=None)
        return queryset
