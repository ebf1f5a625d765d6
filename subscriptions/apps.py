from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from subscriptions import checks  # noqa: F401, PLC0415  (registers itself; needs the settings)
        from subscriptions.services.rules import make_settings  # noqa: PLC0415  (needs the models)

        post_migrate.connect(make_settings, sender=self, dispatch_uid="subscriptions.rules")
