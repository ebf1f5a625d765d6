from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from ascrecon.simulator import running
from ascrecon.simulator.scenario import load_scenario
from tests.simulator.asking import proceeds, sales, table, text_of
from tests.simulator.scenarios import scenario

Rows = list[dict[str, str]]
MISSING = "sales_positive_rows_missing"


def day_rows(day: str, *faults: dict[str, object]) -> Rows:
    with running(scenario(*faults)) as simulator:
        return table(text_of(sales(simulator, day)))


def lost(day: str, *faults: dict[str, object]) -> Rows:
    """Rows that the file lacks because of the faults; no row may be new."""
    whole, faulty = (Counter(tuple(row.items()) for row in rows) for rows in (day_rows(day), day_rows(day, *faults)))
    assert not faulty - whole
    return [dict(row) for row in (whole - faulty).elements()]


def of_app(row: dict[str, str], sku: str) -> bool:
    return sku in (row["SKU"], row["Parent Identifier"])


def missing(day: str, app: int = 1, **part: str) -> dict[str, object]:
    return {"kind": MISSING, "apple_id": app, "from": day, "to": day, **part}


def test_all_positive_rows_of_one_app_are_gone() -> None:
    kept = day_rows("2026-11-10", missing("2026-11-10"))
    assert all(int(row["Units"]) < 0 for row in kept if of_app(row, "NOTES"))
    assert all(of_app(row, "NOTES") for row in lost("2026-11-10", missing("2026-11-10")))


def test_the_positive_rows_of_one_product_are_gone() -> None:
    gone = lost("2026-11-10", missing("2026-11-10", product="monthly"))
    assert gone
    assert {row["SKU"] for row in gone} == {"monthly"}
    kept = day_rows("2026-11-10", missing("2026-11-10", product="monthly"))
    assert not [row for row in kept if row["SKU"] == "monthly" and int(row["Units"]) > 0]


def test_the_positive_rows_of_one_country_are_gone() -> None:
    gone = lost("2026-11-10", missing("2026-11-10", country="JP"))
    assert {(row["Country Code"], int(row["Units"]) > 0) for row in gone} == {("JP", True)}


def test_half_of_the_positive_rows_are_gone() -> None:
    gone = lost("2026-11-10", missing("2026-11-10", share="half"))
    positive = [row for row in day_rows("2026-11-10") if of_app(row, "NOTES") and int(row["Units"]) > 0]
    assert len(gone) in (len(positive) // 2, (len(positive) + 1) // 2)
    share = sum(int(row["Units"]) for row in gone) / sum(int(row["Units"]) for row in positive)
    assert 0.4 < share < 0.6


def test_a_refund_only_day_has_refunds_and_nothing_else() -> None:
    fault = {"kind": "refund_only_days", "apple_id": 2, "from": "2026-11-10", "to": "2026-11-12"}
    with running(scenario(fault)) as simulator:
        for day in ("2026-11-10", "2026-11-11", "2026-11-12"):
            rows = [row for row in table(text_of(sales(simulator, day))) if of_app(row, "CAMERA")]
            assert rows
            assert all(int(row["Units"]) < 0 for row in rows)


def test_a_header_only_day_has_its_header_only() -> None:
    with running(scenario({"kind": "header_only", "date": "2026-11-10"})) as simulator:
        assert table(text_of(sales(simulator, "2026-11-10"))) == []
        assert table(text_of(sales(simulator, "2026-11-11")))


@pytest.mark.parametrize("fault", [missing("2026-11-10"), {"kind": "header_only", "date": "2026-11-10"}])
def test_weeks_and_other_days_stay_whole(fault: dict[str, object]) -> None:
    with running(scenario()) as clean, running(scenario(fault)) as faulty:
        for day in ("2026-11-09", "2026-11-11"):
            assert sales(clean, day).content == sales(faulty, day).content
        assert sales(clean, "2026-11-15", "WEEKLY").content == sales(faulty, "2026-11-15", "WEEKLY").content


def planted(*faults: dict[str, object]) -> list[dict[str, object]]:
    with running(scenario(*faults)) as simulator:
        return simulator.planted()


def test_with_the_console_each_currency_has_its_lost_proceeds() -> None:
    found = planted(missing("2026-11-10"))
    gone = proceeds(lost("2026-11-10", missing("2026-11-10")))
    assert set(gone) == {"USD", "JPY", "EUR"}
    assert {currency: entry["amounts"] for entry in found for currency in [entry["currency"]]} == {
        currency: {currency: str(amount)} for currency, amount in gone.items()
    }
    assert {(entry["kind"], entry["cause"], entry["metric"], entry["cut"], entry["member"]) for entry in found} == {
        ("missing_sales_values", "positive_rows_missing", "proceeds", "app", "")
    }


def test_without_the_console_one_entry_names_the_days_and_no_amount() -> None:
    fault = {**missing("2026-10-20", country="JP"), "to": "2026-10-22"}
    (entry,) = planted(fault)
    assert entry == {
        "fault": MISSING,
        "kind": "missing_sales_values",
        "cause": "positive_rows_missing",
        "apple_id": 1,
        "report": "SALES/SUMMARY/DAILY",
        "metric": "units",
        "cut": "territory",
        "member": "JP",
        "currency": "",
        "from": "2026-10-20",
        "to": "2026-10-22",
        "amounts": {},
    }


def test_a_fault_over_the_first_day_of_the_exports_has_an_entry_on_each_side() -> None:
    fault = {**missing("2026-10-30", country="JP"), "to": "2026-11-02"}
    spans = {(entry["metric"], entry["from"], entry["to"]) for entry in planted(fault)}
    assert spans == {("units", "2026-10-30", "2026-10-31"), ("proceeds", "2026-11-01", "2026-11-02")}


def test_where_only_free_units_are_lost_the_units_are_the_amount() -> None:
    (entry,) = planted(missing("2026-11-10", app=3))
    units = sum(int(row["Units"]) for row in lost("2026-11-10", missing("2026-11-10", app=3)))
    assert (entry["metric"], entry["currency"], entry["amounts"]) == ("units", "", {"": str(units)})


def test_a_row_that_two_faults_remove_counts_for_the_product_before_the_country() -> None:
    product, country = missing("2026-11-10", product="monthly"), missing("2026-11-10", country="JP")
    found = {(e["cut"], e["currency"]): e["amounts"] for e in planted(country, product)}
    gone = lost("2026-11-10", country, product)
    of_product = proceeds([row for row in gone if row["SKU"] == "monthly"])
    of_country = proceeds([row for row in gone if row["SKU"] != "monthly"])
    assert found["product", "JPY"] == {"JPY": str(of_product["JPY"])}
    assert found["territory", "JPY"] == {"JPY": str(of_country["JPY"])}
    assert set(found) == {("product", "JPY"), ("product", "USD"), ("product", "EUR"), ("territory", "JPY")}


def test_a_header_only_day_has_an_entry_for_each_app_and_currency() -> None:
    found = planted({"kind": "header_only", "date": "2026-11-10"})
    assert [(entry["apple_id"], entry["metric"], entry["currency"]) for entry in found] == [
        (1, "proceeds", "EUR"),
        (1, "proceeds", "JPY"),
        (1, "proceeds", "USD"),
        (2, "proceeds", "CHF"),
        (2, "proceeds", "USD"),
        (3, "units", ""),
    ]


def test_days_that_are_not_published_yet_are_not_expected() -> None:
    assert planted(missing("2026-11-20")) == []


def test_a_reissued_day_changes_its_app_from_that_day_on() -> None:
    fault = {"kind": "day_reissued", "date": "2026-11-12", "on": "2026-11-18", "apple_id": 2, "units_delta": 10}
    found = scenario(fault, sync_days=["2026-11-16", "2026-11-20"])
    with running(scenario()) as clean, running(found, today=load_scenario(found).sync_days[0]) as simulator:
        before = sales(simulator, "2026-11-12")
        assert before.content == sales(clean, "2026-11-12").content
        assert simulator.planted() == []
        simulator.move_to(load_scenario(found).today)
        after = sales(simulator, "2026-11-12")
        (entry,) = simulator.planted()
    old, new = (table(text_of(answer)) for answer in (before, after))
    assert sum(int(row["Units"]) for row in new) - sum(int(row["Units"]) for row in old) == 10
    # 10 more copies in the US at 70 % of 3.99 = 2.79
    assert proceeds(new)["USD"] - proceeds(old)["USD"] == Decimal("27.90")
    assert (entry["kind"], entry["cause"], entry["from"], entry["to"]) == (
        "restated",
        "restated",
        "2026-11-12",
        "2026-11-12",
    )
    assert entry["amounts"] == {"USD": "27.90"}


def test_a_factor_changes_every_sale_of_the_day() -> None:
    fault = {"kind": "day_reissued", "date": "2026-11-12", "on": "2026-11-18", "apple_id": 2, "factor": "2"}
    old, new = day_rows("2026-11-12"), day_rows("2026-11-12", fault)

    def sold(rows: Rows) -> int:
        return sum(int(row["Units"]) for row in rows if of_app(row, "CAMERA") and int(row["Units"]) > 0)

    assert sold(new) == 2 * sold(old)


def test_a_reader_who_came_only_afterwards_cannot_know_of_a_reissue() -> None:
    fault = {"kind": "day_reissued", "date": "2026-11-12", "on": "2026-11-18", "apple_id": 2, "units_delta": 10}
    with running(scenario(fault, sync_days=["2026-11-20"])) as simulator:
        assert simulator.planted() == []
