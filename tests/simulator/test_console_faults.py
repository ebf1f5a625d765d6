from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from ascrecon.simulator import running
from tests.simulator.asking import finance, proceeds, table
from tests.simulator.scenarios import EXPORTS, scenario

PAYMENTS = "financial_report_2026-10.csv"


def exported(folder: Path, *faults: Mapping[str, object], **changes: object) -> dict[str, bytes]:
    with running(scenario(*faults, **changes)) as simulator:
        simulator.write_exports(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def planted(files: dict[str, bytes]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(files["planted.json"])
    return found


def changed(first: dict[str, bytes], second: dict[str, bytes]) -> set[str]:
    return {name for name in first if first[name] != second[name]} - {"planted.json"}


def test_the_manifest_names_every_file_and_what_the_person_says_of_it(tmp_path: Path) -> None:
    files = exported(tmp_path)
    manifest = {entry["file"]: entry["args"] for entry in json.loads(files["manifest.json"])}
    assert set(manifest) == set(files) - {"manifest.json", "planted.json"}
    assert manifest["S_D_80000001_20261101.txt.gz"] == []
    assert manifest["Acme Notes app_units.csv"] == ["--app", "1", "--timezone", "PT"]
    assert manifest[PAYMENTS] == ["--fiscal-month", "2027-01"]


def test_finance_exports_have_the_consoles_names(tmp_path: Path) -> None:
    wanted = [
        {"kind": "F1", "fiscal_month": "2027-01"},
        {"kind": "F1", "fiscal_month": "2027-01", "region": "JP"},
        {"kind": "F2", "fiscal_month": "2027-01"},
        {"kind": "R", "frequency": "MONTHLY", "from": "2026-10-01", "to": "2026-10-31", "gzip": False},
    ]
    assert set(exported(tmp_path, exports=wanted)) == {
        "80000001_1026_ZZ.txt",
        "80000001_1026_JP.txt",
        "FD_80000001_1026.txt",
        "S_M_80000001_202610.txt",
        "manifest.json",
        "planted.json",
    }


def test_a_name_that_is_taken_gets_a_number_as_in_a_browser(tmp_path: Path) -> None:
    files = exported(tmp_path, exports=[EXPORTS[1], EXPORTS[1]])
    assert {"Acme Notes app_units.csv", "Acme Notes app_units (1).csv"} <= set(files)


def test_a_sales_export_can_hold_another_value(tmp_path: Path) -> None:
    fault = {"kind": "console_differs", "export": "R", "apple_id": 1, "date": "2026-11-10"}
    fault |= {"sku": "lifetime", "country": "US", "units_delta": 3}
    clean, faulty = exported(tmp_path / "a"), exported(tmp_path / "b", fault)
    assert changed(clean, faulty) == {"S_D_80000001_20261110.txt.gz"}
    old, new = (
        proceeds(table(gzip.decompress(files["S_D_80000001_20261110.txt.gz"]).decode())) for files in (clean, faulty)
    )
    # 3 x 70 % of 9.99 = 3 x 6.99
    assert new["USD"] - old["USD"] == Decimal("20.97")
    (entry,) = planted(faulty)
    assert (entry["kind"], entry["cause"], entry["metric"]) == ("value_mismatch", "unexplained", "proceeds")
    assert entry["amounts"] == {"USD": "20.97"}


def test_a_payment_export_can_hold_another_value(tmp_path: Path) -> None:
    fault = {"kind": "console_differs", "export": "P", "fiscal_month": "2027-01", "region": "EU", "delta": "-5.25"}
    clean, faulty = exported(tmp_path / "a"), exported(tmp_path / "b", fault)
    assert changed(clean, faulty) == {PAYMENTS}
    assert earned(faulty)["Euro-Zone (EUR)"] - earned(clean)["Euro-Zone (EUR)"] == Decimal("-5.25")
    (entry,) = planted(faulty)
    assert (entry["metric"], entry["report"], entry["from"], entry["to"]) == (
        "earned",
        "FINANCE/FINANCIAL",
        "2026-09-27",
        "2026-10-31",
    )
    assert entry["amounts"] == {"EUR": "-5.25"}


def earned(files: dict[str, bytes]) -> dict[str, Decimal]:
    rows = csv.reader(io.StringIO(files[PAYMENTS].decode()))
    return {row[0]: Decimal(row[2]) for row in rows if "(" in row[0] and row[-2] == "EUR"}


def test_a_metric_export_can_hold_another_value(tmp_path: Path) -> None:
    fault = {"kind": "console_differs", "export": "A1", "apple_id": 1, "date": "2026-11-05", "units_delta": 4}
    clean, faulty = exported(tmp_path / "a"), exported(tmp_path / "b", {**fault, "metric": "App Units"})
    assert changed(clean, faulty) == {"Acme Notes app_units.csv"}
    assert app_units(faulty)["11/5/26"] - app_units(clean)["11/5/26"] == 4
    (entry,) = planted(faulty)
    assert (entry["metric"], entry["amounts"]) == ("app_units", {"": "4"})


def app_units(files: dict[str, bytes]) -> dict[str, Decimal]:
    rows = files["Acme Notes app_units.csv"].decode().splitlines()[5:]
    return {day: Decimal(value) for day, value in (row.split(",") for row in rows)}


def test_an_export_in_the_wrong_zone_holds_utc_days_under_the_persons_pacific(tmp_path: Path) -> None:
    fault = {"kind": "console_wrong_timezone", "apple_id": 1, "metric": "App Units"}
    fault |= {"from": "2026-11-01", "to": "2026-11-10"}
    utc = [{**EXPORTS[1], "timezone": "UTC"}]
    clean, faulty = exported(tmp_path / "a"), exported(tmp_path / "b", fault)
    assert changed(clean, faulty) == {"Acme Notes app_units.csv"}
    assert app_units(faulty) == app_units(exported(tmp_path / "c", exports=utc))
    differing = [day for day, value in app_units(clean).items() if app_units(faulty)[day] != value]
    (entry,) = planted(faulty)
    total = sum(app_units(faulty).values()) - sum(app_units(clean).values())
    assert (entry["cause"], entry["amounts"]) == ("timezone_shift", {"": str(int(total))})
    assert [differing[0], differing[-1]] == [short(str(entry["from"])), short(str(entry["to"]))]


def short(day: str) -> str:
    year, month, number = day.split("-")
    return f"{int(month)}/{int(number)}/{year[2:]}"


@pytest.mark.parametrize(
    ("region", "label", "kind"),
    [("CH", "Switzerland (CHF)", "missing_in_api"), ("LL", "Latin America and the Caribbean (USD)", "value_mismatch")],
)
def test_a_region_that_the_api_withholds_stays_in_the_payments(
    tmp_path: Path, region: str, label: str, kind: str
) -> None:
    fault = {"kind": "finance_region_missing", "fiscal_month": "2027-01", "region": region}
    with running(scenario(fault)) as simulator:
        simulator.write_exports(tmp_path)
        assert finance(simulator, "2027-01", region).status_code == 404
        whole = gzip.decompress(finance(simulator, "2027-01", "ZZ").content).decode()
        (entry,) = simulator.planted()
    country = {"CH": "CH", "LL": "AR"}[region]
    assert f"\n{country}\t" not in whole
    currency = label[-4:-1]
    amount = earned({PAYMENTS: (tmp_path / PAYMENTS).read_bytes()})[label]
    assert (entry["kind"], entry["cause"], entry["amounts"]) == (kind, "not_delivered", {currency: str(amount)})


@pytest.mark.parametrize(
    ("layout", "cells", "names"),
    [
        ("settled", (13, 12, 13), {"Pre-Tax Subtotal", "Exchange Rate"}),
        ("settled_balance", (13, 13, 13), {"Balance", "Pre-Tax Subtotal", "Exchange Rate"}),
        ("pending", (10, 10, 10), set()),
        ("pending_balance", (11, 11, 11), {"Balance"}),
    ],
)
def test_a_payment_summary_has_one_of_four_layouts(
    tmp_path: Path, layout: str, cells: tuple[int, int, int], names: set[str]
) -> None:
    files = exported(tmp_path, exports=[{"kind": "P", "fiscal_month": "2027-01", "layout": layout}])
    text = files[PAYMENTS].decode()
    rows = [*csv.reader(io.StringIO(text))]
    total = next(row for row in rows if any(cell.endswith(" EUR") for cell in row))
    assert (len(rows[0]), len(rows[2]), len(total)) == cells
    assert rows[0][0] == "iTunes Connect - Payments and Financial Reports\t(October, 2026)"
    assert {"Balance", "Pre-Tax Subtotal", "Exchange Rate"} & set(rows[2]) == names
    assert ("Paid to " in text) == layout.startswith("settled")


def test_what_is_owed_is_the_sum_of_its_parts(tmp_path: Path) -> None:
    files = exported(tmp_path, exports=[{"kind": "P", "fiscal_month": "2027-01", "layout": "settled_balance"}])
    rows = [*csv.reader(io.StringIO(files[PAYMENTS].decode()))]
    named = [dict(zip(rows[2], row, strict=True)) for row in rows[3:] if row[-2] == "EUR"]
    for row in named:
        amounts = {name: Decimal(row[name]) for name in rows[2][1:-2]}
        assert amounts["Balance"] + amounts["Earned"] == amounts["Pre-Tax Subtotal"]
        parts = ("Pre-Tax Subtotal", "Input Tax", "Adjustments", "Withholding Tax")
        assert sum(amounts[name] for name in parts) == amounts["Total Owed"]
    japan = next(row for row in named if row["Country or Region (Currency)"] == "Japan (JPY)")
    assert japan["Withholding Tax"].startswith("-")
    assert "." not in japan["Earned"]
