"""django-q2's own admin pages are taken away: whoever may add one of its schedules may run any function."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.sites import all_sites
from django.db.models import Model


def hide() -> None:
    """Imported here first, its admin module does not register again when the admin looks for such modules."""
    from django_q import admin as _registers_itself  # noqa: F401, PLC0415

    for model in registered(admin.site):
        admin.site.unregister(model)


def registered(site: admin.AdminSite) -> list[type[Model]]:
    return [model for model in site._registry if model._meta.app_label == "django_q"]


def exposed() -> list[str]:
    """Names of django-q2's models that any admin site shows."""
    return [model._meta.label for site in all_sites for model in registered(site)]
