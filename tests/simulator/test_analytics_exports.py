from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ascrecon.simulator import ScenarioError, running
from tests.simulator.analytics import instances_of, rows_of
from tests.simulator.scenarios import NOTES, scenario

BIG = {**NOTES, "daily_units": 3000, "analytics": {"snapshot_on": "2026-11-19"}}
RANGE = {"from": "2026-11-01", "to": "2026-11-10"}
LABELS = (
    "Impressions",
    "Product Page Views",
    "Total Downloads",
    "First-Time Downloads",
    "Redownloads",
    "Sessions",
    "Active Devices",
    "Installations",
    "Deletions",
    "Proceeds",
    "Sales",
    "In-App Purchases",
    "Paying Users",
)


def exported(folder: Path, *wishes: Mapping[str, Any], faults: list[dict[str, Any]] | None = None, **app: Any) -> None:
    exports = [{"kind": "A1", "apple_id": 1, **RANGE, **wish} for wish in wishes]
    whole = scenario(*(faults or []), apps=[{**BIG, **app}], exports=exports)
    with running(whole) as simulator:
        simulator.write_exports(folder)


def lines(folder: Path, name: str) -> list[str]:
    return (folder / name).read_bytes().decode().split("\n")


def values(folder: Path, name: str) -> dict[str, Decimal]:
    return {day: Decimal(value) for day, value in (line.split(",") for line in lines(folder, name)[5:])}


def snapshot_rows(name: str) -> list[dict[str, str]]:
    with running(scenario(apps=[BIG])) as simulator:
        (instance,) = instances_of(simulator, 1, name, "DAILY", "ONE_TIME_SNAPSHOT").values()
        return rows_of(simulator, instance)


def test_an_export_has_the_consoles_bytes(tmp_path: Path) -> None:
    exported(tmp_path, {"metric": "Total Downloads"})
    found = lines(tmp_path, "Acme Notes total_downloads.csv")
    assert found[:5] == ["Name,Acme Notes", "Start Date,11/1/26", "End Date,11/10/26", "", "Date,Total Downloads"]
    assert [line.partition(",")[0] for line in found[5:]] == [f"11/{number}/26" for number in range(1, 11)]
    assert all(re.fullmatch(r"[0-9]+\.0", line.partition(",")[2]) for line in found[5:])


def test_every_metric_of_the_console_can_be_exported_by_day_and_by_month(tmp_path: Path) -> None:
    exported(tmp_path, *({"metric": label, "grain": grain} for label in LABELS for grain in ("DAILY", "MONTHLY")))
    files = [entry["file"] for entry in json.loads((tmp_path / "manifest.json").read_text())]
    assert len(files) == 26
    for label in LABELS:
        name = f"Acme Notes {label.lower().replace(' ', '_').replace('-', '_')}"
        by_day, by_month = values(tmp_path, f"{name}.csv"), values(tmp_path, f"{name} (1).csv")
        assert (len(by_day), [*by_month]) == (10, ["11/1/26"])
        if label in {"Active Devices", "Paying Users"}:
            assert max(by_day.values()) < by_month["11/1/26"] < sum(by_day.values())
        else:
            assert by_month["11/1/26"] == sum(by_day.values())


def test_the_consoles_impressions_include_page_views(tmp_path: Path) -> None:
    exported(tmp_path, {"metric": "Impressions"})
    rows = snapshot_rows("App Store Discovery and Engagement Standard")
    day = [row for row in rows if row["Date"] == "2026-11-04" and row["Event"] in {"Impression", "Page view"}]
    assert values(tmp_path, "Acme Notes impressions.csv")["11/4/26"] == sum(int(row["Counts"]) for row in day)


def test_updates_are_no_installations_of_the_console(tmp_path: Path) -> None:
    exported(tmp_path, {"metric": "Installations"})
    rows = snapshot_rows("App Store Installation and Deletion Standard")
    installs = [row for row in rows if row["Date"] == "2026-11-04" and row["Event"] == "Install"]
    by_hand = [row for row in installs if row["Download Type"] != "Manual update"]
    assert len(by_hand) < len(installs)
    found = values(tmp_path, "Acme Notes installations.csv")["11/4/26"]
    assert found == sum(int(row["Counts"]) for row in by_hand)


def test_money_is_in_dollars_as_the_person_must_say(tmp_path: Path) -> None:
    exported(tmp_path, {"metric": "Sales"})
    (entry,) = json.loads((tmp_path / "manifest.json").read_text())
    assert entry["args"] == ["--app", "1", "--timezone", "UTC", "--currency", "USD"]
    rows = [row for row in snapshot_rows("App Store Purchases Standard") if row["Date"] == "2026-11-04"]
    total = sum((Decimal(row["Sales in USD"]) for row in rows), Decimal(0))
    assert values(tmp_path, "Acme Notes sales.csv")["11/4/26"] == total


def test_a_breakdown_has_a_column_for_each_source_and_sums_to_the_whole(tmp_path: Path) -> None:
    exported(tmp_path, {"metric": "Total Downloads"}, {"kind": "A2", "metric": "Total Downloads", "by": "source_type"})
    whole = values(tmp_path, "Acme Notes total_downloads.csv")
    heading, *rows = csv.reader(lines(tmp_path, "Acme Notes total_downloads_by_source_type.csv")[4:])
    assert heading[0] == "Date"
    assert "App Store Search Total Downloads" in heading
    assert {row[0]: sum(map(Decimal, row[1:])) for row in rows} == whole


def campaign_columns(folder: Path) -> list[str]:
    heading = lines(folder, "Acme Notes first_time_downloads_by_campaign.csv")[4].split(",")
    return heading[1:]


BY_CAMPAIGN = {"kind": "A2", "metric": "First-Time Downloads", "by": "campaign"}
MANY = {"daily_units": 40000, "analytics": {"rows": 40, "campaigns": 260}}
TRUNCATED = {"kind": "campaigns_truncated", "apple_id": 1, "metric": "First-Time Downloads", **RANGE}


def test_campaigns_are_named_biggest_first(tmp_path: Path) -> None:
    exported(tmp_path, BY_CAMPAIGN)
    columns = campaign_columns(tmp_path)
    assert 1 <= len(columns) <= 6
    assert all(re.fullmatch(r"campaign-00[1-6] First-Time Downloads", column) for column in columns)


def test_no_more_than_200_campaigns_are_exported(tmp_path: Path) -> None:
    exported(tmp_path, BY_CAMPAIGN, faults=[TRUNCATED], **MANY)
    assert len(campaign_columns(tmp_path)) == 200
    (entry,) = json.loads((tmp_path / "planted.json").read_text())
    assert (entry["kind"], entry["cause"], entry["metric"]) == (
        "truncated_export",
        "truncated",
        "first_time_downloads",
    )
    assert (entry["from"], entry["to"], entry["amounts"]) == ("2026-11-01", "2026-11-10", {})


def test_a_truncation_that_no_export_shows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no A2 export by campaign"):
        exported(tmp_path, faults=[TRUNCATED], **MANY)
    with pytest.raises(ScenarioError, match="raise its campaigns"):
        exported(tmp_path, BY_CAMPAIGN, faults=[TRUNCATED])


def test_a_metric_export_can_hold_another_value(tmp_path: Path) -> None:
    differs = {"kind": "console_differs", "export": "A1", "apple_id": 1, "metric": "Sessions"}
    fault = {**differs, "date": "2026-11-05", "units_delta": 4}
    exported(tmp_path / "a", {"metric": "Sessions"})
    exported(tmp_path / "b", {"metric": "Sessions"}, faults=[fault])
    old, new = (values(tmp_path / which, "Acme Notes sessions.csv") for which in ("a", "b"))
    assert {day: new[day] - old[day] for day in new if new[day] != old[day]} == {"11/5/26": 4}
    (entry,) = json.loads((tmp_path / "b" / "planted.json").read_text())
    assert (entry["report"], entry["metric"], entry["amounts"]) == ("App Sessions Standard", "sessions", {"": "4"})


def test_the_console_holds_a_restated_value_all_along(tmp_path: Path) -> None:
    restated = {"kind": "date_restated", "apple_id": 1, "report": "App Sessions Standard", "date": "2026-11-05"}
    exported(tmp_path / "a", {"metric": "Sessions"})
    exported(tmp_path / "b", {"metric": "Sessions"}, faults=[{**restated, "on": "2026-11-18", "delta": 9}])
    old, new = (values(tmp_path / which, "Acme Notes sessions.csv")["11/5/26"] for which in ("a", "b"))
    assert new - old == 9


def test_days_in_pacific_time_are_for_app_units_only() -> None:
    wish = {"kind": "A1", "metric": "Sessions", "apple_id": 1, "timezone": "PT", **RANGE}
    with pytest.raises(ScenarioError, match="timezone is 'PT'"), running(scenario(exports=[wish])):
        pass
