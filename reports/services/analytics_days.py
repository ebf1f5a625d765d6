"""Each day (week, month) of an analytics delivery is a vintage of its own, and replaces that day as a set."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from reports.figures.analytics import derive_analytics, family_of
from reports.figures.vintages import Period, place, series_of
from reports.models import Access, AnalyticsInstance, Delivery, Grain
from reports.models.fields import AmountField
from reports.services.periods import span_from
from reports.sql import fetch
from reports.sync.analytics_facts import completeness_days

COMPLETE, OTHERWISE = 1, 0


def count_analytics(delivery: Delivery) -> None:
    """Let every day that a loaded delivery tells count, if no newer one tells it, and derive its figures.

    Apple's rule (Data Completeness): instances from a more recent processing date overwrite earlier ones, so a day is
    all rows of the newest processing date that has it. A day that an ongoing report told when it was complete keeps
    before a snapshot's word on it: the snapshot fills gaps, and is a second witness else.
    """
    instance = delivery.analytics_instance
    made = instance.processing_date
    periods = [_period(*row, instance) for row in _days(delivery)]
    moment = datetime.combine(made, time(), UTC)
    vintages = place(series_of(delivery), delivery, periods, taken_on=made, received_at=moment)
    derive_analytics(vintages, delivery)


def _days(delivery: Delivery) -> list[tuple[date, int, int]]:
    """Each date, how many rows it has, and a hash of them that does not depend on their order."""
    model = family_of(delivery.report).model
    told = [_text(field) for field in model._meta.concrete_fields if not field.primary_key]
    days = fetch(
        f"SELECT day, count(*), sum(hash_record_extended(ROW({', '.join(told)}), 0) >> 24)::bigint "  # noqa: S608
        f"FROM {model._meta.db_table} WHERE id BETWEEN %s AND %s AND day IS NOT NULL GROUP BY 1",
        [delivery.first_row_id, delivery.last_row_id],
    )
    return sorted((day, rows, rows_hash) for day, rows, rows_hash in days)


def _text(field: Any) -> str:
    """PostgreSQL's hash of a number does not see its sign, that of its text does."""
    column = str(connection.ops.quote_name(field.column))
    return f"trim_scale({column})::text" if isinstance(field, AmountField) else column


def _period(day: date, rows: int, rows_hash: int, instance: AnalyticsInstance) -> Period:
    assert instance.delivery
    start, end = span_from(Grain(instance.delivery.grain), day)
    return Period(start, end, COMPLETE if _is_complete(end, instance) else OTHERWISE, rows, rows_hash)


def _is_complete(end: date, instance: AnalyticsInstance) -> bool:
    """Whether an ongoing report was made late enough after the period; a snapshot never counts before it."""
    lag = timedelta(days=completeness_days(instance.report.name))
    return instance.report.request.access == Access.ONGOING and end + lag <= instance.processing_date
