"""Missing sales from the API's own reports, without an export beside them: what its history says must be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doors import findings_of, told
from tests.make_files import days_from, sale, sales_report

pytestmark = pytest.mark.django_db

FIRST = date(2026, 7, 6)
DAYS = 70
COUNTRIES = ("US", "GB", "DE", "FR", "JP", "BR")
PRODUCTS = ("pro", "plus", "gems")


@dataclass(frozen=True)
class Selling:
    """How an app sells: `units` a day for each product and country in so many rows, `weekend` of it at weekends."""

    sku: str
    units: float = 6.0
    weekend: float = 1.0
    products: tuple[str, ...] = PRODUCTS
    countries: tuple[str, ...] = COUNTRIES
    rows: int = 1
    starts: int = 0
    gone: Callable[[int, str, str], bool] = lambda day, product, country: False
    pace: Callable[[int], float] = lambda day: 1.0


def three_days(day: int) -> bool:
    return 50 <= day <= 52


LOSING = (
    Selling("LOST_ALL", gone=lambda day, product, country: three_days(day)),
    Selling("LOST_PRODUCT", gone=lambda day, product, country: three_days(day) and product == "plus"),
    Selling("LOST_COUNTRY", units=10.0, gone=lambda day, product, country: three_days(day) and country == "JP"),
    Selling(
        "LOST_HALF",
        gone=lambda day, product, country: day == 50 and (PRODUCTS.index(product) + COUNTRIES.index(country)) % 2 == 0,
    ),
)
SOUND = (
    Selling("WITHDRAWN", gone=lambda day, product, country: day >= 50 and product == "plus"),
    Selling("COUNTRY_LEFT", gone=lambda day, product, country: day >= 50 and country == "JP"),
    Selling("FREE_AND_SMALL", units=3.5, products=("app",), countries=("US",), weekend=0.4),
    Selling("BUSY_WEEKDAYS", weekend=0.2),
    Selling("HOLIDAY", pace=lambda day: 0.4 if three_days(day) else 1.0),
    Selling("NEW", starts=48, gone=lambda day, product, country: day == 51),
    Selling("ONE_A_DAY", units=1.0, products=("pro",)),
    Selling("ONE_A_DAY_BESIDE_OTHERS", units=1.0),
    Selling("STEADY"),
    Selling("HUGE", units=2000.0),  # e to the power of -2000 is less than a float holds
)


def rows_of(app: Selling, day: int, chance: np.random.Generator) -> Iterator[dict[str, str]]:
    if day < app.starts:
        return
    weekend = app.weekend if (FIRST + timedelta(days=day)).weekday() >= 5 else 1.0
    for product in app.products:
        for country in app.countries:
            if app.gone(day, product, country):
                continue
            for units in chance.poisson(app.units * weekend * app.pace(day), size=app.rows).tolist():
                if units:
                    yield sale(units, "2.00", "USD", country, product=f"{app.sku}.{product}", parent=app.sku)


def load_history(folder: Path, apps: tuple[Selling, ...], seed: int, days: int = DAYS) -> None:
    chance = np.random.default_rng(seed)
    paths = [
        sales_report(folder, *(row for app in apps for row in rows_of(app, n, chance)), day=day)
        for n, day in enumerate(days_from(FIRST, days))
    ]
    told("load_report", *paths)


def missing() -> list[dict[str, Any]]:
    return [finding for finding in findings_of() if finding["kind"] == "missing_sales_values"]


@pytest.mark.parametrize("seed", [1, 2])
def test_it_finds_what_was_lost_and_nothing_else(tmp_path: Path, clock: Callable[[datetime], None], seed: int) -> None:
    clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    load_history(tmp_path, (*LOSING, *SOUND), seed)

    found = missing()

    assert sorted((f["app"], f["from"], f["to"], f["cut"], f["member"]) for f in found) == [
        ("LOST_ALL", "2026-08-25", "2026-08-27", "app", ""),
        ("LOST_COUNTRY", "2026-08-25", "2026-08-27", "territory", "JP"),
        ("LOST_HALF", "2026-08-25", "2026-08-25", "app", ""),
        ("LOST_PRODUCT", "2026-08-25", "2026-08-27", "product", "LOST_PRODUCT.plus"),
    ]
    assert {(f["cause"], f["report"]) for f in found} == {("positive_rows_missing", "SALES/SUMMARY/DAILY")}
    # no console tells how much it was: the amount at risk is an estimate of what the part brought before
    assert {f["console_value"] for f in found} == {None}
    all_of_it = next(f for f in found if f["app"] == "LOST_ALL")
    # 18 lines of about 6 units at 2.00 on three days: 648.00; a day's Poisson noise is a tenth of that at most
    assert 580 < float(all_of_it["money_at_risk"]["USD"]) < 720
    assert all_of_it["severity"] == "critical"


def test_every_second_row_of_a_small_app_is_missed_by_rows_and_units_together(tmp_path: Path) -> None:
    app = Selling("SMALL", units=4.0, products=("app",), countries=("US", "JP"), rows=8)
    chance = np.random.default_rng(3)
    for n, day in enumerate(days_from(FIRST, 60)):
        rows = list(rows_of(app, n, chance))
        told("load_report", sales_report(tmp_path, *(rows[::2] if n == 50 else rows), day=day))

    (finding,) = missing()

    assert (finding["from"], finding["to"], finding["cut"]) == ("2026-08-25", "2026-08-25", "app")


def test_a_day_with_refunds_alone_lost_its_sales(tmp_path: Path) -> None:
    app = Selling("NOTES", gone=lambda day, product, country: day == 40)
    chance = np.random.default_rng(5)
    refund = sale(-1, "2.00", product="NOTES.pro", price="-2.99")
    for n, day in enumerate(days_from(FIRST, 55)):
        told("load_report", sales_report(tmp_path, *rows_of(app, n, chance), refund, day=day))

    (finding,) = missing()

    assert (finding["from"], finding["to"], finding["cut"]) == ("2026-08-15", "2026-08-15", "app")
    assert finding["api_value"] == "-1"


def test_an_export_of_the_day_takes_the_place_of_the_estimate(tmp_path: Path) -> None:
    app, whole = Selling("NOTES", gone=lambda day, product, country: day == 40), Selling("NOTES")
    load_history(tmp_path, (app,), seed=5, days=55)
    (estimated,) = missing()
    day = FIRST + timedelta(days=40)
    rows = list(rows_of(whole, 40, np.random.default_rng(6)))
    told("import_export", sales_report(tmp_path / "console", *rows, day=day))

    (exact,) = missing()

    assert (exact["from"], exact["to"], exact["metric"], exact["currency"]) == (
        "2026-08-15",
        "2026-08-15",
        "proceeds",
        "USD",
    )
    # the API has nothing: every unit of the export at 2.00
    assert exact["difference"] == f"{2 * sum(int(row['Units']) for row in rows)}.00"
    assert told("findings", "--state", "closed")["findings"][0]["id"] == estimated["id"]


def test_a_loss_across_two_windows_is_one_finding(tmp_path: Path) -> None:
    app = Selling("NOTES", gone=lambda day, product, country: 40 <= day <= 45)
    load_history(tmp_path, (app,), seed=5, days=60)

    (first,) = [f for f in findings_of("--from", "2026-08-01", "--to", "2026-08-17") if f["cut"] == "app"]
    (whole,) = [f for f in findings_of("--from", "2026-08-18", "--to", "2026-08-31") if f["cut"] == "app"]

    assert (first["from"], first["to"]) == ("2026-08-15", "2026-08-17")
    assert (whole["from"], whole["to"], whole["id"]) == ("2026-08-15", "2026-08-20", first["id"])


def test_it_finds_day_by_day_what_the_days_after_show(tmp_path: Path) -> None:
    """A product that pauses may have been withdrawn; that it came back, only a later day tells."""
    app = Selling("NOTES", gone=lambda day, product, country: 40 <= day <= 41 and product == "plus")
    load_history(tmp_path, (app,), seed=5, days=40)
    told("reconcile")
    chance = np.random.default_rng(7)
    for n in range(40, 44):
        day = FIRST + timedelta(days=n)
        told("load_report", sales_report(tmp_path, *rows_of(app, n, chance), day=day))
        told("reconcile", "--from", day, "--to", day)

    (finding,) = told("findings")["findings"]

    assert (finding["from"], finding["to"], finding["member"]) == ("2026-08-15", "2026-08-16", "NOTES.plus")


@pytest.mark.parametrize("seed", [1, 2])
def test_day_by_day_it_finds_what_a_look_at_everything_finds(
    tmp_path: Path, clock: Callable[[datetime], None], seed: int
) -> None:
    """A new day lets it look only at apps that lost something, or to which something came back."""
    clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    chance = np.random.default_rng(seed)
    for n, day in enumerate(days_from(FIRST, DAYS)):
        rows = (row for app in (*LOSING, *SOUND) for row in rows_of(app, n, chance))
        told("load_report", sales_report(tmp_path, *rows, day=day))
        if n >= 45:
            told("reconcile", "--from", day, "--to", day)
    told_by_days = [(f["id"], f["from"], f["to"], f["difference"]) for f in told("findings")["findings"]]

    told("reconcile")

    assert told_by_days
    assert [(f["id"], f["from"], f["to"], f["difference"]) for f in told("findings")["findings"]] == told_by_days
