"""What PostgreSQL knows of the sizes of tables, on which its plans rest."""

from __future__ import annotations

from reports.models import Delivery, Member, SalesFigures, Series, StoredFigure, Vintage
from reports.sql import execute, fetch

TABLES = tuple(model._meta.db_table for model in (Series, Vintage, Delivery, Member, StoredFigure, SalesFigures))

# By pages, which are known at once: counts of changed rows are told only after a transaction, and some time later.
GROWN = """
SELECT relname FROM pg_class
WHERE relname = ANY(%s) AND relkind = 'r' AND relnamespace = current_schema()::regnamespace
  AND pg_relation_size(oid) / current_setting('block_size')::int > 2 * relpages + 8
"""


def refresh_statistics() -> None:
    """Count again the tables that have grown to twice their size: a first pull is compared before PostgreSQL does so.

    Without it a plan for an empty table reads a large one once for each row of another, and takes minutes.
    """
    for (table,) in fetch(GROWN, [list(TABLES)]):
        execute(f'ANALYZE "{table}"')
