"""Which delivery tells a period: the newest replaces it as a set, the older ones stay readable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ascrecon import clock
from reports.locks import advisory_lock, shared_lock
from reports.models import Delivery, DeliveryState, Series, Vintage
from reports.sql import execute

#: Of two deliveries of a period the first of this order counts; `d` is the delivery of the vintage `v`. Its name
#: decides between two that Apple made on one day, so that the order of arrival does not.
NEWEST_FIRST = "v.rank DESC, v.taken_on DESC, v.received_at DESC, d.file_name DESC, v.id DESC"


@dataclass(frozen=True)
class Period:
    """Days, both included. `rank` goes before all else where two deliveries tell the same period.

    `rows`, `rows_hash`: how many rows tell it and a hash of all of them, where that is kept.
    """

    start: date
    end: date
    rank: int = 0
    rows: int | None = None
    rows_hash: int | None = None


def series_of(delivery: Delivery) -> Series:
    """The series that a delivery is part of."""
    series, _ = Series.objects.get_or_create(
        account=delivery.account,
        vendor=delivery.vendor,
        app=delivery.app,
        side=delivery.side,
        kind=delivery.kind,
        report=delivery.report,
        scope=delivery.scope,
        grain=delivery.grain,
        timezone=delivery.timezone,
    )
    return series


def place(
    series: Series,
    delivery: Delivery,
    periods: Sequence[Period],
    *,
    taken_on: date,
    received_at: datetime | None = None,
) -> list[Vintage]:
    """The vintages of `delivery` for these periods of `series`, with the newest of every period made current.

    Newest is the delivery that cannot be older: by `taken_on` (an export that ends a day later was taken later), then
    by receipt. The order of arrival alone does not decide, so files that come in another order give the same result.
    `received_at` (aware): where it is not when the delivery came.
    """
    advisory_lock("series", series.pk)
    Vintage.objects.bulk_create(
        [
            Vintage(
                series=series,
                period_start=p.start,
                period_end=p.end,
                delivery=delivery,
                taken_on=taken_on,
                received_at=received_at or delivery.received_at,
                rank=p.rank,
                rows=p.rows,
                rows_hash=p.rows_hash,
            )
            for p in periods
        ],
        ignore_conflicts=True,
    )
    starts = [p.start for p in periods]
    choose_current(series.pk, starts)
    _note_that_it_counts(delivery)
    return list(Vintage.objects.filter(series=series, delivery=delivery).order_by("period_start"))


#: Shared by loads that are about to commit; a run takes it for itself when it notes when it began.
COUNTING = "deliveries begin to count"


def _note_that_it_counts(delivery: Delivery) -> None:
    """A run that begins from now on waits until this is committed, so it does not miss what it seems to have seen."""
    shared_lock(COUNTING)
    delivery.counted_at = clock.now()
    delivery.save(update_fields=["counted_at"])


CLEAR = """
UPDATE reports_vintage SET current = false
WHERE series_id = %(series)s AND current AND period_start = ANY(%(starts)s)
"""

CHOOSE = f"""
UPDATE reports_vintage SET current = true WHERE id IN (
    SELECT DISTINCT ON (v.period_start) v.id
    FROM reports_vintage v JOIN reports_delivery d ON d.id = v.delivery_id
    WHERE v.series_id = %(series)s AND v.period_start = ANY(%(starts)s) AND d.state = %(loaded)s
    ORDER BY v.period_start, {NEWEST_FIRST})
"""  # noqa: S608 - constants only


def choose_current(series_id: int, starts: Iterable[date]) -> None:
    """Point every period at its newest delivery that counts (loaded, not withdrawn)."""
    parameters = {"series": series_id, "starts": list(starts), "loaded": DeliveryState.LOADED.value}
    execute(CLEAR, parameters)
    execute(CHOOSE, parameters)


def rechoose(delivery: Delivery) -> None:
    """After a delivery began or ceased to count: choose again for each period it tells."""
    for series_id in delivery.vintages.values_list("series_id", flat=True).distinct():
        starts = delivery.vintages.filter(series_id=series_id).values_list("period_start", flat=True)
        advisory_lock("series", series_id)
        choose_current(series_id, list(starts))
