"""The days that a delivery of an ongoing request brings complete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from reports.detect.spans import Span
from reports.models import Grain
from reports.services.analytics_files import GRAINS
from reports.services.periods import span_from
from reports.sync.analytics_facts import completeness_days
from reports.sync.policy import sync_policy


def period_of(report: str, grain: Grain, made_on: date) -> Span:
    """First and last day: the day that is complete now, the week before the Friday, the month before the 5th.

    Source: Apple, Data Completeness; the days until then are data of the catalogue and the policy.
    """
    policy = sync_policy()
    lag = {
        Grain.DAY: completeness_days(report),
        Grain.WEEK: policy.analytics_week_made_after_days,
        Grain.MONTH: policy.analytics_month_made_after_days,
    }[grain]
    last = made_on - timedelta(days=lag)
    begins = {Grain.DAY: last, Grain.WEEK: last - timedelta(days=6), Grain.MONTH: last.replace(day=1)}
    return span_from(grain, begins[grain])


def with_periods(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], Span]]:
    """Rows that begin with app, report, Apple's granularity and processing date, each with its days.

    Apple's granularity becomes ours; one that is not known has no days and is left out.
    """
    for app_id, report, granularity, made_on, *rest in rows:
        if granularity in GRAINS:
            grain = GRAINS[granularity]
            yield (app_id, report, grain.value, made_on, *rest), period_of(report, grain, made_on)
