"""System checks, run by every command: what is unsafe in production or breaks the worker is an error."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from ascrecon.q_cluster import least_retry


@register(Tags.security)
def production_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What settings that were changed after loading must not undo; loading checks these and more."""
    if settings.ASCRECON_ENV != "production":
        return []
    problems: list[CheckMessage] = []
    if settings.DEBUG:
        problems.append(Error("DEBUG is on in production.", hint="Unset DJANGO_DEBUG.", id="ascrecon.E001"))
    if "*" in settings.ALLOWED_HOSTS:
        problems.append(Error("Every host name is allowed.", hint="Set ASCRECON_BASE_URL.", id="ascrecon.E002"))
    return problems


@register()
def queue_repeats_no_running_task(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """django-q2 hands a task out again after `retry` seconds, counted from when it was taken into memory."""
    retry, least = settings.Q_CLUSTER["retry"], least_retry(settings.Q_CLUSTER)
    if retry > least:
        return []
    return [Error(f"Q_CLUSTER retry is {retry}, it must exceed {least}: tasks would run twice.", id="ascrecon.E003")]


@register(Tags.database)
def worker_has_no_pool(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """With psycopg's pool 200 tasks gave 7 results: the cluster forks after it has used the database."""
    if not settings.DATABASES["default"].get("OPTIONS", {}).get("pool"):
        return []
    return [Error("The database is used with a pool, which breaks the worker.", id="ascrecon.E004")]
