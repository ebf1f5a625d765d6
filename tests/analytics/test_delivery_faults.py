"""Each fault of delivery comes back as one finding with its days and cause, and nothing else is flagged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from ascrecon import clock
from ascrecon.demo.steps import open_findings
from ascrecon.demo.verdict import Verdict, judge, table
from ascrecon.simulator import Simulator, running
from reports.models import Account
from reports.sync.run import sync_now
from tests.demo.scenarios import connect, impatient
from tests.simulator.scenarios import CAMERA, NOTES, TORCH, scenario
from tests.sync.doors import door

__all__ = ["impatient"]

pytestmark = pytest.mark.django_db(transaction=True)

SESSIONS, DOWNLOADS = "App Sessions Standard", "App Downloads Standard"
TODAY = date(2026, 11, 20)


def pull(account: Account, day: date) -> None:
    clock.set_override(datetime.combine(day, time(20, tzinfo=UTC)))
    # Of sales only the day before: this is about analytics.
    sync_now([account], day - timedelta(days=1), day - timedelta(days=1))


def connect_with_analytics(apple: Simulator, folder: Path) -> Account:
    account = connect(apple, folder)
    account.pull_analytics = True
    account.save()
    return account


def play(whole: dict[str, Any], folder: Path, days: list[date]) -> Verdict:
    with running({**whole, "sync_days": [day.isoformat() for day in days]}) as apple:
        account = connect_with_analytics(apple, folder)
        for day in days:
            apple.move_to(day)
            pull(account, day)
        return judge(apple.planted(), open_findings())


def fault(kind: str, report: str = SESSIONS, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "apple_id": 1, "report": report, **fields}


def of_app(apple_id: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "apple_id": apple_id, **fields}


def world(*faults: dict[str, Any], apps: Sequence[dict[str, Any]] = (NOTES,)) -> dict[str, Any]:
    return scenario(*faults, apps=list(apps), exports=[], hourly_limit=100_000)


#: A second app, of which a snapshot was asked for; and one whose requests the key may not make.
WITH_SNAPSHOT = {
    **CAMERA,
    "daily_units": 200,
    "analytics": {"ongoing_since": "2026-10-28", "snapshot_on": "2026-11-02"},
}
YOUNG = {**NOTES, "analytics": {"ongoing_since": "2026-10-28"}}
REFUSED = {**TORCH, "daily_units": 200, "analytics": None}
GHOSTLY = {
    **TORCH,
    "apple_id": 4,
    "name": "Acme Lamp",
    "sku": "LAMP",
    "bundle_id": "com.acme.lamp",
    "analytics": {"ongoing_since": "2026-10-28"},
}
ENGAGEMENT, INSTALLS = "App Store Discovery and Engagement", "App Store Installation and Deletion Standard"
#: One of each on a report of its own, as of 2026-11-20.
FAULTS = [
    fault("instances_missing", **{"from": "2026-11-08", "to": "2026-11-09"}),
    fault("instances_missing", INSTALLS, granularity="WEEKLY", **{"from": "2026-11-13", "to": "2026-11-13"}),
    fault("instances_missing", f"{ENGAGEMENT} Standard", **{"from": "2026-11-18", "to": "2026-11-18"}),
    fault("daily_stopped", "App Store Purchases Standard", **{"from": "2026-11-12"}),
    fault("report_never_delivered", f"{ENGAGEMENT} Detailed"),
    fault("empty_report", INSTALLS, **{"from": "2026-11-12", "to": "2026-11-12"}),
    fault("twin_instance", DOWNLOADS, date="2026-11-11"),
    fault("segment_checksum", "App Store Subscription State Report Standard", date="2026-11-16", always=True),
    fault("segment_expired", "App Store Subscription Event Report Standard", date="2026-11-16", always=True),
    fault("segment_short", "App Store Web Preview Engagement Standard", date="2026-11-16", always=True),
]


def test_to_one_look_at_the_end_each_fault_is_one_finding(tmp_path: Path, impatient: None) -> None:
    verdict = play(world(*FAULTS), tmp_path, [TODAY])
    assert verdict.good, "\n".join(table(verdict, {}))


#: What only a reader tells who was there: as of 2026-11-20, with a look on each of these days.
LOOKS = [date(2026, 11, day) for day in (1, 9, 13, 14, 15, 16, 17, 18, 19, 20)]
SEEN = [
    fault("late_instance", date="2026-11-14", days=2),
    fault("late_instance", INSTALLS, date="2026-11-14", days=5),
    fault("instance_vanishes", DOWNLOADS, date="2026-11-12", on="2026-11-15"),
    fault("instance_vanishes", f"{ENGAGEMENT} Standard", date="2026-11-10", on="2026-11-12"),
    fault("date_restated", "App Store Purchases Standard", date="2026-11-05", on="2026-11-16", delta=7),
    of_app(2, "request_stopped", **{"from": "2026-11-15"}),
    of_app(2, "partial_snapshot", report=DOWNLOADS, **{"from": "2026-10-10", "to": "2026-10-12"}),
    of_app(2, "instances_missing", report=SESSIONS, access="SNAPSHOT", **{"from": "2026-11-01", "to": "2026-11-05"}),
    of_app(3, "scope_refused", date="2026-11-01", always=True),
    of_app(4, "ghost_snapshot", date="2026-11-01"),
]


def test_the_ledger_says_of_every_report_and_period_what_the_scenario_says(tmp_path: Path, impatient: None) -> None:
    whole = world(*FAULTS, apps=[{**NOTES, "analytics": {"snapshot_on": "2026-10-20"}}])
    with running({**whole, "sync_days": [TODAY.isoformat()]}) as apple:
        account = connect_with_analytics(apple, tmp_path)
        apple.move_to(TODAY)
        pull(account, TODAY)
        predicted = apple.cells(1)
    said = door("coverage", "--app", "1", "--json").json["cells"]
    told = {(c["report"], c["granularity"], date.fromisoformat(c["date"])): c["state"] for c in said if c["apple_id"]}
    differing = {key: (told.get(key), predicted.get(key)) for key in told.keys() | predicted.keys()}
    # Of a report that Apple describes nowhere it is not known when a day of it is complete.
    known = {key: pair for key, pair in differing.items() if key[0] != "App Runtime Usage"}
    wrong = [f"{key}: {one}, not {other}" for key, (one, other) in known.items() if one != other]
    assert not wrong, "\n".join(sorted(wrong)[:40])
    assert set(told.values()) == {"final", "open", "empty", "overdue", "blocked", "lost"}


def test_to_a_reader_who_looks_again_each_fault_is_one_finding(tmp_path: Path, impatient: None) -> None:
    verdict = play(world(*SEEN, apps=[YOUNG, WITH_SNAPSHOT, REFUSED, GHOSTLY]), tmp_path, LOOKS)
    assert verdict.good, "\n".join(table(verdict, {}))
