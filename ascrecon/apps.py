from __future__ import annotations

from django.apps import AppConfig


class AscreconConfig(AppConfig):
    """Makes the project's own management commands and system checks known to Django."""

    name = "ascrecon"
    verbose_name = "ascrecon"

    def ready(self) -> None:
        from ascrecon import checks  # noqa: F401, PLC0415  (registers the system checks)
