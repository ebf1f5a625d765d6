"""Small scenarios with analytics reports, played through the product: pulled, exported, compared."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from ascrecon import clock
from ascrecon.demo.steps import import_exports, open_findings
from ascrecon.demo.verdict import Verdict, judge
from ascrecon.simulator import running
from reports.reconcile.run import RunResult, reconcile
from reports.sync.run import sync_now
from tests.demo.scenarios import connect

NOTES = 1500000001
#: A Friday. Reports come since eight days; a snapshot of everything before was made yesterday.
TODAY = "2026-11-20"
REQUESTS = {"ongoing_since": "2026-11-12", "snapshot_on": "2026-11-18"}


def app(apple_id: int = NOTES, name: str = "Acme Notes", daily_units: int = 400, **changes: Any) -> dict[str, Any]:
    return {
        "apple_id": apple_id,
        "name": name,
        "bundle_id": f"com.acme.{apple_id}",
        "sku": f"SKU{apple_id}",
        "daily_units": daily_units,
        "territories": {"US": "USD", "DE": "EUR"},
        "products": [
            {
                "sku": f"{apple_id}.pro",
                "apple_id": apple_id + 100,
                "type": "IAY",
                "prices": {"USD": "4.99", "EUR": "4.99"},
            }
        ],
        "analytics": REQUESTS,
        **changes,
    }


def world(*faults: dict[str, Any], exports: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """One app, 50 days, synced on the last one."""
    return {
        "seed": 11,
        "today": TODAY,
        "days": 50,
        "sync_days": [TODAY],
        "apps": [app()],
        "exports": exports or [],
        "faults": list(faults),
        **changes,
    }


def play(scenario: dict[str, Any], folder: Path) -> tuple[Verdict, RunResult]:
    """What came of a scenario whose account pulls analytics reports, and its last run."""
    with running(scenario) as apple:
        account = connect(apple, folder)
        account.pull_analytics = True
        account.save()
        for day in apple.scenario.sync_days or (apple.scenario.today,):
            apple.move_to(day)
            clock.set_override(datetime.combine(day, time(20, tzinfo=UTC)))
            first = apple.scenario.today - timedelta(days=apple.scenario.days)
            sync_now([account], first, day - timedelta(days=1))
        apple.write_exports(folder / "exports")
        import_exports(folder / "exports")
        result = reconcile()
        return judge(apple.planted(), open_findings()), result


def compared(result: RunResult) -> dict[str, tuple[int, int]]:
    """Rule to how many lines were compared and how many of them were equal, where any were."""
    return {
        str(item["rule"]): (int(str(item["compared"])), int(str(item["equal"])))
        for item in result.by_rule
        if item["compared"]
    }
