"""Every rule that comes with the program, and rules that people add."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reports.models import Finding, Rule
from tests.doors import findings_of, told
from tests.make_files import (
    DAY,
    days_from,
    detail_report,
    download,
    earning,
    metric_export,
    payments_export,
    region_report,
    sale,
    sales_report,
)

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]
CHF = "Switzerland (CHF)"


def rules_of(document: Any) -> dict[str, tuple[int, int]]:
    return {rule["rule"]: (rule["compared"], rule["equal"]) for rule in document["by_rule"]}


@pytest.fixture(autouse=True)
def long_after(clock: Clock) -> None:
    clock(datetime(2026, 11, 20, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    ("first", "last", "rule"),
    [
        (DAY, DAY, "sales_proceeds"),
        (date(2026, 10, 12), date(2026, 10, 18), "sales_weekly_proceeds"),
        (date(2026, 10, 1), date(2026, 10, 31), "sales_monthly_proceeds"),
    ],
)
def test_a_downloaded_sales_report_equals_the_apis(tmp_path: Path, first: date, last: date, rule: str) -> None:
    rows = sale(3), sale(-1), sale(2, "490", "JPY", "JP"), download(5)
    told("load_report", sales_report(tmp_path / "api", *rows, day=first, last=last))
    told("import_export", sales_report(tmp_path / "console", *reversed(rows), day=first, last=last))

    document = told("reconcile")

    # one app: US dollars and yen
    assert rules_of(document)[rule] == (2, 2)
    assert document["findings"] == []


def test_proceeds_that_differ_are_one_finding_and_their_units_none(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path / "api", sale(3), download(5)))
    told("import_export", sales_report(tmp_path / "console", sale(5), download(5)))

    (finding,) = findings_of()

    assert (finding["kind"], finding["metric"], finding["report"]) == (
        "value_mismatch",
        "proceeds",
        "SALES/SUMMARY/DAILY",
    )
    assert (finding["cut"], finding["member"], finding["currency"]) == ("app", "", "USD")
    # 3 x 3.49 = 10.47, 5 x 3.49 = 17.45
    assert (finding["api_value"], finding["console_value"], finding["difference"]) == ("10.47", "17.45", "6.98")
    assert (finding["explained"], finding["residual"], finding["money_at_risk"]) == ("0", "6.98", {"USD": "6.98"})
    assert len(finding["evidence"]) == 2


def test_units_alone_are_a_finding_where_no_money_differs(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path / "api", sale(3), download(5)))
    told("import_export", sales_report(tmp_path / "console", sale(3), download(7)))

    (finding,) = findings_of()

    # 3 + 5 and 3 + 7
    assert (finding["metric"], finding["api_value"], finding["console_value"]) == ("units", "8", "10")
    assert (finding["difference"], finding["currency"], finding["money_at_risk"]) == ("2", None, {})


def test_what_the_export_lacks_is_missing_in_the_console(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path / "api", sale(3), sale(2, "490", "JPY", "JP")))
    told("import_export", sales_report(tmp_path / "console", sale(3)))

    (finding,) = findings_of()

    assert (finding["kind"], finding["currency"]) == ("missing_in_console", "JPY")
    # 2 x 490, and the difference is the console's side less the API's
    assert (finding["api_value"], finding["console_value"], finding["difference"]) == ("980", None, "-980")


def test_earned_and_units_of_payments_against_the_finance_reports(tmp_path: Path) -> None:
    told("load_report", region_report(tmp_path, "CH", earning(3)))
    told("load_report", region_report(tmp_path, "JP", earning(2, "490", "JPY", "JP")))
    # 3 x 3.50 = 10.50, 2 x 490 = 980
    told(
        "import_export",
        payments_export(tmp_path, {CHF: "10.50", "Japan (JPY)": "980"}, units={CHF: 3, "Japan (JPY)": 2}),
    )

    document = told("reconcile", "--fiscal-month", "2026-12")

    assert rules_of(document) == {"earned": (2, 2), "units_sold": (2, 2)}
    assert (document["from"], document["to"], document["findings"]) == ("2026-08-30", "2026-09-26", [])


@pytest.mark.parametrize(
    ("units", "equal", "second"),
    # sold 4, returned 1: purchases only is the first reading, net is the second
    [(4, 1, 0), (3, 1, 1), (5, 0, 0)],
)
def test_the_reading_of_units_sold_that_held_is_named(tmp_path: Path, units: int, equal: int, second: int) -> None:
    told("load_report", region_report(tmp_path, "CH", earning(4), earning(-1)))
    told("import_export", payments_export(tmp_path, {CHF: "10.50"}, units={CHF: units}))

    document = told("reconcile")

    sold = next(rule for rule in document["by_rule"] if rule["rule"] == "units_sold")
    assert (sold["equal"], sold["second_reading"], sold["confirmed"]) == (equal, second, False)
    assert len(document["findings"]) == 1 - equal


def test_earned_against_the_detailed_report_too(tmp_path: Path) -> None:
    told("load_report", detail_report(tmp_path, earning(3)))
    told("import_export", payments_export(tmp_path, {CHF: "9.50"}))

    document = told("reconcile")

    assert rules_of(document) == {"earned_detailed": (1, 0)}
    (finding,) = document["findings"]
    assert (finding["report"], finding["difference"]) == ("FINANCE/FINANCE_DETAIL", "-1.00")
    assert "not confirmed" in finding["message"]


def test_the_detailed_report_adds_no_second_finding(tmp_path: Path) -> None:
    told("load_report", region_report(tmp_path, "CH", earning(3)), detail_report(tmp_path, earning(3)))
    told("import_export", payments_export(tmp_path, {CHF: "9.50"}))

    assert [finding["report"] for finding in findings_of()] == ["FINANCE/FINANCIAL"]


def test_a_downloaded_finance_report_against_the_same_regions_file(tmp_path: Path) -> None:
    told("load_report", region_report(tmp_path / "api", "CH", earning(3)), detail_report(tmp_path / "api", earning(3)))
    told("import_export", region_report(tmp_path / "c", "CH", earning(3)), detail_report(tmp_path / "c", earning(2)))

    document = told("reconcile")

    assert rules_of(document) == {"finance_report": (1, 1), "finance_detail": (1, 0)}
    # 2 x 3.50 - 3 x 3.50
    assert [finding["difference"] for finding in document["findings"]] == ["-3.50"]


def test_two_regions_of_one_currency_are_two_findings(tmp_path: Path) -> None:
    us, rest = earning(3, "1.00", "USD", "US"), earning(5, "1.00", "USD", "TH")
    told("load_report", region_report(tmp_path / "api", "US", us), region_report(tmp_path / "api", "WW", rest))
    for region, row in (("US", earning(4, "1.00", "USD", "US")), ("WW", earning(3, "1.00", "USD", "TH"))):
        told("import_export", region_report(tmp_path / "console", region, row))

    found = {finding["member"]: finding["difference"] for finding in findings_of()}

    # US: 4.00 - 3.00; rest of the world: 3.00 - 5.00
    assert found == {"US USD": "1.00", "WW USD": "-2.00"}


def test_a_consolidated_file_is_not_counted_beside_the_region_files(tmp_path: Path) -> None:
    chf, jpy = earning(3), earning(2, "490", "JPY", "JP")
    told("load_report", region_report(tmp_path, "ZZ", chf, jpy), region_report(tmp_path, "CH", chf))
    told(
        "import_export",
        payments_export(tmp_path, {CHF: "10.50", "Japan (JPY)": "980"}, units={CHF: 3, "Japan (JPY)": 2}),
    )

    assert findings_of() == []


def test_app_units_against_first_downloads(tmp_path: Path) -> None:
    # types 1 and 1F count, updates (7) and purchases do not: 5 + 2 = 7
    rows = download(5, kind="1"), download(2, kind="1F"), download(40, kind="7"), sale(3)
    told("load_report", sales_report(tmp_path, *rows))
    told("import_export", metric_export(tmp_path, {DAY: 9}), "--timezone", "PT")

    document = told("reconcile")

    assert rules_of(document) == {"app_units": (1, 0)}
    (finding,) = document["findings"]
    assert (finding["api_value"], finding["console_value"], finding["difference"]) == ("7", "9", "2")


def test_the_newest_export_of_a_metric_counts_whatever_zone_it_was_said_to_be_in(tmp_path: Path, clock: Clock) -> None:
    told("load_report", sales_report(tmp_path, download(7)))
    path = metric_export(tmp_path, {DAY: 7})
    told("import_export", path, "--timezone", "PT")
    clock(datetime(2026, 11, 20, 10, tzinfo=UTC))
    told("import_export", path, "--timezone", "UTC")

    assert rules_of(told("reconcile")) == {"app_units": (1, 1)}


def test_an_export_with_a_filter_is_no_match_for_the_whole(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(7)))
    told("import_export", metric_export(tmp_path, {DAY: 7}))
    (part,) = told("import_export", metric_export(tmp_path, {DAY: 2}, filters=["Territory,Germany"], name="de.csv"))

    document = told("reconcile")

    assert part["state"] == "loaded"
    assert rules_of(document) == {"app_units": (1, 1)}
    assert document["findings"] == []


@pytest.mark.parametrize(
    ("patterns", "counted"),
    [
        (["IA*"], 3 + 4),
        (["IAY"], 3),
        (["*Y"], 3),
        (["I*Y", "1*"], 3 + 5),
        (["IA_"], 0),
        (["IA%"], 0),
        (["*"], 3 + 4 + 5 + 6),
    ],
)
def test_a_rule_that_a_person_adds_reconciles(tmp_path: Path, patterns: list[str], counted: int) -> None:
    Rule.objects.create(
        key="purchases", title="In-app purchases", console_kind="A1", console_metric="in_app_purchases",
        api_report="SALES/SUMMARY/DAILY", api_measure="units", api_filter={"product_type": patterns},
    )  # fmt: skip
    rows = sale(3, kind="IAY"), sale(4, kind="IA1"), download(5, kind="1F"), download(6, kind="7")
    told("load_report", sales_report(tmp_path, *rows))
    told("import_export", metric_export(tmp_path, {DAY: 100 + counted}, metric="In-App Purchases"))

    document = told("reconcile")

    assert rules_of(document) == {"purchases": (1, 0)}
    assert [(finding["difference"], finding["metric"]) for finding in document["findings"]] == [
        ("100", "in_app_purchases")
    ]


@pytest.mark.parametrize(
    ("cut", "expected"),
    [("territory", [("DE", "2.10"), ("US", "6.98")]), ("product", [("notes.pro", "9.08")])],
)
def test_a_rule_may_compare_by_country_or_product(tmp_path: Path, cut: str, expected: list[tuple[str, str]]) -> None:
    Rule.objects.all().delete()
    Rule.objects.create(
        key="by_cut", title="Proceeds by cut", console_kind="R", console_metric="proceeds", cut=cut,
        api_report="SALES/SUMMARY/DAILY", api_measure="proceeds",
    )  # fmt: skip
    told("load_report", sales_report(tmp_path / "api", sale(1)))
    # US: 3 x 3.49 - 3.49 = 6.98; DE: 2.10, all in US dollars
    told("import_export", sales_report(tmp_path / "console", sale(3), sale(1, "2.10", country="DE")))

    found = findings_of()

    assert sorted((finding["member"], finding["difference"]) for finding in found) == expected
    assert {finding["cut"] for finding in found} == {cut}


def test_a_rule_on_customer_prices_counts_customer_prices(tmp_path: Path) -> None:
    Rule.objects.all().delete()
    Rule.objects.create(
        key="sales", title="Sales", console_kind="R", console_metric="sales", api_report="SALES/SUMMARY/DAILY",
        api_measure="sales",
    )  # fmt: skip
    told("load_report", sales_report(tmp_path / "api", sale(3), sale(-1, price="-4.99")))
    console = sale(3), sale(-1, price="-4.99"), sale(2, country="CA", price="6.99")
    told("import_export", sales_report(tmp_path / "console", *console))

    (finding,) = findings_of()

    # the rows of Canada are lost: 2 x 6.99
    assert (finding["kind"], finding["cut"], finding["member"]) == ("missing_sales_values", "territory", "CA")
    assert finding["difference"] == "13.98"


def test_a_disabled_rule_closes_its_findings_and_finds_them_again(tmp_path: Path) -> None:
    told("load_report", region_report(tmp_path, "CH", earning(3)))
    told("import_export", payments_export(tmp_path, {CHF: "9.50"}, units={CHF: 3}))
    (before,) = findings_of()

    Rule.objects.filter(key="earned").update(enabled=False)
    assert findings_of() == []
    assert Finding.objects.get().state == "closed"

    Rule.objects.filter(key="earned").update(enabled=True)
    (after,) = findings_of()
    assert (after["id"], after["state"]) == (before["id"], "open")


@pytest.mark.parametrize(
    ("absolute", "percent", "api", "console", "found"),
    [
        ("0.05", "0", 100, "350.05", 0),
        ("0.05", "0", 100, "350.06", 1),
        ("0.05", "0", 100, "349.95", 0),
        ("0.05", "0", 100, "349.94", 1),
        # 1 % of 350.00 is 3.50
        ("0", "1", 100, "353.50", 0),
        ("0", "1", 100, "353.51", 1),
        # the wider of the two counts
        ("4", "1", 100, "354.00", 0),
    ],
)
def test_a_difference_as_large_as_the_tolerance_is_none_and_a_cent_more_is_one(
    tmp_path: Path, absolute: str, percent: str, api: int, console: str, found: int
) -> None:
    Rule.objects.filter(key="earned").update(tolerance=Decimal(absolute), tolerance_percent=Decimal(percent), causes=[])
    told("load_report", region_report(tmp_path, "CH", earning(api)))
    told("import_export", payments_export(tmp_path, {CHF: console}, units={CHF: api}))

    document = told("reconcile")

    assert len(document["findings"]) == found
    assert document["within_tolerance"] == 1 - found


def test_nothing_is_compared_before_the_api_has_delivered_anything(tmp_path: Path) -> None:
    told("import_export", metric_export(tmp_path, dict.fromkeys(days_from(DAY, 3), 5)))

    document = told("reconcile")

    assert (document["compared"], document["findings"]) == (0, [])


def test_two_accounts_are_two_findings(tmp_path: Path) -> None:
    for vendor in ("80000001", "80000002"):
        told("load_report", sales_report(tmp_path / "api", sale(3), vendor=vendor))
        console = sales_report(tmp_path / "console", sale(5 if vendor == "80000001" else 6), vendor=vendor)
        told("import_export", console)

    found = {finding["account"]: finding["difference"] for finding in findings_of()}

    # (5 - 3) x 3.49 and (6 - 3) x 3.49
    assert found == {"80000001": "6.98", "80000002": "10.47"}
