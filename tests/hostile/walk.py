"""Every page of the admin that there is, also one that is registered tomorrow: none is left out in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, reverse

from ascrecon.exporting import WRITERS
from reports.admin.findings import ACTIONS
from subscriptions.owndata.layouts import LAYOUTS

Arguments = Sequence[tuple[Any, ...]]
#: Of each model the newest objects; a list shows more of them.
MOST_OBJECTS = 10
#: These only take a form and lead on to another page.
TAKES_A_FORM = {
    "confirm", "cancel", "test", "pull", "retry", "accept", "replay", "fetch", "erase", "distrust", "probe", "read",
}  # fmt: skip
#: These send a file, no page.
SENDS_A_FILE = {"export", "lines", "download", "template"}
#: Of the site itself; what is not here is a page too.
NO_PAGES_OF_THE_SITE = {"logout", "view_on_site", "autocomplete", "jsi18n"}


@dataclass(frozen=True)
class Page:
    """One address of the admin: of which model, of which kind."""

    model: str
    kind: str
    url: str


class Unknown(AssertionError):
    """A page that this walk cannot open."""


def for_list(objects: Sequence[Model]) -> Arguments:
    return [()]


def for_each(objects: Sequence[Model]) -> Arguments:
    return [(found.pk,) for found in objects]


def for_each_form(objects: Sequence[Model]) -> Arguments:
    return [(found.pk, form) for found in objects for form in WRITERS]


def for_each_action(objects: Sequence[Model]) -> Arguments:
    return [(found.pk, action) for found in objects for action in ACTIONS]


def for_each_app(objects: Sequence[Model]) -> Arguments:
    return sorted({(key,) for found in objects if (key := getattr(found, "app_id", None))})


def for_each_account(objects: Sequence[Model]) -> Arguments:
    return sorted({(getattr(found, "account_id", 0),) for found in objects})


def for_forms(objects: Sequence[Model]) -> Arguments:
    return [(form,) for form in WRITERS]


def for_order(objects: Sequence[Model]) -> Arguments:
    return [("MK4T0B1C2D",)]


def for_kinds(objects: Sequence[Model]) -> Arguments:
    return [(kind,) for kind in LAYOUTS]


def for_public(objects: Sequence[Model]) -> Arguments:
    return [(getattr(found, "public_id", ""),) for found in objects]


#: Every kind of page with what its address needs. A new kind must be entered here, or the walk fails.
KINDS: dict[str, Callable[[Sequence[Model]], Arguments]] = {
    **dict.fromkeys(("changelist", "add", "upload", "start"), for_list),
    **dict.fromkeys(("change", "history", "delete", "merge", "withdraw", "download", "password_change"), for_each),
    **dict.fromkeys(TAKES_A_FORM, for_each),
    **dict.fromkeys(("calendar", "task"), for_list),
    **dict.fromkeys(("ask", "requests"), for_each),
    "calendar_app": for_each_app,
    "calendar_account": for_each_account,
    **dict.fromkeys(("account", "key", "probe", "read"), for_each_account),
    "order": for_order,
    "work": for_each_action,
    "lines": for_each_form,
    "export": for_forms,
    "template": for_kinds,
    "public": for_public,
}


def registered() -> list[ModelAdmin[Any]]:
    return list(admin.site._registry.values())


def objects_of(owner: ModelAdmin[Any]) -> list[Model]:
    """What the list of this model shows. A model without an object would be a page that nobody looked at."""
    request = HttpRequest()
    found = list(owner.get_queryset(request).order_by("-pk")[:MOST_OBJECTS])
    if not found:
        raise Unknown(f"There is no {owner.opts.label_lower} in the hostile books: plant one in tests/hostile/town.py")
    return found


def kind_of(owner: ModelAdmin[Any], pattern: URLPattern) -> str:
    name = (pattern.name or "").removeprefix(f"{owner.opts.app_label}_{owner.opts.model_name}_")
    return name.removeprefix("auth_user_")


def pages_of(owner: ModelAdmin[Any]) -> Iterator[Page]:
    objects = objects_of(owner)
    for pattern in owner.get_urls():
        if not isinstance(pattern, URLPattern) or not pattern.name:
            continue  # the old addresses of a change page, which lead to the new one
        kind = kind_of(owner, pattern)
        if kind not in KINDS:
            raise Unknown(f"{owner.opts.label_lower} has a page {kind!r}: say in tests/hostile/walk.py how to open it")
        for arguments in KINDS[kind](objects):
            url = reverse(f"admin:{pattern.name}", args=arguments)
            yield Page(str(owner.opts.model_name), kind, url)


def pages_of_the_site() -> Iterator[Page]:
    """The worklist and what else the site has beside the models."""
    for pattern in admin.site.get_urls():
        if isinstance(pattern, URLResolver) or not pattern.name or pattern.name in NO_PAGES_OF_THE_SITE:
            continue
        labels = {owner.opts.app_label for owner in registered()}
        for arguments in [(label,) for label in sorted(labels)] if pattern.name == "app_list" else [()]:
            yield Page("site", pattern.name, reverse(f"admin:{pattern.name}", args=arguments))


def every_page() -> list[Page]:
    """All addresses, those that send files or only take forms too."""
    return [*pages_of_the_site(), *(page for owner in registered() for page in pages_of(owner))]


def pages_to_read() -> list[Page]:
    """What somebody can look at."""
    return [page for page in every_page() if page.kind not in TAKES_A_FORM | SENDS_A_FILE]


def files_to_save(*kinds: str) -> list[Page]:
    """What somebody can download."""
    return [page for page in every_page() if page.kind in kinds]
