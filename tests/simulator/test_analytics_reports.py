from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import pstdev

import pytest

from ascrecon.simulator import Simulator, running
from ascrecon.simulator.zones import days_between
from tests.simulator.analytics import daily, instances_of, of_date, report_of, rows_of, segments_of, text_of_segment
from tests.simulator.scenarios import CAMERA, NOTES, TORCH, scenario

# Snapshots asked for on the day before today: they hold every complete day beside the ongoing instances.
BIG = {**NOTES, "daily_units": 3000, "analytics": {"snapshot_on": "2026-11-19"}}
PAID = {**CAMERA, "daily_units": 600, "analytics": {"snapshot_on": "2026-11-19"}}
SMALL = {
    **TORCH,
    "daily_units": 10,
    "first_sale_day": "2026-11-10",
    "analytics": {"snapshot_on": "2026-11-19", "pre_orders_from": "2026-10-01"},
}
APPS = [BIG, PAID, SMALL]
DOWNLOADS, SESSIONS = "App Downloads Standard", "App Sessions Standard"
ENGAGEMENT = "App Store Discovery and Engagement"
PURCHASES = "App Store Purchases Standard"
# Columns as counted on Apple's pages, and the first and the last of them.
COLUMNS = {
    "App Downloads Standard": (12, "Date", "Counts"),
    "App Downloads Detailed": (15, "Date", "Counts"),
    "App Store Purchases Standard": (18, "Date", "Paying Users"),
    "App Store Purchases Detailed": (21, "Date", "Paying Users"),
    "App Store Discovery and Engagement Standard": (12, "Date", "Unique Counts"),
    "App Store Discovery and Engagement Detailed": (15, "Date", "Unique Counts"),
    "App Store Installation and Deletion Standard": (14, "Date", "Unique Devices"),
    "App Store Installation and Deletion Detailed": (17, "Date", "Unique Devices"),
    "App Sessions Standard": (13, "Date", "Unique Devices"),
    "App Sessions Detailed": (16, "Date", "Unique Devices"),
    "App Store Subscription State Report Standard": (26, "Date", "Counts"),
    "App Store Subscription State Report Detailed": (29, "Date", "Counts"),
    "App Store Subscription Event Report Standard": (30, "Event Date", "Counts"),
    "App Store Subscription Event Report Detailed": (33, "Event Date", "Counts"),
    "App Store Web Preview Engagement Standard": (13, "Date", "Counts"),
    "App Store Web Preview Engagement Detailed": (15, "Date", "Counts"),
    "App Crashes": (8, "Date", "Unique Devices"),
}


@pytest.fixture(scope="module")
def clean() -> Iterator[Simulator]:
    with running(scenario(apps=APPS)) as simulator:
        yield simulator


def snapshot(simulator: Simulator, apple_id: int, name: str, granularity: str = "DAILY") -> list[dict[str, str]]:
    (instance,) = instances_of(simulator, apple_id, name, granularity, "ONE_TIME_SNAPSHOT").values()
    return rows_of(simulator, instance)


def total(rows: Iterable[dict[str, str]], column: str) -> int:
    return sum(int(row[column]) for row in rows)


@pytest.mark.parametrize(("name", "expected"), COLUMNS.items())
def test_a_report_has_apples_columns(clean: Simulator, name: str, expected: tuple[int, str, str]) -> None:
    instance = instances_of(clean, 1, name)["2026-11-20"]
    columns = text_of_segment(segments_of(clean, instance)[0]).splitlines()[0].split("\t")
    assert (len(columns), columns[0], columns[-1]) == expected


def test_pre_orders_come_before_the_first_day_of_sale_and_at_no_other_time(clean: Simulator) -> None:
    rows = snapshot(clean, 3, "App Store Pre-Orders Standard")
    assert len(rows[0]) == 12
    assert {row["Pre-Order End Date"] for row in rows} == {"2026-11-09"}
    assert min(row["Date"] for row in rows) >= "2026-10-01"
    assert max(row["Date"] for row in rows) <= "2026-11-09"
    assert instances_of(clean, 1, "App Store Pre-Orders Standard") == {}


@pytest.mark.parametrize(("name", "lag"), [(DOWNLOADS, 2), (f"{ENGAGEMENT} Standard", 3), (SESSIONS, 5)])
def test_a_daily_instance_reaches_back_to_the_day_that_it_completes(clean: Simulator, name: str, lag: int) -> None:
    dates = {row["Date"] for row in daily(clean, 1, name, "2026-11-20")}
    assert dates == {(date(2026, 11, 20) - timedelta(days=age)).isoformat() for age in range(1, lag + 1)}


def test_a_date_grows_from_instance_to_instance_until_it_is_complete(clean: Simulator) -> None:
    day = date(2026, 11, 10)
    counts = [
        total(of_date(daily(clean, 1, SESSIONS, (day + timedelta(days=age)).isoformat()), day), "Sessions")
        for age in range(1, 6)
    ]
    assert counts == sorted(set(counts))
    assert counts[-1] == total(of_date(snapshot(clean, 1, SESSIONS), day), "Sessions")


def test_a_date_older_than_the_lag_is_in_no_ongoing_instance(clean: Simulator) -> None:
    assert of_date(daily(clean, 1, SESSIONS, "2026-11-16"), date(2026, 11, 10)) == []


def test_a_week_is_the_sum_of_its_complete_days_dated_on_its_monday(clean: Simulator) -> None:
    monday, friday = date(2026, 11, 2), "2026-11-13"
    week = rows_of(clean, instances_of(clean, 1, SESSIONS, "WEEKLY")[friday])
    assert {row["Date"] for row in week} == {"2026-11-02"}
    days = days_between(monday, monday + timedelta(days=6))
    complete = [
        row for day in days for row in of_date(daily(clean, 1, SESSIONS, (day + timedelta(days=5)).isoformat()), day)
    ]
    for column in ("Sessions", "Total Session Duration"):
        assert total(week, column) == total(complete, column)
    assert total(week, "Unique Devices") < total(complete, "Unique Devices")


def test_a_month_is_the_sum_of_its_days_dated_on_its_first(clean: Simulator) -> None:
    month = rows_of(clean, instances_of(clean, 1, f"{ENGAGEMENT} Standard", "MONTHLY")["2026-11-05"])
    assert {row["Date"] for row in month} == {"2026-10-01"}
    days = [row for row in snapshot(clean, 1, f"{ENGAGEMENT} Standard") if row["Date"].startswith("2026-10")]
    assert total(month, "Counts") == total(days, "Counts")


def test_a_snapshot_has_every_week_and_month_that_is_over(clean: Simulator) -> None:
    weeks = {row["Date"] for row in snapshot(clean, 1, SESSIONS, "WEEKLY")}
    assert {date.fromisoformat(week).isoweekday() for week in weeks} == {1}
    assert max(weeks) == "2026-11-09"
    assert {row["Date"] for row in snapshot(clean, 1, SESSIONS, "MONTHLY")} == {"2026-09-01", "2026-10-01"}
    days = {row["Date"] for row in snapshot(clean, 1, SESSIONS)}
    assert (min(days), max(days), len(days)) == ("2026-09-21", "2026-11-18", 59)


def test_first_time_downloads_are_the_app_units_of_the_utc_day(clean: Simulator, tmp_path: Path) -> None:
    wish = {"kind": "A1", "metric": "App Units", "apple_id": 1, "timezone": "UTC"}
    with running(scenario(apps=APPS, exports=[{**wish, "from": "2026-11-01", "to": "2026-11-10"}])) as other:
        other.write_exports(tmp_path)
    lines = (tmp_path / "Acme Notes app_units.csv").read_text().splitlines()[5:]
    units = {day: float(value) for day, value in (line.split(",") for line in lines)}
    rows = [row for row in snapshot(clean, 1, DOWNLOADS) if row["Download Type"] == "First-time Download"]
    for number in range(1, 11):
        assert total(of_date(rows, date(2026, 11, number)), "Counts") == units[f"11/{number}/26"]


def test_all_kinds_of_downloads_are_there(clean: Simulator) -> None:
    kinds = {row["Download Type"] for row in snapshot(clean, 1, DOWNLOADS)}
    assert kinds == {"First-time Download", "Redownload", "Manual update", "Auto-update", "Restore"}


def test_refunds_are_negative_purchases_and_partial_ones_none(clean: Simulator) -> None:
    rows = snapshot(clean, 2, PURCHASES)
    refunds = [row for row in rows if int(row["Purchases"]) < 0]
    partial = [row for row in rows if int(row["Purchases"]) == 0]
    assert refunds and partial
    for row in (*refunds, *partial):
        assert Decimal(row["Sales in USD"]) < Decimal(row["Proceeds in USD"]) < 0
        assert row["Paying Users"] == "0"
    assert {row["Purchase Type"] for row in rows} == {"App purchase"}


def test_dollars_are_those_of_the_sales_events(clean: Simulator) -> None:
    # A dollar sale needs no rate: 3.99 in the United States, 70 % of it proceeds.
    rows = [row for row in snapshot(clean, 2, PURCHASES) if row["Territory"] == "US" and int(row["Purchases"]) > 0]
    for row in rows:
        assert Decimal(row["Sales in USD"]) == int(row["Purchases"]) * Decimal("3.99")
        assert Decimal(row["Proceeds in USD"]) == int(row["Purchases"]) * Decimal("2.79")


def test_detailed_rows_are_standard_ones_with_noise_of_two_and_without_small_rows(clean: Simulator) -> None:
    standard, detailed = (snapshot(clean, 1, f"{ENGAGEMENT} {which}") for which in ("Standard", "Detailed"))
    hidden = {"Page Title", "Source Info", "Campaign", "Counts", "Unique Counts"}
    exact = {key(row, hidden): row for row in standard}
    alone = [row for row, number in single(detailed, hidden) if number == 1 and row["Date"] <= "2026-11-17"]
    pairs = [(int(row["Counts"]), int(exact[key(row, hidden)]["Counts"])) for row in alone]
    # Further away: a row of Standard that is several of Detailed, of which all but one were left out.
    noise = [shown - true for shown, true in pairs if abs(shown - true) <= 10]
    assert len(noise) > 1000
    assert 1.8 < pstdev(noise) < 2.2
    assert min(int(row["Unique Counts"]) for row in standard) < 5
    assert total(detailed, "Counts") < total(standard, "Counts")


def key(row: dict[str, str], hidden: set[str]) -> tuple[str, ...]:
    return tuple(value for name, value in row.items() if name not in hidden)


def single(rows: list[dict[str, str]], hidden: set[str]) -> list[tuple[dict[str, str], int]]:
    numbers = Counter(key(row, hidden) for row in rows)
    return [(row, numbers[key(row, hidden)]) for row in rows]


def test_a_usage_report_leaves_out_days_with_fewer_than_five_people(clean: Simulator) -> None:
    crashes = snapshot(clean, 3, "App Crashes")
    people: Counter[str] = Counter()
    for row in crashes:
        people[row["Date"]] += int(row["Unique Devices"])
    complete = [number for day, number in people.items() if day <= "2026-11-15"]
    assert min(complete) >= 5
    assert len(people) < 9


def test_the_same_scenario_gives_the_same_files() -> None:
    with running(scenario(apps=APPS)) as first, running(scenario(apps=APPS)) as second:
        for name in (DOWNLOADS, "App Store Purchases Detailed", "App Sessions Detailed"):
            assert report_of(first, 1, name)["id"] == report_of(second, 1, name)["id"]
            assert checksums(first, name) == checksums(second, name)


def checksums(simulator: Simulator, name: str) -> list[str]:
    instance = instances_of(simulator, 1, name)["2026-11-20"]
    return [segment["attributes"]["checksum"] for segment in segments_of(simulator, instance)]


def test_a_day_does_not_depend_on_how_many_days_or_apps_there_are(clean: Simulator) -> None:
    with running(scenario(apps=[BIG], days=90)) as longer:
        for name in (DOWNLOADS, "App Sessions Detailed", "App Store Subscription State Report Standard"):
            assert checksums(longer, name) == checksums(clean, name)
