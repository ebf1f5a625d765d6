from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet

CAP = 10_000


class CappedPaginator(Paginator[Any]):
    """Pages through the first 10,000 rows and never counts further: count(*) over a big table takes seconds.

    `total_text` says what lies beyond, from PostgreSQL's own estimate (`pg_class.reltuples`, kept by ANALYZE).
    """

    object_list: QuerySet[Model]

    @cached_property
    def count(self) -> int:
        return min(self._counted, CAP)

    @cached_property
    def _counted(self) -> int:
        """Exact up to the cap, the cap plus one beyond it. The order stays, so that the same index serves."""
        return self.object_list[: CAP + 1].count()

    @property
    def is_capped(self) -> bool:
        return self._counted > CAP

    @property
    def total_text(self) -> str:
        if not self.is_capped:
            return f"{self.count:,}"
        if self.object_list.query.where:
            return f"more than {CAP:,}"
        return f"about {max(self._estimate(), CAP):,}"

    def _estimate(self) -> int:
        with connection.cursor() as cursor:
            table = self.object_list.model._meta.db_table
            cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
            return int(cursor.fetchone()[0])
