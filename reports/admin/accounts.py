"""Accounts with their keys (written, never shown), apps, and merging what files made provisionally."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from ascrecon.appstore import AppStoreError, check_base_url
from ascrecon.crypto import DecryptionError
from ascrecon.jobs.errors import JobRefused
from reports.admin.account_requests import pull_now
from reports.admin.base import EmptyState, WorkAdmin, require
from reports.admin.display import link, moment_column
from reports.admin.forms import LARGEST_KEY, MergeForm, key_text
from reports.admin.report_requests import PAGE as REQUESTS_PAGE
from reports.admin.report_requests import requests_context
from reports.models import Account, App, AppName, Vendor
from reports.services import merge
from reports.services.accounts import NewAccount, add_account, check_key, check_vendor_numbers, test_connection
from reports.services.refusals import Refused
from reports.sync.plan import ensure_plan, plan_summary, planned
from reports.templatetags.finance import badge

CHANGE = "reports.change_account"
KEY_HELP = "The AuthKey_….p8 file from App Store Connect, or its text. Kept encrypted and never shown again."
APPLE = str(Account._meta.get_field("base_url").default)
#: What the service calls the fields of `KeyForm`.
FIELD_OF = {"private_key": "new_key"}


class KeyForm(forms.ModelForm[Account]):
    """The key as text or as a file; both are written only."""

    # Not named as the model's property: a page that shows fields to read would look that up and show the key.
    new_key = forms.CharField(
        label="Private key (.p8)",
        required=False,
        strip=False,
        help_text=KEY_HELP,
        max_length=LARGEST_KEY,
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField", "autocomplete": "off"}),
    )
    key_file = forms.FileField(label="or its file", required=False)
    base_url = forms.CharField(
        label="Address of the API",
        required=False,
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text="Empty: Apple's own.",
    )

    class Meta:
        model = Account
        fields: tuple[str, ...] = ("name", "issuer_id", "key_id", "base_url", "sync_enabled", "pull_analytics")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A failed form is shown again: the key must not be in it.
        self.fields["new_key"].widget.format_value = lambda value: ""

    def clean_base_url(self) -> str:
        url = str(self.cleaned_data["base_url"]).strip() or APPLE
        try:
            return check_base_url(url)
        except ValueError as exc:
            raise ValidationError(str(exc)) from exc

    def entered(self, vendor_numbers: tuple[str, ...] = ()) -> NewAccount:
        data = self.cleaned_data
        return NewAccount(
            name=data.get("name", ""),
            issuer_id=data.get("issuer_id", ""),
            key_id=data.get("key_id", ""),
            private_key=key_text(self.cleaned_data, "AuthKey_….p8"),
            vendor_numbers=vendor_numbers,
            base_url=data.get("base_url", ""),
            pull_analytics=data.get("pull_analytics", True),
        )


KEY_FOR_ANOTHER_ADDRESS = "Enter the key again: calls to another address would be signed with it."


class EditAccountForm(KeyForm):
    """An account that is there: an empty key field keeps the key that is stored."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        entered = self.entered()
        if entered.private_key:
            self.instance.private_key = self._checked(entered)
        elif self.instance.has_key and cleaned.get("base_url", self.instance.base_url) != self.instance.base_url:
            self.add_error("new_key", KEY_FOR_ANOTHER_ADDRESS)
        return cleaned

    def _checked(self, entered: NewAccount) -> str:
        try:
            return check_key(entered)
        except ValidationError as exc:
            raise beside_fields(exc) from exc

    def save(self, commit: bool = True) -> Account:
        self.instance.key_kind = Account.KeyKind.TEAM if self.instance.issuer_id else Account.KeyKind.INDIVIDUAL
        return super().save(commit)


class AddAccountForm(KeyForm):
    """A new account in one step: key and vendor numbers together, as the service wants them."""

    vendor_numbers = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), help_text="One a line; they stand in Payments and Financial Reports."
    )
    field_order = ("name", "issuer_id", "key_id", "new_key", "key_file", "vendor_numbers", "base_url")

    class Meta(KeyForm.Meta):
        fields = ("name", "issuer_id", "key_id", "base_url")

    def _post_clean(self) -> None:
        """The service checks and keeps the account, also where a provisional one is taken over."""

    def add(self) -> Account | None:
        """The account, or None with the errors placed beside their fields."""
        try:
            return add_account(self.entered(tuple(self.cleaned_data["vendor_numbers"].split())))
        except ValidationError as exc:
            self.add_error(None, beside_fields(exc))
            return None


def beside_fields(error: ValidationError) -> ValidationError:
    """The service's error under the names of the form's fields."""
    return ValidationError({FIELD_OF.get(name, name): texts for name, texts in error.message_dict.items()})


class VendorForm(forms.ModelForm[Vendor]):
    class Meta:
        model = Vendor
        fields = ("number", "label")

    def clean_number(self) -> str:
        try:
            return check_vendor_numbers([self.cleaned_data["number"]])[0]
        except ValidationError as exc:
            raise ValidationError(exc.messages) from exc


class VendorInline(admin.TabularInline[Vendor, Account]):
    model = Vendor
    form = VendorForm
    extra = 0
    verbose_name = "vendor number"
    verbose_name_plural = "vendor numbers"


@admin.register(Account)
class AccountAdmin(WorkAdmin[Account]):
    form = EditAccountForm
    inlines = (VendorInline,)
    list_title = "Accounts"
    empty = EmptyState("No App Store Connect team is connected yet.", "Connect an account", "admin:reports_account_add")
    list_display = (
        "name",
        "vendor_numbers",
        "key_text",
        "connection_badge",
        "tested_moment",
        "sync_enabled",
        "kind_text",
    )
    search_fields = ("name", "=vendors__number")
    search_help_text = "Name or vendor number"
    actions = None
    change_form_template = "admin/reports/account/change_form.html"
    export_fields: ClassVar[dict[str, str]] = {
        "Name": "name",
        "Issuer ID": "issuer_id",
        "Key ID": "key_id",
        "Kind of key": "key_kind",
        "Address": "base_url",
        "Pulled every day": "sync_enabled",
        "Provisional": "provisional",
    }
    fieldsets = (
        (None, {"fields": ("name", "issuer_id", "key_id", "new_key", "key_file")}),
        ("Pulling", {"fields": ("sync_enabled", "pull_analytics", "base_url")}),
    )
    tested_moment = moment_column("connection_tested_at", "Last tested")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("vendors")

    @admin.display(description="Vendor numbers")
    def vendor_numbers(self, account: Account) -> str:
        return ", ".join(vendor.number for vendor in account.vendors.all()) or "none"

    @admin.display(description="Key")
    def key_text(self, account: Account) -> str:
        return f"{account.get_key_kind_display()} {account.key_id}" if account.has_key else "no key"

    @admin.display(description="Kind", ordering="provisional")
    def kind_text(self, account: Account) -> SafeString | str:
        return badge("provisional") if account.provisional else "connected"

    @admin.display(description="Connection")
    def connection_badge(self, account: Account) -> SafeString:
        if not account.connection:
            return badge("unknown", "not tested")
        refused = [result["family"] for result in account.connection if not result["ok"]]
        return badge("failed", f"{', '.join(refused)} refused") if refused else badge("ok", "works")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees no fields for a key."""
        if self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": ("name", "issuer_id", "key_id", "sync_enabled", "pull_analytics", "base_url")}),)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("<int:pk>/test/", require_POST(self.test_view), "test"),
            self.own_path("<int:pk>/pull/", require_POST(self.pull_view), "pull"),
            self.own_path("<int:pk>/merge/", self.merge_view, "merge"),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        require(request, "reports.add_account")
        form = AddAccountForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid() and (account := form.add()):
            self.log_addition(request, account, [{"added": {}}])
            messages.success(
                request, f"{account} is kept. Test the connection, then pull. {plan_summary(account).sentence}"
            )
            return redirect(self.url_name("change"), account.pk)
        return self.page(request, "admin/reports/account/add.html", "Connect an account", form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        account = self.viewed(request, object_id)
        plan = planned(account) if account.has_key else None
        context = {
            "account": account,
            "plan": plan,
            "may_change": request.user.has_perm(CHANGE),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A vendor number that is added is planned at once; looking at the page plans nothing."""
        super().save_related(request, form, formsets, change)
        if form.instance.has_key:
            ensure_plan(form.instance)

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, CHANGE)
        account = self.viewed(request, str(pk))
        try:
            results = test_connection(account)
        except (AppStoreError, DecryptionError, ValueError) as exc:
            messages.error(request, str(exc))
        else:
            refused = sum(not result.ok for result in results)
            messages.success(
                request, f"Asked Apple {len(results)} times: {len(results) - refused} allowed, {refused} refused."
            )
        return redirect(self.url_name("change"), pk)

    def pull_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, CHANGE)
        account = self.viewed(request, str(pk))
        try:
            job = pull_now(account, by=request.user)
        except (JobRefused, ValueError) as exc:
            messages.error(request, str(exc))
            return redirect(self.url_name("change"), pk)
        return redirect("admin:jobs_job_change", job.pk)

    def merge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, CHANGE)
        account = self.viewed(request, str(pk))
        return merge_page(self, request, account, Account.objects.exclude(pk=pk), merge.merge_account)


class AppNameInline(admin.TabularInline[AppName, App]):
    model = AppName
    extra = 0
    verbose_name = "name in files"
    verbose_name_plural = "names under which files called it"


@admin.register(App)
class AppAdmin(WorkAdmin[App]):
    list_title = "Apps"
    empty = EmptyState(
        "No app is known yet: they come with an account or with a file.",
        "Connect an account",
        "admin:reports_account_add",
    )
    inlines = (AppNameInline,)
    list_display = ("name", "apple_id_text", "sku", "bundle_id", "account", "kind_text")
    list_filter = ("provisional", ("account", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("account", "merged_into")
    search_fields = ("name", "=apple_id", "sku__istartswith", "bundle_id__istartswith", "names__name")
    search_help_text = "Name, Apple ID, SKU or bundle ID"
    autocomplete_fields = ("account",)
    actions = None
    change_form_template = "admin/reports/app/change_form.html"
    export_fields: ClassVar[dict[str, str]] = {
        "Name": "name",
        "Apple ID": "apple_id",
        "SKU": "sku",
        "Bundle ID": "bundle_id",
        "Account": "account__name",
        "Provisional": "provisional",
    }
    fields = ("account", "name", "apple_id", "sku", "bundle_id")

    def get_readonly_fields(self, request: HttpRequest, obj: App | None = None) -> tuple[str, ...]:
        """Reports, figures and findings of an app that is there belong to its account."""
        return ("account",) if obj else ()

    @admin.display(description="Apple ID", ordering="apple_id")
    def apple_id_text(self, app: App) -> str:
        return str(app.apple_id or "–")

    @admin.display(description="Kind", ordering="provisional")
    def kind_text(self, app: App) -> SafeString | str:
        if app.merged_into is not None:
            return link(f"merged into {app.merged_into}", reverse(self.url_name("change"), args=[app.merged_into_id]))
        return badge("provisional") if app.provisional else "real"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("<int:pk>/merge/", self.merge_view, "merge"),
            self.own_path("<int:pk>/requests/", self.requests_view, "requests"),
        ]

    def requests_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The app's report requests, also where there is none yet."""
        require(request, "reports.view_reportrequest")
        app = self.viewed(request, str(pk))
        return self.page(request, REQUESTS_PAGE, "Report requests", **requests_context(app))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        app = self.viewed(request, object_id)
        context = {"app": app, "may_change": request.user.has_perm("reports.change_app"), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def merge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, "reports.change_app")
        app = self.viewed(request, str(pk))
        others = App.objects.filter(account=app.account, merged_into=None).exclude(pk=pk)
        return merge_page(self, request, app, others, merge.merge_app)


def merge_page(owner: WorkAdmin[Any], request: HttpRequest, source: Any, others: Any, do: Any) -> HttpResponse:
    """Ask which real one a provisional app or account is, and merge it."""
    form = MergeForm(request.POST or None, choices=others)
    if not source.provisional or getattr(source, "merged_into_id", None):
        messages.error(request, f"{source} is not provisional: only what came from a file alone can be merged.")
        return redirect(owner.url_name("change"), source.pk)
    if request.method == "POST" and form.is_valid():
        into = form.cleaned_data["into"]
        try:
            do(source, into, request.user)
        except Refused as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, f"{source} is merged into {into}: figures and findings follow.")
            return redirect(owner.url_name("change"), into.pk)
    return owner.page(request, "admin/merge.html", f"Merge {source}", form=form, source=source)
