"""Users by role: an administrator gives roles, and cannot make themself more than that."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from ascrecon.site import group_of
from reports.roles import ROLE_HELP, roles

admin.site.unregister(User)
admin.site.unregister(Group)


class RoleField(forms.ModelMultipleChoiceField[Group]):
    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Group.objects.none(), required=False, label="Roles", help_text=ROLE_HELP, **kwargs)


class RoleUserForm(UserChangeForm[User]):
    groups = RoleField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:
            self.fields["groups"].queryset = roles()  # type: ignore[attr-defined]


class NewUserForm(AdminUserCreationForm[User]):
    groups = RoleField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].queryset = roles()  # type: ignore[attr-defined]


@admin.register(User)
class RoleUserAdmin(UserAdmin[User]):
    form = RoleUserForm
    add_form = NewUserForm
    list_display = ("username", "email", "role_text", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    actions = None
    filter_horizontal = ()
    show_facets = admin.ShowFacets.NEVER
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("What they may do", {"fields": ("is_active", "groups")}),
        ("Dates (UTC)", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "email", "usable_password", "password1", "password2", "groups")}),)

    @admin.display(description="Roles")
    def role_text(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return ", ".join(["Owner of this installation"] * user.is_superuser + names) or "none"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        context = {"title": "Users", "work_group": group_of(self.opts.label_lower), **(extra_context or {})}
        return super().changelist_view(request, context)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who is above the roles is changed only by their like: else a password reset would be a way up."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.is_staff = True  # everybody here works in the admin; what they see there is up to their roles
        super().save_model(request, obj, form, change)
