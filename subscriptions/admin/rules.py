from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.safestring import SafeString

from reports.admin.base import EmptyState, WorkAdmin
from reports.templatetags.finance import badge
from subscriptions.detect.rules import Rule, all_rules
from subscriptions.models import RuleSetting
from subscriptions.selectors.own_data import NO_DATA, OFF, checked


class RuleList(ChangeList):
    """Says of every rule what it is checked against."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        told = checked(self.result_list)
        for row in self.result_list:
            row.checked_by = told.get(row.code, "–")


class RuleSettingForm(forms.ModelForm[RuleSetting]):
    class Meta:
        model = RuleSetting
        fields = ("enabled", "severity", "thresholds")

    def clean_thresholds(self) -> dict[str, int]:
        """Whole numbers above 0 under the names that the rule has."""
        given = self.cleaned_data["thresholds"] or {}
        known = all_rules()[self.instance.code].thresholds
        if not isinstance(given, dict):
            raise forms.ValidationError('Write them as {"hours": 24}.')
        for name, value in given.items():
            if name not in known:
                raise forms.ValidationError(
                    f"This rule has no threshold {name!r}. Known: {', '.join(known) or 'none'}."
                )
            if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1_000_000:  # noqa: PLR2004
                raise forms.ValidationError(f"{name} must be a whole number from 1 to 999,999.")
        return given


@admin.register(RuleSetting)
class RuleSettingAdmin(WorkAdmin[RuleSetting]):
    form = RuleSettingForm
    list_title = "Subscription rules"
    list_help = (
        "When something about a subscription becomes a finding. The thresholds are this program's choice, not Apple's."
    )
    empty = EmptyState("There is no rule.")
    list_display = ("code", "title", "finding", "severity_badge", "thresholds_now", "checked_text")
    list_filter = ("enabled",)
    search_fields = ("=code",)
    actions = None
    readonly_fields = ("code", "title", "finding", "as_delivered", "checked_text")
    fields = ("code", "title", "finding", "as_delivered", "checked_text", "enabled", "severity", "thresholds")
    export_fields: ClassVar[dict[str, str]] = {
        "Rule": "code", "Enabled": "enabled", "Severity": "severity", "Thresholds": "thresholds",
    }  # fmt: skip

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RuleList

    @admin.display(description="Checked")
    def checked_text(self, row: RuleSetting) -> SafeString | str:
        text = getattr(row, "checked_by", None) or checked([row]).get(row.code, "–")
        return badge("unchecked", text) if text.startswith((NO_DATA, OFF)) else text

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Title")
    def title(self, row: RuleSetting) -> str:
        rule = _rule(row)
        if rule is None:
            return "no longer a rule"
        return rule.title if rule.confirmed else f"{rule.title} (unconfirmed)"

    @admin.display(description="Becomes a finding")
    def finding(self, row: RuleSetting) -> str:
        rule = _rule(row)
        return rule.kind.replace("_", " ") if rule else "–"

    @admin.display(description="As delivered")
    def as_delivered(self, row: RuleSetting) -> str:
        rule = _rule(row)
        if rule is None:
            return "–"
        doubts = [*([] if rule.confirmed else ["unconfirmed"]), *([] if rule.enabled else ["off"])]
        return "; ".join([rule.severity.label, *doubts, _told(rule.thresholds)])

    @admin.display(description="Thresholds")
    def thresholds_now(self, row: RuleSetting) -> str:
        rule = _rule(row)
        return _told({**rule.thresholds, **row.thresholds}) if rule else "–"

    @admin.display(description="Severity")
    def severity_badge(self, row: RuleSetting) -> SafeString | str:
        rule = _rule(row)
        return badge(row.severity or rule.severity) if rule else "–"


def _rule(row: RuleSetting) -> Rule | None:
    return all_rules().get(row.code)


def _told(thresholds: Any) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in thresholds.items()) or "no threshold"
