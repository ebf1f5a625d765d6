"""Says in one line of JSON whether this process can do its work; for load balancers and for watchdogs."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

UNAVAILABLE = 503


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 and {"status": "ok"}, or 503 with the fault's name. Needs no login, so it tells no more than
    that.
    """
    fault = database_fault()
    if fault:
        return JsonResponse({"status": fault}, status=UNAVAILABLE)
    return JsonResponse({"status": "ok"})


def database_fault() -> str:
    """An empty string, `database unreachable` or `migrations missing`. Costs two short queries."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "database unreachable"
    return "migrations missing" if plan else ""
