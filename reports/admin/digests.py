from __future__ import annotations

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from reports.admin.base import EmptyState, ReadOnlyAdmin, WorkAdmin
from reports.admin.display import badge_column, moment_column
from reports.models import DigestSchedule, OutboxMessage

LAST_HOUR = 23
WEEKDAYS = tuple("1234567")


class DigestForm(forms.ModelForm[DigestSchedule]):
    class Meta:
        model = DigestSchedule
        fields = ("name", "enabled", "account", "recipients", "hour", "weekdays", "minimum_severity")

    def clean_recipients(self) -> str:
        addresses = [line.strip() for line in self.cleaned_data["recipients"].splitlines() if line.strip()]
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError as exc:
                raise ValidationError(f"{address!r} is not an e-mail address.") from exc
        return "\n".join(addresses)

    def clean_hour(self) -> int:
        hour = int(self.cleaned_data["hour"])
        if hour > LAST_HOUR:
            raise ValidationError("An hour is 0 to 23.")
        return hour

    def clean_weekdays(self) -> str:
        days = [day.strip() for day in self.cleaned_data["weekdays"].split(",")]
        if any(day not in WEEKDAYS for day in days):
            raise ValidationError("Write the days as numbers with commas: 1,2,3,4,5 is Monday to Friday.")
        return ",".join(sorted(set(days)))


@admin.register(DigestSchedule)
class DigestScheduleAdmin(WorkAdmin[DigestSchedule]):
    form = DigestForm
    list_title = "Digest"
    list_help = "The scheduled e-mail: complete to which day, what is new, changed and closed."
    empty = EmptyState("Nobody gets the digest yet.", "Add a digest", "admin:reports_digestschedule_add")
    list_display = (
        "name",
        "account",
        "recipient_text",
        "hour",
        "weekdays",
        "minimum_severity",
        "last_moment",
        "enabled",
    )
    list_select_related = ("account",)
    autocomplete_fields = ("account",)
    actions = None
    last_moment = moment_column("last_digest_at", "Last sent")

    @admin.display(description="Recipients")
    def recipient_text(self, schedule: DigestSchedule) -> str:
        return ", ".join(schedule.addresses)


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin[OutboxMessage]):
    list_title = "E-mails"
    empty = EmptyState("No e-mail was sent yet.", "Digest", "admin:reports_digestschedule_changelist")
    list_display = ("subject", "recipient", "created_moment", "sent_moment", "attempts", "error", "state_badge")
    list_filter = ("state",)
    search_fields = ("recipient__istartswith", "subject")
    date_hierarchy = "created_at"
    fields = (
        "recipient",
        "subject",
        "body",
        "state",
        "error",
        "attempts",
        "next_try",
        "created_at",
        "sent_at",
        "message_id",
    )
    readonly_fields = fields
    export_fields: ClassVar[dict[str, str]] = {
        "Recipient": "recipient",
        "Subject": "subject",
        "State": "state",
        "Error": "error",
        "Written": "created_at",
        "Sent": "sent_at",
        "Message-ID": "message_id",
    }
    created_moment = moment_column("created_at", "Written")
    sent_moment = moment_column("sent_at", "Sent")
    state_badge = badge_column("state", "State")
