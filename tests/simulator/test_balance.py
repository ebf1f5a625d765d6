from __future__ import annotations

import gzip
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from ascrecon.simulator import Simulator, random_scenario, running
from tests.simulator.asking import SALES, ask, proceeds, table, text_of

Amounts = dict[tuple[str, str], Decimal]


def latest(simulator: Simulator, day: str) -> requests.Response:
    """A day in whatever version is the latest; asked twice where the first answer failed."""
    query = {name: value for name, value in SALES.items() if name != "filter[version]"}
    period = {"filter[frequency]": "DAILY", "filter[reportDate]": day}
    answers = (ask(simulator, "/v1/salesReports", {**query, **period}) for _ in range(2))
    first = next(answers)
    return first if first.ok else next(answers)


def differences(simulator: Simulator, folder: Path) -> Amounts:
    """Console - API, proceeds by app SKU and currency over all days of the R exports."""
    simulator.write_exports(folder)
    found: Amounts = defaultdict(Decimal)
    for path in sorted(folder.glob("S_D_*")):
        stamp = path.name.split("_")[3]
        day = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"
        console = table(gzip.decompress(path.read_bytes()).decode())
        api = table(text_of(latest(simulator, day)))
        for sign, rows in ((1, console), (-1, api)):
            for row in rows:
                app = row["Parent Identifier"].strip() or row["SKU"]
                for currency, amount in proceeds([row]).items():
                    found[app, currency] += sign * amount
    return {key: amount for key, amount in found.items() if amount}


def expected(simulator: Simulator) -> Amounts:
    found: Amounts = defaultdict(Decimal)
    skus = {app.apple_id: app.sku for app in simulator.scenario.apps}
    for entry in simulator.planted():
        apple_id, amounts = entry["apple_id"], entry["amounts"]
        if entry["metric"] != "proceeds" or entry["kind"] == "restated":
            continue
        assert isinstance(apple_id, int)
        assert isinstance(amounts, dict)
        for currency, amount in amounts.items():
            found[skus[apple_id], currency] += Decimal(amount)
    return dict(found)


@pytest.mark.parametrize("seed", range(8))
def test_the_expectations_are_the_whole_difference_between_both_sides(seed: int, tmp_path: Path) -> None:
    with running(random_scenario(seed)) as simulator:
        assert differences(simulator, tmp_path) == expected(simulator)


def test_the_expectations_of_the_demo_are_the_whole_difference(tmp_path: Path) -> None:
    with running("demo") as simulator:
        found = differences(simulator, tmp_path)
        assert found == expected(simulator)
    assert {currency for _, currency in found} == {"USD", "JPY", "EUR", "GBP", "CHF"}
