"""Every fault of analytics deliveries at once, over 6 apps and 200 days, for three readers.

One reads daily, one every 30 days, one once at the end. Each fault must come back as one finding with its days and
cause, nothing else may be flagged, and the ledger must say of every report and period what the scenario says. What only
a reader who was there can know is expected of that reader only.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.reading.place import scratch_place

if TYPE_CHECKING:
    from ascrecon.simulator import Simulator
    from reports.models import Account

TODAY, DAYS, EVERY = date(2026, 11, 20), 200, 30
FIRST = TODAY - timedelta(days=DAYS)
DOWNLOADS, SESSIONS, PURCHASES = "App Downloads Standard", "App Sessions Standard", "App Store Purchases Standard"
INSTALLS, ENGAGEMENT = "App Store Installation and Deletion Standard", "App Store Discovery and Engagement"
STATE, EVENT = "App Store Subscription State Report Standard", "App Store Subscription Event Report Standard"
WEB = "App Store Web Preview Engagement Standard"
#: The app whose request is renewed: the scenario does not know what the one that was deleted had brought.
RENEWED = 3
READERS = {
    "daily": [FIRST + timedelta(days=n) for n in range(2, DAYS + 1)],
    f"every {EVERY} days": [*(FIRST + timedelta(days=n) for n in range(EVERY, DAYS, EVERY)), TODAY],
    "once, at the end": [TODAY],
}


def main(seed: int, *, small: bool = False) -> int:
    """Print the table of the campaign; 0 where every reader found what was planted for it and nothing else."""
    failed = 0
    readers = {name: days for name, days in READERS.items() if not small or len(days) == 1}
    for name, days in readers.items():
        with scratch_place("deliveries") as folder:
            failed += _read(name, seed, days, folder)
    return int(failed > 0)


def _read(name: str, seed: int, days: Sequence[date], folder: Path) -> int:
    from ascrecon import clock  # noqa: PLC0415  (set up by now)
    from ascrecon.demo.steps import import_exports, open_findings  # noqa: PLC0415
    from ascrecon.demo.verdict import judge, table  # noqa: PLC0415
    from ascrecon.simulator import running  # noqa: PLC0415
    from reports.reconcile.run import reconcile  # noqa: PLC0415

    began = time.monotonic()
    with running(_world(seed, days)) as apple:
        account = _connect(apple, folder)
        for day in days:
            apple.move_to(day)
            _pull(account, day)
        apple.write_exports(folder / "exports")
        import_exports(folder / "exports")
        reconcile()
        verdict = judge(apple.planted(), open_findings())
        wrong = [line for app in apple.scenario.apps if app.apple_id != RENEWED for line in _cells(apple, app.apple_id)]
    clock.set_override(None)
    seconds = time.monotonic() - began
    head = f"deliveries, seed {seed}, read {name}: {verdict.summary}, cells that differ {len(wrong)}, {seconds:.0f} s"
    _say(head, *([] if verdict.good else table(verdict, {})), *wrong[:20])
    return int(not verdict.good or bool(wrong))


def _connect(apple: Simulator, folder: Path) -> Account:
    from tests.demo.scenarios import connect  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    account = connect(apple, folder)
    account.pull_analytics = True
    account.save()
    return account


def _pull(account: Account, day: date) -> None:
    from ascrecon import clock  # noqa: PLC0415
    from reports.sync.run import sync_now  # noqa: PLC0415

    clock.set_override(datetime.combine(day, time_of_day(20, tzinfo=UTC)))
    sync_now([account], day - timedelta(days=1), day - timedelta(days=1))


def _cells(apple: Simulator, apple_id: int) -> Iterator[str]:
    """What the ledger says otherwise than the scenario. Of reports that Apple describes nowhere nothing is said."""
    from reports.models import CoverageCell  # noqa: PLC0415

    cells = CoverageCell.objects.filter(app__apple_id=apple_id).values_list("report", "granularity", "date", "state")
    told = {(report, grain, day): state for report, grain, day, state in cells}
    predicted = {key: state for key, state in apple.cells(apple_id).items() if key[0] != "App Runtime Usage"}
    for key in sorted(told.keys() | predicted.keys()):
        if told.get(key) != predicted.get(key):
            yield f"{apple_id} {key[0]} {key[1]} {key[2]}: {told.get(key)}, not {predicted.get(key)}"


def _world(seed: int, days: Sequence[date]) -> dict[str, Any]:
    truncated = {"apple_id": 6, "metric": "Total Downloads", "from": "2026-09-01", "to": "2026-11-15"}
    return {
        "seed": seed % 1000,
        "today": TODAY.isoformat(),
        "days": DAYS,
        "sync_days": [day.isoformat() for day in days],
        "hourly_limit": 10_000_000,
        "apps": [
            *(_app(n) for n in (1, 3, 4, 5)),
            _app(2, snapshot_on="2026-06-15"),
            {**_app(6, campaigns=260), "daily_units": 3000},
        ],
        "exports": [{"kind": "A2", "by": "campaign", **truncated}],
        "faults": [*_faults(days[0]), {"kind": "campaigns_truncated", **truncated}],
    }


def _app(apple_id: int, **analytics: Any) -> dict[str, Any]:
    prices = {"USD": "4.99", "JPY": "700", "EUR": "4.99"}
    product = {"sku": f"pro{apple_id}", "apple_id": apple_id * 10 + 1, "type": "IAY", "prices": prices}
    return {
        "apple_id": apple_id,
        "name": f"Acme {apple_id}",
        "bundle_id": f"com.acme.{apple_id}",
        "sku": f"ACME{apple_id}",
        "daily_units": 300,
        "territories": {"US": "USD", "JP": "JPY", "DE": "EUR"},
        "products": [product],
        "analytics": analytics,
    }


def _faults(first_look: date) -> list[dict[str, Any]]:
    def of(apple_id: int, kind: str, report: str = "", **fields: Any) -> dict[str, Any]:
        named = {"report": report} if report else {}
        days = {name.rstrip("_"): value for name, value in fields.items()}
        return {"kind": kind, "apple_id": apple_id, **named, **days}

    snapshot = {"access": "SNAPSHOT", "from_": "2026-06-01", "to": "2026-06-30"}
    return [
        of(1, "instances_missing", SESSIONS, from_="2026-10-20", to="2026-10-22"),
        of(1, "instances_missing", DOWNLOADS, from_="2026-08-01", to="2026-09-05"),
        of(1, "instances_missing", INSTALLS, granularity="WEEKLY", from_="2026-11-06", to="2026-11-06"),
        of(1, "daily_stopped", PURCHASES, from_="2026-10-28"),
        of(1, "report_never_delivered", f"{ENGAGEMENT} Detailed"),
        of(2, "partial_snapshot", DOWNLOADS, from_="2026-05-20", to="2026-05-22"),
        of(2, "instances_missing", SESSIONS, **snapshot),
        of(2, "empty_report", INSTALLS, from_="2026-11-01", to="2026-11-02"),
        of(2, "twin_instance", DOWNLOADS, date="2026-11-04"),
        of(3, "request_stopped", from_="2026-09-15"),
        of(3, "late_instance", SESSIONS, date="2026-08-10", days=2),
        of(5, "instance_vanishes", DOWNLOADS, date="2026-10-25", on="2026-11-05"),
        of(5, "instances_missing", f"{ENGAGEMENT} Standard", from_="2026-11-18", to="2026-11-18"),
        of(4, "date_restated", DOWNLOADS, date="2026-09-05", on="2026-10-16", delta=7),
        of(4, "granularity_differs", SESSIONS, granularity="WEEKLY", date="2026-10-26", delta=-4),
        of(4, "granularity_differs", INSTALLS, granularity="MONTHLY", date="2026-10-01", delta=5),
        of(
            4,
            "detail_shortfall",
            "App Downloads Detailed",
            source="App Store search",
            from_="2026-11-05",
            to="2026-11-08",
        ),
        of(5, "segment_checksum", STATE, date="2026-11-16", always=True),
        of(5, "segment_expired", EVENT, date="2026-11-16", always=True),
        of(5, "segment_short", WEB, date="2026-11-16", always=True),
        of(5, "scope_refused", date=first_look.isoformat(), always=True),
        of(6, "ghost_snapshot", date=first_look.isoformat()),
    ]


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.soak.deliveries")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="only who looks once, at the end")
    options = parser.parse_args()
    sys.exit(main(options.seed, small=options.small))
