from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from reports.admin.base import EmptyState, WorkAdmin
from reports.templatetags.finance import badge
from subscriptions.detect.rules import Rule, all_rules
from subscriptions.models import RuleSetting


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
    list_display = ("code", "title", "finding", "severity_badge", "thresholds_now", "enabled")
    list_filter = ("enabled",)
    search_fields = ("=code",)
    actions = None
    readonly_fields = ("code", "title", "finding", "as_delivered")
    fields = ("code", "title", "finding", "as_delivered", "enabled", "severity", "thresholds")
    export_fields: ClassVar[dict[str, str]] = {
        "Rule": "code", "Enabled": "enabled", "Severity": "severity", "Thresholds": "thresholds",
    }  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Title")
    def title(self, row: RuleSetting) -> str:
        rule = _rule(row)
        return rule.title if rule else "no longer a rule"

    @admin.display(description="Becomes a finding")
    def finding(self, row: RuleSetting) -> str:
        rule = _rule(row)
        return rule.kind.replace("_", " ") if rule else "–"

    @admin.display(description="As delivered")
    def as_delivered(self, row: RuleSetting) -> str:
        rule = _rule(row)
        return f"{rule.severity.label}; {_told(rule.thresholds)}" if rule else "–"

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
