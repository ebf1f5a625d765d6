"""What all lists and pages share: exports, quick paging, read-only evidence, breadcrumbs by the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Field, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from ascrecon import clock
from ascrecon.exporting import WRITERS, Cell, Table, TooManyRows
from ascrecon.site import group_of
from reports.admin.paginator import CappedPaginator

M = TypeVar("M", bound=Model)
EXPORT_CHUNK = 2000
ActionNames = Sequence[str] | None
#: What Django's own filters and its date hierarchy ask of a field.
OFFERED = ("exact", "id__exact", "isnull", "in", "gte", "gt", "lte", "lt", "year", "month", "day")
NOT_CRITERIA = ("p", "o", "e", "all", "_facets", "after")


def _asked_by(list_filter: Any) -> str:
    """The parameter or the field of an entry of `list_filter`: a field, a field with its filter, or a filter."""
    named = list_filter[0] if isinstance(list_filter, tuple) else list_filter
    return str(getattr(named, "parameter_name", named))


@dataclass(frozen=True)
class EmptyState:
    """What an empty list says: that there is nothing, and what to do next."""

    text: str
    link: str = ""
    view: str = ""


class WorkAdmin(admin.ModelAdmin[M]):
    """A list with exports. `export_fields` maps column titles to lookups, in the order of the columns."""

    list_title: ClassVar[str] = ""
    list_help: ClassVar[str] = ""
    empty: ClassVar[EmptyState | None] = None
    export_fields: ClassVar[dict[str, str]] = {}
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 100
    paginator = CappedPaginator
    actions_on_top = True

    def get_urls(self) -> list[URLPattern]:
        return [*self.own_urls(), *super().get_urls()]

    def own_urls(self) -> list[URLPattern]:
        """Pages of this model in front of Django's own."""
        return [self.own_path("export/<str:form>/", self.export_view, "export")] if self.export_fields else []

    def own_path(self, route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
        return path(route, self.admin_site.admin_view(view), name=self.url_name(name).removeprefix("admin:"))

    def url_name(self, page: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"

    # Lists

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what a filter of the list offers: by others, a person could guess what the list does not show."""
        filters = self.list_filter if request is None else self.get_list_filter(request)
        offered = {_asked_by(each) for each in filters} | {self.date_hierarchy}
        return lookup in offered or any(lookup == f"{name}__{asked}" for name in offered for asked in OFFERED)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        context = {**self.list_context(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        query = request.GET.urlencode()
        exports = [
            (form.upper(), f"{reverse(self.url_name('export'), args=[form])}?{query}")
            for form in (WRITERS if self.export_fields else ())
        ]
        return {
            "title": self.list_title or self.opts.verbose_name_plural,
            "work_group": group_of(self.opts.label_lower),
            "exports": exports,
            "list_help": self.list_help,
            "empty": self.empty,
            "is_narrowed": bool(request.GET),
        }

    def page_context(self, request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
        """Context of an own page below this list."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "work_group": group_of(self.opts.label_lower),
            "list_title": self.list_title or self.opts.verbose_name_plural,
            "list_url": reverse(self.url_name("changelist")),
            **more,
        }

    def page(self, request: HttpRequest, template: str, title: str, **more: Any) -> TemplateResponse:
        request.current_app = self.admin_site.name  # as Django's own admin views do
        return TemplateResponse(request, template, self.page_context(request, title, **more))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context["work_group"] = group_of(self.opts.label_lower)
        if context.get("original"):
            context["title"], context["subtitle"] = str(context["original"]), None
        context["list_title"] = self.list_title or self.opts.verbose_name_plural
        return super().render_change_form(request, context, *args, **kwargs)

    def viewed(self, request: HttpRequest, object_id: str) -> M:
        """The object of a page, for a person who may view it; else 403 or 404."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404(f"There is no {self.opts.verbose_name} {object_id}.")
        return found

    # Exports

    def export_view(self, request: HttpRequest, form: str) -> HttpResponse:
        """The rows of the list as it is filtered now, all pages of it."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if form not in WRITERS:
            raise Http404(f"No export as {form}.")
        try:
            changelist = self.get_changelist_instance(request)
            return WRITERS[form](self.export_table(request, changelist), clock.today("UTC"))  # type: ignore[return-value]
        except (IncorrectLookupParameters, TooManyRows) as exc:
            messages.error(request, str(exc))
            return redirect(self.url_name("changelist"))

    def export_table(self, request: HttpRequest, changelist: ChangeList) -> Table:
        return Table(
            title=self.list_title or str(self.opts.verbose_name_plural),
            columns=list(self.export_fields),
            rows=self.export_rows(self.export_queryset(changelist.queryset)),
            criteria=export_criteria(request),
        )

    def export_queryset(self, queryset: QuerySet[M]) -> QuerySet[M]:
        """For annotations that `export_fields` names."""
        return queryset

    def export_rows(self, queryset: QuerySet[M]) -> Iterator[Sequence[Cell]]:
        labels = {n: label for n, name in enumerate(self.export_fields.values()) if (label := self._labels(name))}
        for row in queryset.values_list(*self.export_fields.values()).iterator(chunk_size=EXPORT_CHUNK):
            yield [labels[n].get(value, value) if n in labels else value for n, value in enumerate(row)]

    def _labels(self, name: str) -> dict[Any, str]:
        """The words for the tokens of a field with choices."""
        field = next((f for f in self.opts.fields if f.name == name), None)
        return {k: str(v) for k, v in field.flatchoices} if isinstance(field, Field) and field.choices else {}


def export_criteria(request: HttpRequest) -> list[tuple[str, str]]:
    chosen = [(name, value) for name, value in request.GET.items() if value and name not in NOT_CRITERIA]
    return [
        ("Selection", "; ".join(f"{name.rstrip('_').replace('__', ' ')} = {value}" for name, value in chosen) or "all"),
        ("Exported", f"{clock.now():%Y-%m-%d %H:%M} UTC by {request.user.get_username()}"),
    ]


class ReadOnlyAdmin(WorkAdmin[M]):
    """Evidence: nobody adds, changes or deletes it here, whatever permissions they hold."""

    actions: ActionNames = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
