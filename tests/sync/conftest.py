from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from ascrecon.simulator.running import Simulator, running
from reports.models import Account
from reports.services.accounts import NewAccount, add_account

SCENARIO: Mapping[str, Any] = {
    "seed": 11,
    "today": "2026-11-20",
    "vendor_number": "80000001",
    "days": 40,
    "apps": [
        {
            "apple_id": 1500000001,
            "name": "Acme Notes",
            "bundle_id": "com.acme.notes",
            "sku": "NOTES",
            "daily_units": 20,
            "territories": {"US": "USD"},
            "price": {"USD": "3.99"},
        }
    ],
    "exports": [],
    "faults": [],
}


@pytest.fixture(autouse=True)
def quick_client(settings: Settings) -> None:
    settings.APPSTORE_POLICY = {
        "first_backoff_seconds": 0.01,
        "rate_limit_waits_seconds": (0.01,),
        "total_seconds": 2.0,
    }


@pytest.fixture
def simulator() -> Iterator[Callable[..., Simulator]]:
    """`simulator(faults=[...])` starts one that is stopped after the test."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(running({**SCENARIO, **changes}))


@pytest.fixture
def connect(db: None) -> Callable[..., Account]:
    def add(simulator: Simulator, name: str = "Acme") -> Account:
        return add_account(
            NewAccount(
                name=name,
                issuer_id=simulator.issuer_id,
                key_id=simulator.key_id,
                private_key=simulator.private_key,
                vendor_numbers=[simulator.vendor_number],
                base_url=simulator.url,
                pull_analytics=False,
            )
        )

    return add
