from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ascrecon.simulator import Simulator, running
from ascrecon.simulator.zones import PACIFIC, days_between
from tests.simulator.asking import finance, proceeds, sales, table, text_of
from tests.simulator.scenarios import scenario

MONDAY, SUNDAY = date(2026, 11, 2), date(2026, 11, 8)


@pytest.fixture(scope="module")
def clean() -> Iterator[Simulator]:
    with running(scenario()) as simulator:
        yield simulator


def daily_rows(simulator: Simulator, first: date, last: date) -> list[dict[str, str]]:
    return [row for day in days_between(first, last) for row in table(text_of(sales(simulator, day.isoformat())))]


def event_proceeds(simulator: Simulator, first: date, last: date) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for day in days_between(first, last):
        for app in simulator.scenario.apps:
            for event in simulator.api.truth.events(app, day):
                if event.price:
                    amount = found.get(event.currency, Decimal(0))
                    found[event.currency] = amount + event.units * event.proceeds
    return found


def test_a_day_file_holds_what_its_events_hold(clean: Simulator) -> None:
    assert proceeds(daily_rows(clean, MONDAY, MONDAY)) == event_proceeds(clean, MONDAY, MONDAY)


def test_every_event_lies_in_its_pacific_day(clean: Simulator) -> None:
    # 2026-11-01 has 25 hours.
    for app in clean.scenario.apps:
        for event in clean.api.truth.events(app, date(2026, 11, 1)):
            assert event.moment.tzinfo is UTC
            assert event.moment.astimezone(PACIFIC).date() == date(2026, 11, 1)


def test_seven_days_are_the_week(clean: Simulator) -> None:
    week = table(text_of(sales(clean, SUNDAY.isoformat(), "WEEKLY")))
    assert {(row["Begin Date"], row["End Date"]) for row in week} == {("11/02/2026", "11/08/2026")}
    days = daily_rows(clean, MONDAY, SUNDAY)
    assert proceeds(week) == proceeds(days)
    assert sum(int(row["Units"]) for row in week) == sum(int(row["Units"]) for row in days)


def test_the_days_of_a_month_are_the_month(clean: Simulator) -> None:
    month = table(text_of(sales(clean, "2026-10", "MONTHLY")))
    days = daily_rows(clean, date(2026, 10, 1), date(2026, 10, 31))
    assert proceeds(month) == proceeds(days)
    assert sum(int(row["Units"]) for row in month) == sum(int(row["Units"]) for row in days)


def test_refunds_are_one_to_two_percent_of_what_was_paid(clean: Simulator) -> None:
    paid = [row for row in table(text_of(sales(clean, "2026-10", "MONTHLY"))) if row["Customer Price"] != "0.00"]
    sold = sum(int(row["Units"]) for row in paid if int(row["Units"]) > 0)
    refunded = -sum(int(row["Units"]) for row in paid if int(row["Units"]) < 0)
    assert 0.01 < refunded / sold < 0.02


def test_a_month_has_equal_rows_somewhere(clean: Simulator) -> None:
    files = [text_of(sales(clean, f"2026-10-{day:02d}")).splitlines() for day in range(1, 32)]
    assert any(len(lines) > len(set(lines)) for lines in files)


def earned(text: str) -> dict[str, Decimal]:
    """Extended Partner Share by currency of the data rows of a finance file, FINANCIAL or detailed."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if "Extended Partner Share" in line)
    names = lines[start].split("\t")
    amount, currency = names.index("Extended Partner Share"), names.index("Partner Share Currency")
    found: dict[str, Decimal] = {}
    for line in lines[start + 1 :]:
        cells = line.split("\t")
        if cells[0][2:3] == "/":
            found[cells[currency]] = found.get(cells[currency], Decimal(0)) + Decimal(cells[amount])
    return found


def test_regions_are_the_consolidated_file_are_the_detailed_file(clean: Simulator) -> None:
    whole = earned(text_of(finance(clean, "2027-01", "ZZ")))
    assert set(whole) == {"USD", "JPY", "EUR", "CHF"}
    regions: dict[str, Decimal] = {}
    for region in ("US", "LL", "JP", "EU", "CH"):
        for currency, amount in earned(text_of(finance(clean, "2027-01", region))).items():
            regions[currency] = regions.get(currency, Decimal(0)) + amount
    assert regions == whole
    assert earned(text_of(finance(clean, "2027-01", "Z1"))) == whole


def test_the_second_table_sums_to_the_rows(clean: Simulator) -> None:
    text = text_of(finance(clean, "2027-01", "ZZ"))
    closing = [line.split("\t") for line in text.split("Country Of Sale\tPartner")[1].splitlines()[1:]]
    found: dict[str, Decimal] = {}
    for _, currency, _, amount in closing:
        found[currency] = found.get(currency, Decimal(0)) + Decimal(amount)
    assert found == earned(text)


def test_settlement_decides_the_month_and_comes_up_to_four_days_after_the_sale(clean: Simulator) -> None:
    rows = [line.split("\t") for line in text_of(finance(clean, "2027-01", "Z1")).splitlines()[4:]]
    dated = [(day(row[0]), day(row[1])) for row in rows if row[0][2:3] == "/"]
    assert all(date(2026, 9, 27) <= settled <= date(2026, 10, 31) for _, settled in dated)
    assert {(settled - sold).days for sold, settled in dated} == {0, 1, 2, 3, 4}
    assert min(sold for sold, _ in dated) < date(2026, 9, 27)


def day(text: str) -> date:
    month, number, year = text.split("/")
    return date(int(year), int(month), int(number))


def exported(simulator: Simulator, folder: Path) -> dict[str, bytes]:
    simulator.write_exports(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_payment_summary_earns_what_the_region_files_sum_to(clean: Simulator, tmp_path: Path) -> None:
    files = exported(clean, tmp_path)
    rows = [*csv.reader(io.StringIO(files["financial_report_2026-10.csv"].decode()))]
    table_rows = {row[0]: row for row in rows if "(" in row[0] and row[-2] == "EUR"}
    regions = {
        "Americas (USD)": "US",
        "Latin America and the Caribbean (USD)": "LL",
        "Euro-Zone (EUR)": "EU",
        "Japan (JPY)": "JP",
        "Switzerland (CHF)": "CH",
    }
    assert set(table_rows) == set(regions)
    for label, region in regions.items():
        (amount,) = earned(text_of(finance(clean, "2027-01", region))).values()
        assert Decimal(table_rows[label][2]) == amount
    total = sum((Decimal(row[9]) for row in table_rows.values()), Decimal(0))
    assert [cell for row in rows for cell in row if cell.endswith(" EUR")] == [f"{total} EUR"]


def test_an_r_export_is_the_api_file_byte_for_byte(clean: Simulator, tmp_path: Path) -> None:
    files = exported(clean, tmp_path)
    for number in (1, 9, 19):
        packed = files[f"S_D_80000001_202611{number:02d}.txt.gz"]
        assert gzip.decompress(packed).decode() == text_of(sales(clean, f"2026-11-{number:02d}"))


def test_app_units_in_pacific_days_are_the_download_rows_of_the_sales_files(clean: Simulator, tmp_path: Path) -> None:
    lines = exported(clean, tmp_path)["Acme Notes app_units.csv"].decode().splitlines()
    head = ["Name,Acme Notes", "Start Date,11/1/26", "End Date,11/10/26", "", "Date,App Units"]
    assert lines[:5] == head
    for number, line in enumerate(lines[5:]):
        asked = date(2026, 11, 1) + timedelta(days=number)
        rows = table(text_of(sales(clean, asked.isoformat())))
        units = sum(
            int(row["Units"]) for row in rows if row["SKU"] == "NOTES" and row["Product Type Identifier"] == "1F"
        )
        assert line == f"{asked.month}/{asked.day}/26,{units}.0"


def test_the_same_scenario_gives_the_same_bytes(tmp_path: Path) -> None:
    with running(scenario()) as first, running(scenario()) as second:
        assert exported(first, tmp_path / "a") == exported(second, tmp_path / "b")
        assert sales(first, "2026-11-05").content == sales(second, "2026-11-05").content
        assert finance(first, "2027-01", "ZZ").content == finance(second, "2027-01", "ZZ").content


def test_a_day_does_not_depend_on_how_many_days_there_are() -> None:
    with running(scenario()) as short, running(scenario(days=90)) as long:
        assert sales(short, "2026-11-05").content == sales(long, "2026-11-05").content
