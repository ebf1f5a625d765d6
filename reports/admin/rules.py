from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from reports.admin.base import EmptyState, WorkAdmin
from reports.admin.display import amount_column
from reports.models import Cause, FiscalMonth, Rule
from reports.templatetags.finance import badge

#: Causes that comparing two figures can find; the others say why a call to Apple failed.
COMPARING = (
    Cause.NOT_FINAL,
    Cause.NOT_DELIVERED,
    Cause.POSITIVE_ROWS_MISSING,
    Cause.RESTATED,
    Cause.TIMEZONE_SHIFT,
    Cause.REFUND_SIGN,
    Cause.PER_UNIT_PRICE,
    Cause.ROUNDING,
    Cause.METRIC_DEFINITION,
    Cause.CURRENCY_CONVERSION,
    Cause.FILTER_OR_SCOPE,
    Cause.IMPRESSIONS_INCLUDE_PAGE_VIEWS,
    Cause.PRIVACY_THRESHOLD,
)


class RuleForm(forms.ModelForm[Rule]):
    causes = forms.MultipleChoiceField(
        choices=[(cause.value, cause.label) for cause in COMPARING],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Causes that may explain a difference",
        help_text="A cause that is off is never given as the reason; what it would have explained stays unexplained.",
    )

    class Meta:
        model = Rule
        widgets: ClassVar[dict[str, forms.Widget]] = {
            name: forms.Textarea(attrs={"rows": 3, "cols": 60}) for name in ("api_filter", "alternative_filter")
        }
        fields = "__all__"  # noqa: DJ007  (a rule is data, every field of it is for people)


@admin.register(Rule)
class RuleAdmin(WorkAdmin[Rule]):
    form = RuleForm
    list_title = "Rules"
    list_help = "Which number of the console must equal which number of the API. Changes count from the next run on."
    empty = EmptyState("There is no rule: nothing can be compared.", "Add a rule", "admin:reports_rule_add")
    list_display = (
        "title",
        "console_kind",
        "console_metric",
        "api_report",
        "api_measure",
        "cut",
        "grain",
        "tolerance_amount",
        "proof",
        "enabled",
    )
    list_filter = ("enabled", "confirmed", "console_kind", "api_report")
    search_fields = ("title", "key", "console_metric")
    actions = None
    save_as = True
    save_as_continue = True
    fieldsets = (
        (None, {"fields": ("title", "key", "enabled", "confirmed", "notes")}),
        ("Console's side", {"fields": ("console_kind", "console_metric")}),
        ("API's side", {"fields": ("api_report", "api_measure", "api_filter", "alternative_filter", "timezone")}),
        ("How they are compared", {"fields": ("cut", "grain", "additive", "tolerance", "tolerance_percent")}),
        ("Why they may differ", {"fields": ("completeness_days", "causes", "covers")}),
    )
    export_fields: ClassVar[dict[str, str]] = {
        "Rule": "key",
        "Title": "title",
        "Enabled": "enabled",
        "Confirmed": "confirmed",
        "Console export": "console_kind",
        "Console metric": "console_metric",
        "API report": "api_report",
        "API measure": "api_measure",
        "Cut": "cut",
        "Grain": "grain",
        "Time zone": "timezone",
        "Days until final": "completeness_days",
        "Tolerance": "tolerance",
        "Tolerance percent": "tolerance_percent",
        "Notes": "notes",
    }
    tolerance_amount = amount_column("tolerance", "Tolerance", currency="")

    @admin.display(description="Pairing", ordering="confirmed")
    def proof(self, rule: Rule) -> SafeString:
        return badge("confirmed") if rule.confirmed else badge("unconfirmed")


@admin.register(FiscalMonth)
class FiscalMonthAdmin(WorkAdmin[FiscalMonth]):
    list_title = "Fiscal months"
    list_help = "Apple's fiscal months: 5, 4 and 4 weeks, Sunday to Saturday; month 1 is October."
    list_display = ("__str__", "start", "end", "source", "proof")
    list_filter = ("confirmed", "year")
    actions = None
    export_fields: ClassVar[dict[str, str]] = {
        "Year": "year",
        "Month": "month",
        "First day": "start",
        "Last day": "end",
        "Source": "source",
        "Confirmed": "confirmed",
    }

    @admin.display(description="Dates", ordering="confirmed")
    def proof(self, month: FiscalMonth) -> SafeString:
        return badge("confirmed") if month.confirmed else badge("unconfirmed")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
