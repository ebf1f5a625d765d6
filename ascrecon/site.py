"""The admin site: the worklist as its start page, and navigation by the work instead of by model names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

#: Their own admins would let a person edit what our Job rows and settings decide (a schedule row of django-q2 can run
#: any importable function).
NOT_SHOWN = ("django_q", "axes")


@dataclass(frozen=True)
class Page:
    """One line of the navigation: a model's list, or a page of its own that needs a permission."""

    label: str
    model: str
    page: str = "changelist"
    permission: str = ""
    #: Further models whose lists hang together with this one: they are reached from there.
    also: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        return (self.model, *self.also)


@dataclass(frozen=True)
class Group:
    name: str
    slug: str
    pages: tuple[Page, ...]


ANALYTICS_ROWS = tuple(
    f"reports.{name}row"
    for name in (
        "purchase", "engagement", "installation", "session", "preorder", "subscriptionstate", "subscriptionevent",
        "otheranalytics",
    )
)  # fmt: skip
SUBSCRIPTION_ROWS = ("reports.subscriptionchangerow", "reports.subscriberrow")
NAVIGATION = (
    Group("Findings", "findings", (
        Page("Findings", "reports.finding"),
        Page("Runs", "reports.run"),
        Page("Start a reconciliation", "reports.run", "start", "reports.start_run"),
    )),
    Group("What Apple delivered", "delivered", (
        Page("Reports from Apple", "reports.reportinstance"),
        Page("Sales rows", "reports.salesrow"),
        Page("Finance rows", "reports.financerow"),
        Page("Subscription rows", "reports.subscriptioncountrow", also=SUBSCRIPTION_ROWS),
        Page("Analytics rows", "reports.downloadrow", also=ANALYTICS_ROWS),
        Page("Coverage calendar", "reports.coveragecell", "calendar"),
        Page("Coverage", "reports.coveragecell"),
        Page("Report requests", "reports.reportrequest", also=("reports.analyticsinstance",)),
        Page("API problems", "reports.apiproblem"),
    )),
    Group("Console exports", "exports", (
        Page("Console exports", "reports.consoleexport"),
        Page("Upload an export", "reports.consoleexport", "upload", "reports.upload_consoleexport"),
    )),
    Group("Subscriptions", "subscriptions", (
        Page("Subscriptions", "subscriptions.subscription"),
        Page("Customers", "subscriptions.customer"),
        Page("Purchases", "subscriptions.purchase"),
        Page("Refunds", "subscriptions.refund"),
        Page("Notifications", "subscriptions.notification"),
        Page("Refused payloads", "subscriptions.refusedpayload"),
        Page("Own data", "subscriptions.dataupload"),
        Page("Upload own data", "subscriptions.dataupload", "upload", "subscriptions.upload_dataupload"),
        Page("Subscription rules", "subscriptions.rulesetting"),
        Page("Apple's certificates", "subscriptions.signingchain"),
    )),
    Group("Jobs", "jobs", (Page("Jobs", "jobs.job"),)),
    Group("Setup", "setup", (
        Page("Accounts", "reports.account"),
        Page("App Store Server", "subscriptions.serverkey"),
        Page("Apps", "reports.app"),
        Page("Rules", "reports.rule"),
        Page("Fiscal months", "reports.fiscalmonth"),
        Page("Digest", "reports.digestschedule"),
        Page("E-mails sent", "reports.outboxmessage"),
        Page("Users", "auth.user"),
    )),
)  # fmt: skip


def group_of(label: str) -> Group | None:
    """The group in which the list of a model (`reports.finding`) stands."""
    return next((group for group in NAVIGATION for page in group.pages if label in page.models), None)


class AscreconSite(AdminSite):
    site_title = "ascrecon"
    site_header = "ascrecon"
    index_title = "Worklist"
    site_url = None
    empty_value_display = "–"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: Iterable[type[Model]] = (
            (model_or_iterable,) if isinstance(model_or_iterable, type) else model_or_iterable
        )
        shown = [model for model in models if model._meta.app_label not in NOT_SHOWN]
        super().register(shown, admin_class, **options)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from reports.selectors.worklist import worklist  # noqa: PLC0415  (models are not loaded when the site is made)

        return super().index(request, {"worklist": worklist(request.user), **(extra_context or {})})

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        """The list of an app's models is what the navigation replaces."""
        return redirect("admin:index")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        groups = [self._group(request, group) for group in NAVIGATION]
        shown = [page for group in groups for page in group["models"]]
        pages = [page for page in shown if any(request.path.startswith(url) for url in page["urls"])]
        if pages:
            max(pages, key=lambda page: len(page["admin_url"]))["is_current"] = True
        return [group for group in groups if group["models"]]

    def _group(self, request: HttpRequest, group: Group) -> dict[str, Any]:
        pages = [self._page(page) for page in group.pages if self._may_see(request, page)]
        return {
            "name": group.name,
            "app_label": group.slug,
            "app_url": pages[0]["admin_url"] if pages else "",
            "has_module_perms": True,
            "models": pages,
        }

    def _page(self, page: Page) -> dict[str, Any]:
        urls = [reverse(f"admin:{model.replace('.', '_')}_{page.page}") for model in page.models]
        named = {"name": page.label, "object_name": page.label}
        return {**named, "admin_url": urls[0], "urls": urls, "add_url": None, "view_only": True}

    def _may_see(self, request: HttpRequest, page: Page) -> bool:
        admin = next((a for model, a in self._registry.items() if model._meta.label_lower == page.model), None)
        if admin is None:
            return False
        if page.permission:
            return request.user.has_perm(page.permission)
        return admin.has_view_or_change_permission(request)
