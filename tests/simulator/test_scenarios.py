from __future__ import annotations

import re
from pathlib import Path

import pytest

from ascrecon.simulator import ScenarioError, load_scenario, random_scenario, running
from ascrecon.simulator.analytics.faults import ANALYTICS_READERS
from ascrecon.simulator.faults import READERS
from tests.simulator.scenarios import NOTES, scenario

DOCUMENT = Path(__file__).parents[2] / "docs" / "scenarios.md"


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"kind": "eclipse"}, "unknown fault 'eclipse'; known kinds: billed_by_two_apple_accounts, billed_twice"),
        ({"kind": "header_only", "date": "2026-11-10", "app": 1}, "unknown field 'app'"),
        ({"kind": "header_only"}, "field 'date' is missing"),
        ({"kind": "header_only", "date": "2026-02-30"}, "give a day that exists"),
        ({"kind": "header_only", "date": "10.11.2026"}, "give a day as YYYY-MM-DD"),
        ({"kind": "day_late", "date": "2026-11-10", "days": "6"}, "give a whole number"),
        ({"kind": "http", "status": 500, "times": 1}, "neither date nor path"),
        ({"kind": "http", "date": "2026-11-10", "status": 500}, "neither times nor always"),
        ({"kind": "http", "date": "2026-11-10", "status": 200, "times": 1}, "from 400 to 599"),
        (
            {"kind": "refund_only_days", "apple_id": 9, "from": "2026-11-10", "to": "2026-11-10"},
            "no app has apple_id 9",
        ),
        (
            {"kind": "refund_only_days", "apple_id": 3, "from": "2026-11-10", "to": "2026-11-10"},
            "sells nothing that could be refunded",
        ),
        (
            {"kind": "refund_only_days", "apple_id": 1, "from": "2026-11-10", "to": "2026-11-09"},
            "from 2026-11-10 is after to 2026-11-09",
        ),
        (
            {
                "kind": "sales_positive_rows_missing",
                "apple_id": 1,
                "from": "2026-11-10",
                "to": "2026-11-10",
                "product": "weekly",
            },
            "product 'weekly' of app 1; give one of NOTES, monthly, lifetime",
        ),
        (
            {"kind": "day_reissued", "date": "2026-11-10", "on": "2026-11-12", "apple_id": 1},
            "give units_delta or factor",
        ),
        (
            {"kind": "finance_region_missing", "fiscal_month": "2026-11", "region": "CH"},
            "no P export of 2026-11",
        ),
    ],
)
def test_a_fault_that_cannot_be_played_is_refused_with_what_to_do(faults: dict[str, object], message: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(message)), running(scenario(faults)):
        pass


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"apps": []}, "no apps"),
        ({"apps": [NOTES, NOTES]}, "apple_id 1 stands twice"),
        ({"apps": [{**NOTES, "territories": {"FR": "GBP"}}]}, "FR in GBP"),
        ({"apps": [{**NOTES, "territories": {"CH": "CHF"}}]}, "product monthly prices has no CHF"),
        ({"apps": [{**NOTES, "daily_units": "many"}]}, "daily_units is 'many'"),
        ({"wether": 1}, "unknown field 'wether'"),
        ({"exports": [{"kind": "Q"}]}, "kind is 'Q'"),
        ({"roles": ["OWNER"]}, "role 'OWNER'"),
    ],
)
def test_a_scenario_that_cannot_be_played_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(message)):
        load_scenario(scenario(**changes))


def test_broken_json_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text('{\n "seed": 1,\n}')
    with pytest.raises(ScenarioError, match=r"broken\.json line 3"):
        load_scenario(path)


def test_an_unknown_name_lists_the_built_in_ones() -> None:
    with pytest.raises(ScenarioError, match="built in: clean, demo"):
        load_scenario("nothing")


def test_the_clean_scenario_plants_nothing() -> None:
    with running("clean") as simulator:
        assert simulator.planted() == []


def test_the_demo_plants_every_kind_of_fault_of_sales_finance_and_subscriptions() -> None:
    with running("demo") as simulator:
        kinds = {fault.kind for fault in simulator.scenario.faults}
        found = simulator.planted()
    assert kinds >= set(READERS) - set(ANALYTICS_READERS)
    assert kinds & set(ANALYTICS_READERS), "and some of deliveries of analytics reports"
    assert len(found) >= 12
    assert len({tuple(sorted((k, str(v)) for k, v in entry.items())) for entry in found}) == len(found)
    causes = {str(entry["cause"]) for entry in found if entry["kind"] == "api_incident"}
    assert causes == {
        "credentials",
        "role",
        "agreement",
        "method_not_allowed",
        "rate_limit",
        "server_error",
        "truncated_download",
        "timeout",
        "connection_dropped",
    }


@pytest.mark.parametrize("seed", range(25))
def test_a_random_scenario_can_be_played_and_each_lasting_fault_is_expected(seed: int) -> None:
    assert random_scenario(seed) == random_scenario(seed)
    with running(random_scenario(seed)) as simulator:
        expected = {entry["fault"] for entry in simulator.planted()}
        faults = simulator.scenario.faults
    silent = {fault.kind for fault in faults if getattr(fault, "times", None) or fault.kind == "version_retired"}
    assert expected >= {fault.kind for fault in faults} - silent


def test_the_document_names_every_fault() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [kind for kind in READERS if f"`{kind}`" not in text] == []
