"""How the client behaves where Apple leaves it open: waits, limits and header names, each with its source.

The values stand in policy.json, with a mark that says whether Apple confirmed them. Change one for a client
with `dataclasses.replace(load_policy(), tries=3)`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of policy.json and its source. `confirmed` is False for guesses and own choices."""

    name: str
    value: object
    confirmed: bool
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Times are seconds, sizes are bytes, shares and ratios are plain numbers. Sources: policy.json."""

    token_lifetime_seconds: int
    token_backdated_seconds: int
    token_renewed_before_seconds: int
    clock_tolerance_seconds: int
    tries: int
    segment_tries: int
    first_backoff_seconds: float
    rate_limit_waits_seconds: tuple[float, ...]
    retry_after_cap_seconds: float
    patience_seconds: float
    min_interval_seconds: float
    slow_below_share: float
    page_size: int
    max_pages: int
    connect_seconds: float
    read_seconds: float
    total_seconds: float
    max_json_bytes: int
    max_download_bytes: int
    max_unpacked_bytes: int
    max_ratio: int
    ratio_checked_from_bytes: int
    request_id_headers: tuple[str, ...]
    correlation_headers: tuple[str, ...]
    finance_due_day_of_next_month: int

    def interactive(self) -> Policy:
        """The same policy for a person who waits at a screen: two tries, no wait longer than five seconds."""
        return replace(self, tries=2, patience_seconds=5.0, total_seconds=30.0, read_seconds=20.0)


@cache
def policy_facts() -> tuple[Fact, ...]:
    """Every value with its mark and source, for display."""
    text = files(__package__).joinpath("policy.json").read_text(encoding="utf-8")
    return tuple(Fact(name=name, **fact) for name, fact in json.loads(text).items())


@cache
def load_policy() -> Policy:
    """The policy as policy.json has it."""
    values: dict[str, Any] = {fact.name: _frozen(fact.value) for fact in policy_facts()}
    return Policy(**values)


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
