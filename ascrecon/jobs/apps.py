from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "ascrecon.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Each installed app's `jobs.py` registers its kinds of jobs and its ticks."""
        from django_q.signals import pre_execute  # noqa: PLC0415  (needs the apps to be loaded)

        from ascrecon.jobs import bells, checks, queue_admin  # noqa: F401, PLC0415  (checks registers itself)

        pre_execute.connect(bells.remember_row)
        queue_admin.hide()
        autodiscover_modules("jobs")
