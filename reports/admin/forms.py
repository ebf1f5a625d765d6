"""Forms of the pages that are not a model's own form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from reports.models import Account, App, Cause, FindingKind, FiscalMonth, Kind, Zone

UPLOAD_KINDS = (Kind.A1, Kind.P, Kind.F1, Kind.F2, Kind.R)
FIND_OUT = ("", "Find out from the file")
SHORTEST_REASON = 3
LARGEST_KEY = 20_000


def people() -> Any:
    return get_user_model().objects.filter(is_active=True, is_staff=True).order_by("username")


def key_text(data: Mapping[str, Any], file_name: str) -> str:
    """A key entered as text (`new_key`) or as a file (`key_file`); where it is none, its usual name is told."""
    file = data.get("key_file")
    if file is None:
        return str(data.get("new_key") or "")
    if file.size > LARGEST_KEY:
        raise ValidationError({"key_file": f"This file is too large for a key: choose the {file_name} file."})
    try:
        return str(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValidationError({"key_file": f"This is no text file: choose the {file_name} file."}) from None


class ReasonForm(forms.Form):
    """Why a person does what cannot be seen from the data."""

    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text="Kept in the history, with your name.",
        min_length=SHORTEST_REASON,
    )


class AssignForm(forms.Form):
    to: forms.ModelChoiceField[User] = forms.ModelChoiceField(queryset=None, label="Assign to")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people()  # type: ignore[attr-defined]


class DateField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"})


class PeriodForm(forms.Form):
    """First and last day, or a fiscal month, or neither; both ends belong to the period."""

    period_start = DateField(label="From", required=False)
    period_end = DateField(label="To", required=False)
    fiscal_month: forms.ModelChoiceField[FiscalMonth] = forms.ModelChoiceField(
        queryset=None, required=False, empty_label="–", label="or fiscal month"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fiscal_month"].queryset = FiscalMonth.objects.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("period_start"), cleaned.get("period_end")
        if (start is None) != (end is None):
            raise ValidationError("Give the first and the last day, or neither.")
        if start and end and start > end:
            raise ValidationError(f"The first day, {start}, lies after the last, {end}.")
        if start and cleaned.get("fiscal_month"):
            raise ValidationError("Give two days or a fiscal month, not both.")
        return cleaned


class StartRunForm(PeriodForm):
    month = forms.CharField(
        label="or month", required=False, widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-10"})
    )
    account: forms.ModelChoiceField[Account] = forms.ModelChoiceField(
        queryset=Account.objects.all(), required=False, empty_label="All accounts"
    )
    app: forms.ModelChoiceField[App] = forms.ModelChoiceField(
        queryset=App.objects.filter(merged_into=None), required=False, empty_label="All apps"
    )
    field_order = ("period_start", "period_end", "month", "fiscal_month", "account", "app")

    def clean_month(self) -> str:
        text = str(self.cleaned_data["month"]).strip()
        if text:
            try:
                date.fromisoformat(f"{text}-01")
            except ValueError as exc:
                raise ValidationError(f"{text!r} is not a month: write it as 2026-10.") from exc
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("month") and (cleaned.get("period_start") or cleaned.get("fiscal_month")):
            raise ValidationError("Give two days, a month or a fiscal month: one of them.")
        app, account = cleaned.get("app"), cleaned.get("account")
        if app and account and app.account_id != account.pk:
            raise ValidationError(f"{app} is an app of {app.account}, not of {account}.")
        return cleaned


class LineFilterForm(forms.Form):
    """Filters of a run's side-by-side table; empty fields do not filter."""

    rule = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(required=False, choices=[("", "All"), *FindingKind.choices])
    cause = forms.ChoiceField(required=False, choices=[("", "All"), *Cause.choices])
    currency = forms.CharField(required=False, max_length=3)
    apple_id = forms.IntegerField(
        required=False, label="Apple ID", widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    locals()["from"] = DateField(required=False)
    to = DateField(required=False)

    def __init__(self, *args: Any, rules: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rule"].choices = [("", "All"), *rules]  # type: ignore[attr-defined]


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(file, initial) for file in files]


class UploadForm(PeriodForm):
    """Files and whatever the person knows about them; an empty field means: find out."""

    chosen = FilesField(
        label="Files",
        help_text="CSV or text as downloaded; gzip and zip are opened. Several files may be chosen at once.",
    )
    account: forms.ModelChoiceField[Account] = forms.ModelChoiceField(
        queryset=Account.objects.all(), required=False, empty_label=FIND_OUT[1]
    )
    app: forms.ModelChoiceField[App] = forms.ModelChoiceField(
        queryset=App.objects.filter(merged_into=None), required=False, empty_label=FIND_OUT[1]
    )
    kind = forms.ChoiceField(
        required=False, choices=[FIND_OUT, *((k.value, f"{k.label} ({k.value})") for k in UPLOAD_KINDS)]
    )
    timezone = forms.ChoiceField(required=False, choices=[FIND_OUT, *Zone.choices], label="Time zone of its days")
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        required=False,
        help_text="Three letters, such as USD.",
        error_messages={"invalid": "Three letters."},
    )
    field_order = (
        "chosen",
        "kind",
        "account",
        "app",
        "period_start",
        "period_end",
        "fiscal_month",
        "timezone",
        "currency",
    )


class MergeForm(forms.Form):
    """Which real app or account a provisional one is."""

    into: forms.ModelChoiceField[Any] = forms.ModelChoiceField(queryset=None, label="It is really")

    def __init__(self, *args: Any, choices: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].queryset = choices  # type: ignore[attr-defined]
