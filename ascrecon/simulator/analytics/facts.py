"""Facts by family of reports, made when somebody asks; the latest asked for are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from ascrecon.simulator.analytics.downloads import download_facts, install_facts
from ascrecon.simulator.analytics.engagement import (
    crash_facts,
    engagement_facts,
    pre_order_facts,
    runtime_facts,
    session_facts,
    web_preview_facts,
)
from ascrecon.simulator.analytics.happening import Day, Fact
from ascrecon.simulator.analytics.purchases import purchase_facts
from ascrecon.simulator.analytics.subscriptions import subscription_event_facts, subscription_state_facts
from ascrecon.simulator.scenario import App
from ascrecon.simulator.truth import Truth

FAMILIES: dict[str, Callable[[Day], Iterator[Fact]]] = {
    "downloads": download_facts,
    "pre_orders": pre_order_facts,
    "purchases": purchase_facts,
    "subscription_state": subscription_state_facts,
    "subscription_event": subscription_event_facts,
    "engagement": engagement_facts,
    "web_preview": web_preview_facts,
    "sessions": session_facts,
    "installs": install_facts,
    "crashes": crash_facts,
    "runtime": runtime_facts,
}


def facts_of(truth: Truth, family: str, app: App, day: date) -> list[Fact]:
    """An app's facts of a UTC day; they depend on seed, app and day alone."""
    return list(FAMILIES[family](Day(truth, app, day)))
