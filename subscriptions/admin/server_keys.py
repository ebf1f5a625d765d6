"""The line to the App Store Server: the In-App Purchase key (written, never shown), addresses, tests, the history."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.views.decorators.http import require_POST

from ascrecon import clock
from reports.admin.base import EmptyState, ReadOnlyAdmin, require
from reports.admin.forms import LARGEST_KEY, key_text
from reports.models import Account
from subscriptions.jobs import askable_apps, enqueue_back_fill, enqueue_trial
from subscriptions.models import ServerKey
from subscriptions.selectors import server
from subscriptions.services.server_keys import set_server_key

CHANGE, READ = "subscriptions.change_serverkey", "subscriptions.replay_notification"
FILE = "SubscriptionKey_….p8"
#: What the service calls the fields of `ServerKeyForm`.
FIELD_OF = {"private_key": "new_key"}


class ServerKeyForm(forms.Form):
    """The key as text or as a file; both are written only."""

    key_id = forms.CharField(label="Key ID", max_length=32)
    issuer_id = forms.CharField(
        label="Issuer ID", max_length=64, required=False,
        help_text="It stands above the keys. Empty: the one of the account's App Store Connect key.",
    )  # fmt: skip
    new_key = forms.CharField(
        label="Private key (.p8)", required=False, strip=False, max_length=LARGEST_KEY,
        help_text=f"The {FILE} file from App Store Connect, or its text. Kept encrypted and never shown again.",
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField", "autocomplete": "off"}),
    )  # fmt: skip
    key_file = forms.FileField(label="or its file", required=False)
    server_api_url = forms.CharField(
        label="Address of the API", required=False, widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text="Empty: Apple's own. With another one sandbox is not asked.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A failed form is shown again: the key must not be in it.
        self.fields["new_key"].widget.format_value = lambda value: ""

    def keep(self, account: Account) -> ServerKey | None:
        """The key that was kept, or None with the errors placed beside their fields."""
        data = self.cleaned_data
        try:
            pem = key_text(data, FILE)
            return set_server_key(account, data["key_id"], pem, data["server_api_url"], issuer_id=data["issuer_id"])
        except ValidationError as exc:
            self.add_error(
                None, ValidationError({FIELD_OF.get(name, name): texts for name, texts in exc.message_dict.items()})
            )
            return None


@admin.register(ServerKey)
class ServerKeyAdmin(ReadOnlyAdmin[ServerKey]):
    list_title = "App Store Server"
    empty: ClassVar[EmptyState | None] = EmptyState(
        "No account is connected yet.", "Connect an account", "admin:reports_account_add"
    )

    def own_urls(self) -> list[URLPattern]:
        return [
            *super().own_urls(),
            self.own_path("account/<int:account_id>/", self.account_view, "account"),
            self.own_path("account/<int:account_id>/key/", self.key_view, "key"),
            self.own_path("account/<int:account_id>/probe/", require_POST(self.probe_view), "probe"),
            self.own_path("account/<int:account_id>/read/", require_POST(self.read_view), "read"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Every account, also those without a key."""
        require(request, "subscriptions.view_serverkey")
        return self.page(
            request, "admin/subscriptions/serverkey/accounts.html", self.list_title,
            accounts=list(server.accounts_overview()), empty=self.empty,
        )  # fmt: skip

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self.account_view(request, self.viewed(request, object_id).account_id)

    def account_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        require(request, "subscriptions.view_serverkey")
        account = _account(account_id)
        roots, missing = server.roots()
        return self.page(
            request, "admin/subscriptions/serverkey/page.html", f"App Store Server of {account}", account=account,
            key=ServerKey.objects.filter(account=account).first(), addresses=server.addresses(account), roots=roots,
            roots_missing=missing, is_reachable=server.is_reachable_address(), lines=server.lines(account),
            next_reading=server.next_reading(clock.now()), may_change=request.user.has_perm(CHANGE),
            may_read=request.user.has_perm(READ),
        )  # fmt: skip

    def key_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        require(request, CHANGE)
        account = _account(account_id)
        had = ServerKey.objects.filter(account=account).first()
        initial = {"issuer_id": had.issuer_id if had else account.issuer_id, "key_id": had.key_id if had else ""}
        form = ServerKeyForm(request.POST or None, request.FILES or None, initial=initial)
        if request.method == "POST" and form.is_valid() and (kept := form.keep(account)):
            self.log_change(request, kept, "Entered a new key.")
            messages.success(request, "The key is kept, encrypted. Test it: Apple is asked for a test notification.")
            return redirect(self.url_name("account"), account.pk)
        title = f"{'Replace' if had else 'Enter'} the In-App Purchase key of {account}"
        return self.page(request, "admin/subscriptions/serverkey/key.html", title, form=form, account=account, had=had)

    def probe_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        require(request, CHANGE)
        return self._each(request, account_id, "Apple is asked for a test notification", enqueue_trial)

    def read_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        require(request, READ)
        return self._each(request, account_id, "The notification history is being read", enqueue_back_fill)

    def _each(self, request: HttpRequest, account_id: int, sentence: str, enqueue: Any) -> HttpResponse:
        """Queue the work for each of the account's apps in each environment."""
        account, by = _account(account_id), request.user.get_username()
        jobs = [enqueue(app, environment.value, requested_by=by) for app, environment in askable_apps(account)]
        if jobs:
            messages.success(request, f"{sentence}, for each app and environment ({len(jobs)}).")
        else:
            messages.error(request, "Apple cannot be asked: it takes the key, and an app with bundle ID and Apple ID.")
        return redirect(self.url_name("account"), account.pk)


def _account(pk: int) -> Account:
    account = Account.objects.filter(pk=pk, provisional=False).first()
    if account is None:
        raise Http404("There is no such account.")
    return account
