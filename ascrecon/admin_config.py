from __future__ import annotations

from django.apps import apps
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class AscreconAdminConfig(AdminConfig):
    """Django's admin with our own site: its start page is the worklist and its navigation follows the work."""

    default_site = "ascrecon.site.AscreconSite"

    def ready(self) -> None:
        super().ready()
        from reports.roles import make_roles  # noqa: PLC0415  (models are loaded by now, not before)

        post_migrate.connect(make_roles, sender=apps.get_app_config("reports"), dispatch_uid="reports.roles")
