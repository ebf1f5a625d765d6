"""The work of a run: an endless row of items, the same for the same seed. Each is put into the queue by its own call.

Of ten items seven load a report file of their own, one loads an earlier file again, one pulls a day or takes in a
console export (from the simulator, while it has some), one compares everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.contrib.auth.models import User

from ascrecon.jobs.service import enqueue
from ascrecon.simulator.running import Simulator
from reports.jobs import enqueue_import, enqueue_sync
from reports.models import Account, DeliveryState, Vendor
from reports.services.accounts import NewAccount, add_account
from reports.services.comparing import compare_later
from reports.services.uploads import ImportOptions, preview, request_import
from tests.make_files import SEPTEMBER, earning, region_report, sale, sales_report

VENDOR = "80000002"
FIRST_FILE = date(2022, 1, 1)
SCENARIO: dict[str, Any] = {
    "seed": 11,
    "today": "2026-11-20",
    "vendor_number": "80000001",
    "days": 45,
    "apps": [
        {
            "apple_id": 1500000001,
            "name": "Acme Notes",
            "bundle_id": "com.acme.notes",
            "sku": "NOTES",
            "daily_units": 60,
            "territories": {"US": "USD", "DE": "EUR", "JP": "JPY"},
            "price": {"USD": "3.99", "EUR": "3.99", "JPY": "600"},
        }
    ],
    "faults": [],
}
MARKETS = (
    ("US", "USD", "3.49"),
    ("DE", "EUR", "3.05"),
    ("JP", "JPY", "490"),
    ("CH", "CHF", "3.50"),
    ("GB", "GBP", "2.99"),
)
REGIONS = ("CH", "EU", "GB", "JP", "US")


@dataclass
class Items:
    """`queue(n)` puts the n-th item into the queue of the current database."""

    seed: int
    folder: Path
    simulator: Simulator
    pause: float
    _exports: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "exports").mkdir(parents=True, exist_ok=True)
        self._exports = list(self.simulator.write_exports(self.folder / "exports"))

    def queue(self, number: int) -> None:
        place, ten = number % 10, number // 10
        special: dict[int, Callable[[int], bool]] = {3: self._pull, 5: self._again, 6: self._export, 9: self._compare}
        if not special.get(place, _nothing)(ten):
            self._load(number, self._file(number))

    def _again(self, ten: int) -> bool:
        self._load(10 * ten + 5, self._file(10 * ten + 2))
        return True

    def _pull(self, ten: int) -> bool:
        """One day of sales, with the weeks, months and finance reports that touch it."""
        scenario = self.simulator.scenario
        day = scenario.today - timedelta(days=1 + ten)
        if day < scenario.first_day:
            return False
        noon = datetime.combine(scenario.today, time(20, tzinfo=UTC))
        enqueue_sync(Account.objects.get(name="Acme"), day, day, as_of=noon)
        return True

    def _export(self, ten: int) -> bool:
        if ten >= len(self._exports):
            return False
        path = self.folder / "exports" / self._exports[ten]["file"]
        options = ImportOptions(account=Account.objects.get(name="Acme"))
        for delivery in preview(path, path.name, options=options):
            if delivery.state == DeliveryState.PREVIEWED:
                request_import(delivery, by=User.objects.get(username="ada"))
            enqueue_import(delivery, requested_by="ada")
        return True

    def _compare(self, ten: int) -> bool:
        compare_later(None, None)
        return True

    def _load(self, number: int, path: Path) -> None:
        pause = _chance("pause", self.seed, number).uniform(0, self.pause)
        enqueue("soak.load", {"path": str(path), "pause": round(pause, 2)}, subject=f"Load {path.name}")

    def _file(self, number: int) -> Path:
        """Every twentieth is a finance report of a region, the others are sales of a day, each of its own length."""
        chance = _chance("file", self.seed, number)
        if number % 20 == 1 and number // 20 < len(REGIONS):
            return self._once(lambda folder: _finance(folder, REGIONS[number // 20], chance))
        day = FIRST_FILE + timedelta(days=number)
        rows = [_sale(chance) for _ in range(chance.randrange(20, 800))]
        return self._once(lambda folder: sales_report(folder, *rows, day=day, vendor=VENDOR, packed=bool(number % 2)))

    def _once(self, write: Callable[[Path], Path]) -> Path:
        """Written aside and renamed, and never again: a worker may be reading it."""
        part = write(self.folder / "part")
        kept = self.folder / part.name
        if not kept.exists():
            part.rename(kept)
        return kept


def add_accounts(simulator: Simulator) -> None:
    """The simulator's account, one for the generated files, and the person who hands in exports."""
    add_account(
        NewAccount(
            name="Acme",
            issuer_id=simulator.issuer_id,
            key_id=simulator.key_id,
            private_key=simulator.private_key,
            vendor_numbers=[simulator.vendor_number],
            base_url=simulator.url,
            pull_analytics=False,
        )
    )
    Account.objects.update(sync_enabled=False)  # the campaign itself says when what is pulled
    Vendor.objects.create(account=Account.objects.create(name="Files", sync_enabled=False), number=VENDOR)
    User.objects.create_user("ada")


def _chance(*what: object) -> Random:
    return Random(repr(what))  # noqa: S311  (no secret: the same for the same seed)


def _nothing(ten: int) -> bool:
    return False


def _sale(chance: Random) -> dict[str, str]:
    country, currency, proceeds = chance.choice(MARKETS)
    product = chance.randrange(1, 9)
    units = chance.choice((1, 1, 1, 2, 3, -1))
    return sale(units, proceeds, currency, country, product=f"notes.{product}", apple_id=1500000100 + product)


def _finance(folder: Path, region: str, chance: Random) -> Path:
    rows = [earning(chance.choice((1, 2, 5, -1))) for _ in range(chance.randrange(5, 60))]
    return region_report(folder, region, *rows, month=SEPTEMBER, vendor=VENDOR)
