"""A whole scenario through the product: account, pulls on its days, exports, reconciliation. No worker beside it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from ascrecon import clock
from ascrecon.demo.steps import import_exports, open_findings
from ascrecon.demo.verdict import Verdict, judge
from ascrecon.simulator import Simulator, running
from reports.models import Account
from reports.reconcile.run import reconcile
from reports.sync.run import sync_now

#: Faults of the network fail for good, and soon.
IMPATIENT = {
    "tries": 3,
    "first_backoff_seconds": 0.01,
    "patience_seconds": 2,
    "total_seconds": 8.0,
    "read_seconds": 5.0,
}


def play(scenario: dict[str, Any], folder: Path) -> Verdict:
    """What came of a scenario, with the clock standing on the last day on which its demo syncs."""
    with running(scenario) as apple:
        account = connect(apple, folder)
        days = apple.scenario.sync_days or (apple.scenario.today,)
        for day in days:
            apple.move_to(day)
            clock.set_override(datetime.combine(day, time(20, tzinfo=UTC)))
            first = apple.scenario.today - timedelta(days=apple.scenario.days)
            sync_now([account], first, day - timedelta(days=1))
        apple.write_exports(folder / "exports")
        import_exports(folder / "exports")
        reconcile()
        return judge(apple.planted(), open_findings())


def connect(apple: Simulator, folder: Path) -> Account:
    key = folder / "key.p8"
    key.write_text(apple.private_key)
    call_command(
        "account",
        "add",
        "--name",
        "Simulator",
        "--issuer-id",
        apple.issuer_id,
        "--key-id",
        apple.key_id,
        "--private-key",
        str(key),
        "--vendor-number",
        apple.vendor_number,
        "--base-url",
        apple.url,
        "--no-analytics",
    )
    return Account.objects.get(name="Simulator")


@pytest.fixture
def impatient(settings: Any) -> None:
    settings.APPSTORE_POLICY = IMPATIENT
