"""What noise, the rule of five people and the console's limits may hide: data/analytics_policy.json, with sources."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from django.conf import settings

DECIMALS = ("noise_sigma", "noise_deviations", "usual_share_quantile", "chance_of_loss", "usual_share_fence")


@dataclass(frozen=True, slots=True)
class AnalyticsPolicy:
    """Sources: data/analytics_policy.json. The setting ANALYTICS_POLICY (a dict) overrides single values."""

    noise_sigma: Decimal
    noise_deviations: Decimal
    fewest_people: int
    usual_days: int
    usual_days_needed: int
    usual_share_quantile: Decimal
    usual_share_fence: Decimal
    rows_never_missing: int
    chance_of_loss: Decimal
    most_campaigns: int
    console_open_days: int


def analytics_policy() -> AnalyticsPolicy:
    return replace(_policy(), **getattr(settings, "ANALYTICS_POLICY", {}))


@cache
def _policy() -> AnalyticsPolicy:
    text = files("reports").joinpath("data/analytics_policy.json").read_text(encoding="utf-8")
    values: dict[str, Any] = {name: fact["value"] for name, fact in json.loads(text).items()}
    return AnalyticsPolicy(**values | {name: Decimal(values[name]) for name in DECIMALS})
