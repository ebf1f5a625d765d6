"""Rows with sales that the API's file lost, against the same report downloaded from the console."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reports.models import RunLine
from tests.doors import findings_of, told
from tests.make_files import DAY, Row, days_from, download, sale, sales_report

pytestmark = pytest.mark.django_db

PRODUCTS = ("p1", "p2", "p3", "p4", "p5", "p6")
COUNTRIES = ("US", "CA", "GB", "AU", "MX", "JP")


@pytest.fixture(autouse=True)
def long_after(clock: Callable[[datetime], None]) -> None:
    clock(datetime(2026, 11, 20, 9, tzinfo=UTC))


def cell(product: str, country: str) -> dict[str, str]:
    """One sale of each product in each country: 2.00 USD, in Japan 300 JPY."""
    price, currency = ("300", "JPY") if country == "JP" else ("2.00", "USD")
    return sale(1, price, currency, country, product=product)


#: 30 rows of 2.00 USD and 6 of 300 JPY.
GRID = {(p, c): cell(p, c) for p in PRODUCTS for c in COUNTRIES}
REFUND = sale(-1, "2.00", "USD", "US", product="p1", price="-2.99")


def reconciled(folder: Path, api: Iterable[Row], console: Iterable[Row], day: date = DAY) -> list[dict[str, Any]]:
    told("load_report", sales_report(folder / "api", *api, day=day))
    told("import_export", sales_report(folder / "console", *console, day=day))
    return findings_of()


def briefly(findings: Iterable[dict[str, Any]]) -> list[tuple[str, ...]]:
    return sorted((f["kind"], f["cut"], f["member"], f["currency"], f["difference"]) for f in findings)


def assert_lines_add_up(findings: Iterable[dict[str, Any]]) -> None:
    """What the run's lines differ by is what its findings differ by: nothing is lost or counted twice."""
    in_findings: dict[str, Decimal] = {}
    for finding in findings:
        currency = finding["currency"] or ""
        in_findings[currency] = in_findings.get(currency, Decimal(0)) + Decimal(finding["difference"])
    in_lines: dict[str, Decimal] = {}
    for line in RunLine.objects.filter(run=RunLine.objects.order_by("-run")[:1].values("run")):
        in_lines[line.currency] = in_lines.get(line.currency, Decimal(0)) + line.difference
        assert line.finding_id is not None
    assert in_findings == in_lines


def test_a_lost_sale_is_not_taken_for_the_refund_of_the_same_price(tmp_path: Path) -> None:
    sold = sale(1, "2.00", "USD", "US", product="p1", price="2.99")
    other = sale(5, "2.00", "USD", "GB", product="p2", price="2.99")

    found = reconciled(tmp_path, [other, REFUND], [other, sold, REFUND])

    # all of p1 in the US that was sold is gone, 1 x 2.00; the refund stands on both sides
    assert briefly(found) == [("missing_sales_values", "product", "p1", "USD", "2.00")]
    assert_lines_add_up(found)


def test_all_rows_with_sales_are_gone_and_a_refund_is_left(tmp_path: Path) -> None:
    found = reconciled(tmp_path, [REFUND], [*GRID.values(), REFUND])

    # 30 x 2.00 and 6 x 300
    assert briefly(found) == [
        ("missing_sales_values", "app", "", "JPY", "1800"),
        ("missing_sales_values", "app", "", "USD", "60.00"),
    ]
    dollars = next(finding for finding in found if finding["currency"] == "USD")
    # the console holds the refund too: 60.00 - 2.00; the API holds nothing else
    assert (dollars["api_value"], dollars["console_value"]) == ("-2.00", "58.00")
    assert (dollars["cause"], dollars["severity"]) == ("positive_rows_missing", "critical")
    assert dollars["money_at_risk"] == {"USD": "60.00"}
    assert_lines_add_up(found)


def test_one_product_is_gone(tmp_path: Path) -> None:
    api = [row for (product, _), row in GRID.items() if product != "p6"]

    found = reconciled(tmp_path, api, GRID.values())

    # 5 countries x 2.00, and 300 JPY
    assert briefly(found) == [
        ("missing_sales_values", "product", "p6", "JPY", "300"),
        ("missing_sales_values", "product", "p6", "USD", "10.00"),
    ]
    assert (found[0]["cause"], found[0]["api_value"]) == ("positive_rows_missing", "0")
    assert_lines_add_up(found)


@pytest.mark.parametrize("named", [0, 1, 50_000])
def test_the_rows_of_places_that_differ_say_the_same_as_all_rows(
    named: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`named`: so many places are looked at one by one, and where more of them differ every row is."""
    monkeypatch.setattr("reports.reconcile.unlike.MOST_MEMBERS", named)
    lost = [GRID["p1", "US"], GRID["p1", "JP"], GRID["p4", "GB"]]
    twice = sale(1, "2.00", "EUR", "DE", product="p2")
    kept = [*(row for row in GRID.values() if row not in lost), twice]

    found = reconciled(tmp_path, kept, [*kept, *lost, twice])

    # of four rows two are 2.00 USD, one is 300 JPY, one of two equal ones is 2.00 EUR
    assert briefly(found) == [
        ("missing_sales_values", "app", "", "EUR", "2.00"),
        ("missing_sales_values", "app", "", "JPY", "300"),
        ("missing_sales_values", "app", "", "USD", "4.00"),
    ]
    assert_lines_add_up(found)


def test_one_country_is_gone(tmp_path: Path) -> None:
    api = [row for (_, country), row in GRID.items() if country != "JP"]

    found = reconciled(tmp_path, api, GRID.values())

    # 6 products x 300
    assert briefly(found) == [("missing_sales_values", "territory", "JP", "JPY", "1800")]
    assert_lines_add_up(found)


def test_a_product_and_a_country_that_overlap_are_told_apart(tmp_path: Path) -> None:
    api = [row for (product, country), row in GRID.items() if product != "p6" and country != "JP"]

    found = reconciled(tmp_path, api, GRID.values())

    # the row of p6 in Japan counts for the product, so Japan lost 5 x 300
    assert briefly(found) == [
        ("missing_sales_values", "product", "p6", "JPY", "300"),
        ("missing_sales_values", "product", "p6", "USD", "10.00"),
        ("missing_sales_values", "territory", "JP", "JPY", "1500"),
    ]
    assert_lines_add_up(found)


def test_half_of_the_rows_are_gone(tmp_path: Path) -> None:
    api = [
        row for (product, country), row in GRID.items()
        if (PRODUCTS.index(product) + COUNTRIES.index(country)) % 2 == 0
    ]  # fmt: skip

    found = reconciled(tmp_path, api, GRID.values())

    # of 6 rows in Japan 3 are gone, of the 30 others 15
    assert briefly(found) == [
        ("missing_sales_values", "app", "", "JPY", "900"),
        ("missing_sales_values", "app", "", "USD", "30.00"),
    ]
    dollars = next(finding for finding in found if finding["currency"] == "USD")
    assert (dollars["api_value"], dollars["console_value"]) == ("30.00", "60.00")
    assert_lines_add_up(found)


def test_one_of_two_equal_rows_is_gone(tmp_path: Path) -> None:
    found = reconciled(tmp_path, [cell("p1", "US")], [cell("p1", "US"), cell("p1", "US")])

    assert briefly(found) == [("missing_sales_values", "app", "", "USD", "2.00")]


def test_days_in_a_row_are_one_finding_and_a_day_apart_another(tmp_path: Path) -> None:
    whole, part = list(GRID.values()), [row for (_, country), row in GRID.items() if country != "JP"]
    for day in days_from(DAY, 5):
        lost = day != DAY + timedelta(days=3)
        told("load_report", sales_report(tmp_path / "api", *(part if lost else whole), day=day))
        told("import_export", sales_report(tmp_path / "console", *whole, day=day))

    found = findings_of()

    # 1800 a day on three days, then on one
    assert [(f["from"], f["to"], f["difference"]) for f in found] == [
        ("2026-10-12", "2026-10-14", "5400"),
        ("2026-10-16", "2026-10-16", "1800"),
    ]
    assert_lines_add_up(found)


def test_a_changed_row_beside_lost_rows_is_a_finding_of_its_own(tmp_path: Path) -> None:
    console = [sale(3, "3.49", product="p1"), sale(2, "1.00", product="p2")]

    found = reconciled(tmp_path, [sale(2, "3.49", product="p1")], console)

    # console 3 x 3.49 + 2 x 1.00 = 12.47, API 2 x 3.49 = 6.98: 5.49 = 2.00 lost + 3.49 changed
    assert briefly(found) == [
        ("missing_sales_values", "product", "p2", "USD", "2.00"),
        ("value_mismatch", "app", "", "USD", "3.49"),
    ]
    assert_lines_add_up(found)


def test_a_row_with_another_price_is_changed_and_not_lost(tmp_path: Path) -> None:
    found = reconciled(tmp_path, [sale(3, "3.49")], [sale(3, "3.52")])

    # 3 x 0.03
    assert briefly(found) == [("value_mismatch", "app", "", "USD", "0.09")]


def test_rows_that_the_export_lacks_are_no_loss_of_the_api(tmp_path: Path) -> None:
    found = reconciled(tmp_path, [cell("p1", "US"), cell("p2", "US")], [cell("p1", "US")])

    assert briefly(found) == [("value_mismatch", "app", "", "USD", "-2.00")]


def test_lost_free_downloads_are_counted_in_units(tmp_path: Path) -> None:
    console = [download(5), download(4, "CA"), download(3, "MX")]

    found = reconciled(tmp_path, console[:2], console)

    (finding,) = found
    assert (finding["kind"], finding["metric"], finding["cut"], finding["member"]) == (
        "missing_sales_values", "units", "territory", "MX",
    )  # fmt: skip
    assert (finding["difference"], finding["currency"], finding["money_at_risk"]) == ("3", None, {})


def test_a_file_with_a_header_alone_lost_everything(tmp_path: Path) -> None:
    found = reconciled(tmp_path, [], GRID.values())

    assert {(f["kind"], f["cut"]) for f in found} == {("missing_sales_values", "app")}
    # the app is known from the export
    assert sorted(f["difference"] for f in found) == ["1800", "60.00"]


def test_each_app_loses_its_own(tmp_path: Path) -> None:
    other = sale(1, "5.00", parent="PUZZLE", product="gems")
    puzzle_two = sale(1, "7.00", parent="PUZZLE", product="coins")
    api = [row for (_, country), row in GRID.items() if country != "JP"] + [other]

    found = reconciled(tmp_path, api, [*GRID.values(), other, puzzle_two])

    assert briefly(found) == [
        ("missing_sales_values", "product", "coins", "USD", "7.00"),
        ("missing_sales_values", "territory", "JP", "JPY", "1800"),
    ]
    assert {f["member"]: f["app"] for f in found} == {"coins": "PUZZLE", "JP": "NOTES"}


def test_a_report_that_was_loaded_without_a_vendor_number_is_still_looked_into(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path / "api", cell("p1", "US"), name="report.txt"))
    path = sales_report(tmp_path / "console", cell("p1", "US"), cell("p2", "US"))
    told("import_export", path)
    # the export's vendor number made an account of its own: they are not each other's
    assert findings_of() == []

    told("import_export", path.rename(path.with_name("export.txt")), "--account", "unassigned")
    assert briefly(findings_of()) == [("missing_sales_values", "product", "p2", "USD", "2.00")]


def test_a_look_at_a_past_day_finds_what_was_lost_then(tmp_path: Path, clock: Callable[[datetime], None]) -> None:
    clock(datetime(2026, 10, 14, 9, tzinfo=UTC))
    told("load_report", sales_report(tmp_path / "first", cell("p1", "US")))
    told("import_export", sales_report(tmp_path / "console", cell("p1", "US"), cell("p2", "US")))
    clock(datetime(2026, 10, 20, 9, tzinfo=UTC))
    told("load_report", sales_report(tmp_path / "second", cell("p1", "US"), cell("p2", "US")))

    assert [finding["kind"] for finding in findings_of()] == ["restated"]
    past = told("reconcile", "--as-of", "2026-10-15")
    assert briefly(past["findings"]) == [("missing_sales_values", "product", "p2", "USD", "2.00")]
    # it was only a look: nothing is kept
    assert [finding["kind"] for finding in told("findings")["findings"]] == ["restated"]
