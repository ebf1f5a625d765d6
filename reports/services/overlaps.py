"""What an export changes: the periods that exports loaded before it tell too, with the old and the new value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reports.models import Delivery, DeliveryState
from reports.sql import fetch

# The newest loaded export of every period of the same series, with its sums by metric and currency.
TOLD = """
WITH told AS (
    SELECT DISTINCT ON (v.period_start) v.id, v.period_start, v.taken_on, v.received_at, d.file_name
    FROM reports_vintage v
    JOIN reports_series s ON s.id = v.series_id
    JOIN reports_delivery d ON d.id = v.delivery_id
    WHERE s.side = 'console' AND s.account_id = %(account)s AND s.kind = %(kind)s AND s.report = %(report)s
      AND s.scope = %(scope)s AND s.grain = %(grain)s AND s.app_id IS NOT DISTINCT FROM %(app)s
      AND s.timezone = %(timezone)s AND d.state = %(loaded)s AND d.id <> %(delivery)s
      AND v.period_start BETWEEN %(start)s AND %(end)s
    ORDER BY v.period_start, v.taken_on DESC, v.received_at DESC, v.id DESC)
SELECT t.period_start, t.taken_on, t.file_name, f.metric, f.currency, sum(f.value)
FROM told t JOIN reports_figure f ON f.vintage_id = t.id AND f.vintage_id = ANY(ARRAY(SELECT id FROM told))
GROUP BY 1, 2, 3, 4, 5
"""

Values = Mapping[tuple[date, str, str], Decimal]


@dataclass(frozen=True)
class Told:
    taken_on: date
    file: str
    value: Decimal


def find_overlaps(delivery: Delivery, values: Values) -> list[dict[str, str | None]]:
    """Each period whose value differs between `delivery` and the export before or after it, and each that only the
    newer of the two tells. `values` are those of `delivery` by period, metric and currency. The export that ends later
    was taken later, whichever is handed in first. Nothing where no period is told twice.
    """
    told = _told(delivery)
    days = {day for day, _, _ in told}
    assert delivery.period_end
    if not days & {day for day, _, _ in values}:
        return []
    others = {item.file for item in told.values()}
    replaces = delivery.period_end >= max(item.taken_on for item in told.values())
    entries = [_entry(delivery, key, told.get(key), values, replaces) for key in sorted({*told, *values})]
    return [entry | {"with": entry["with"] or min(others)} for entry in entries if entry is not None]


def _told(delivery: Delivery) -> dict[tuple[date, str, str], Told]:
    parameters = {
        "account": delivery.account_id,
        "kind": delivery.kind,
        "report": delivery.report,
        "scope": delivery.scope,
        "grain": delivery.grain,
        "app": delivery.app_id,
        "timezone": delivery.timezone,
        "delivery": delivery.pk,
        "loaded": DeliveryState.LOADED.value,
        "start": delivery.period_start,
        "end": date.max,
    }
    return {
        (day, metric, currency): Told(taken_on, file, value)
        for day, taken_on, file, metric, currency, value in fetch(TOLD, parameters)
    }


def _entry(
    delivery: Delivery, key: tuple[date, str, str], told: Told | None, values: Values, replaces: bool
) -> dict[str, str | None] | None:
    """None where nothing changes: equal values, or a period that only the older export tells.

    `replaces`: `delivery` is the newest. Of a metric that it tells in a period it tells every currency.
    """
    day, metric, currency = key
    value = values.get(key)
    assert delivery.period_end
    if told is None:
        return _overlap("", day, metric, currency, None, value) if replaces else None
    mine_is_newer = delivery.period_end >= told.taken_on
    vanished = mine_is_newer and told.value != 0 and any((day, metric) == (d, m) for d, m, _ in values)
    if told.value == value or (value is None and mine_is_newer and not vanished):
        return None
    old, new = (told.value, value) if mine_is_newer else (value, told.value)
    return _overlap(told.file, day, metric, currency, old, new)


def _overlap(
    file: str, day: date, metric: str, currency: str, old: Decimal | None, new: Decimal | None
) -> dict[str, str | None]:
    return {
        "with": file,
        "day": day.isoformat(),
        "metric": metric,
        "currency": currency,
        "old": plain(old),
        "new": plain(new),
    }


def plain(value: Decimal | None) -> str | None:
    """A count without the decimals that App Analytics puts behind it: `37` for 37.0; cents stay."""
    if value is None:
        return None
    return str(value.to_integral_value()) if value == value.to_integral_value() else str(value)
