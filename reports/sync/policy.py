"""How often Apple is asked and when an answer is believed: values of data/sync_policy.json, each with its source."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from django.conf import settings


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """Sources: data/sync_policy.json. The setting SYNC_POLICY (a dict) overrides single values."""

    reread_daily_for_days: int
    reread_again_after_days: int
    confirm_empty_after_hours: tuple[int, ...]
    late_after_hours: int
    ask_again_minutes: int
    weekdays_compared: int
    weekdays_needed: int
    finance_asked_days_before_due: int
    finance_empty_months_until_stop: int
    subscriptions_asked_again_after_days: int
    periods_per_job: int
    failures_until_stop: int
    analytics_listing_hour: int
    analytics_first_report_hours: int
    analytics_snapshot_every_days: int
    analytics_refused_again_after_days: int
    analytics_kept_days: int
    analytics_week_made_after_days: int
    analytics_month_made_after_days: int
    analytics_hole_complete_after_days: int
    analytics_late_days: int
    analytics_stopped_days: int
    analytics_quiet_rows: int
    analytics_quiet_window_days: int
    analytics_people_for_detail: int
    analytics_calls_per_job: int
    calls_per_hour: int
    calls_per_hour_reserve: Decimal

    @property
    def grace(self) -> timedelta:
        """After the due time; only then a report that is missing counts as late."""
        return timedelta(hours=self.late_after_hours)

    @property
    def pause(self) -> timedelta:
        """Until Apple is asked again for a report that should come soon."""
        return timedelta(minutes=self.ask_again_minutes)


def sync_policy() -> SyncPolicy:
    return replace(_policy(), **getattr(settings, "SYNC_POLICY", {}))


@cache
def _policy() -> SyncPolicy:
    text = files("reports").joinpath("data/sync_policy.json").read_text(encoding="utf-8")
    values: dict[str, Any] = {name: fact["value"] for name, fact in json.loads(text).items()}
    values["confirm_empty_after_hours"] = tuple(values["confirm_empty_after_hours"])
    values["calls_per_hour_reserve"] = Decimal(values["calls_per_hour_reserve"])
    return SyncPolicy(**values)
