"""Why the two sides differ: each cause by an amount that only it explains."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reports.models import Cause, Rule
from tests.doors import findings_of, told
from tests.make_files import (
    DAY,
    days_from,
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
PACIFIC = ZoneInfo("America/Los_Angeles")


@pytest.fixture(autouse=True)
def long_after(clock: Clock) -> None:
    clock(datetime(2026, 12, 20, 9, tzinfo=UTC))


def only(findings: list[dict[str, Any]]) -> dict[str, Any]:
    (finding,) = findings
    return finding


def payments_finding(folder: Path, rows: list[dict[str, str]], console: str) -> dict[str, Any]:
    told("load_report", region_report(folder, "CH", *rows))
    told("import_export", payments_export(folder, {CHF: console}))
    return only([finding for finding in findings_of() if finding["metric"] == "earned"])


@pytest.mark.parametrize(
    ("console", "difference"),
    # sold 4 x 3.50 = 14.00, returned 3.50: net 10.50
    [("17.50", "7.00"), ("14.00", "3.50")],
    ids=["returns added", "returns left out"],
)
def test_refund_sign(tmp_path: Path, console: str, difference: str) -> None:
    finding = payments_finding(tmp_path, [earning(4), earning(-1)], console)

    assert (finding["cause"], finding["difference"]) == ("refund_sign", difference)
    assert (finding["explained"], finding["residual"], finding["money_at_risk"]) == (difference, "0.00", {})
    assert finding["severity"] == "low"


def test_refund_sign_of_a_sales_report_where_the_rule_allows_it(tmp_path: Path) -> None:
    # Off at first: sales reports are compared row by row, where a total that fits by chance proves nothing.
    Rule.objects.filter(key="sales_proceeds").update(causes=[Cause.REFUND_SIGN])
    told("load_report", sales_report(tmp_path / "api", sale(5), sale(-2)))
    told("import_export", sales_report(tmp_path / "console", sale(5), sale(2)))

    finding = only(findings_of())

    # 7 x 3.49 in place of 3 x 3.49: 4 x 3.49
    assert (finding["kind"], finding["cause"], finding["difference"]) == ("value_mismatch", "refund_sign", "13.96")


def test_per_unit_price(tmp_path: Path) -> None:
    # 4 x 3.50 + 2 x 1.20 = 16.40; the bare prices: 3.50 + 1.20 = 4.70
    finding = payments_finding(tmp_path, [earning(4), earning(2, "1.20")], "4.70")

    assert (finding["cause"], finding["difference"]) == ("per_unit_price", "-11.70")
    assert (finding["explained"], finding["residual"]) == ("-11.70", "0.00")


@pytest.mark.parametrize(
    ("console", "cause"),
    # three rows of 1.0025: 3.0075. Each may be rounded by half a coin: 3 x 0.005 = 0.015
    [
        ("3.01", "rounding"),
        ("3.00", "rounding"),
        ("3.02", "rounding"),
        ("3.03", "unexplained"),
        ("2.99", "unexplained"),
    ],
)
def test_rounding_of_each_row_and_no_more(tmp_path: Path, console: str, cause: str) -> None:
    rows = [earning(1, share, extended="1.0025") for share in ("1.0025", "1.0025", "1.0025")]

    finding = payments_finding(tmp_path, rows, console)

    assert finding["cause"] == cause
    assert finding["severity"] == ("info" if cause == "rounding" else "low")


def test_yen_are_rounded_to_whole_yen(tmp_path: Path) -> None:
    told("load_report", region_report(tmp_path, "JP", earning(1, "100.40", "JPY", "JP")))
    told("import_export", payments_export(tmp_path, {"Japan (JPY)": "100"}))

    # 100 - 100.40
    finding = only(findings_of())
    assert (finding["cause"], finding["difference"]) == ("rounding", "-0.40")


def test_a_whole_coin_on_each_row_is_no_rounding(tmp_path: Path) -> None:
    # both sides have whole coins, and differ by two: nothing was rounded
    finding = payments_finding(
        tmp_path, [earning(1), earning(1, "3.60"), earning(1, "3.70"), earning(1, "3.80")], "14.62"
    )

    assert (finding["difference"], finding["cause"]) == ("0.02", "unexplained")


def test_what_no_cause_explains_is_said_so(tmp_path: Path) -> None:
    finding = payments_finding(tmp_path, [earning(4)], "15.11")

    # 15.11 - 14.00
    assert (finding["kind"], finding["cause"], finding["difference"]) == ("value_mismatch", "unexplained", "1.11")
    assert (finding["explained"], finding["residual"], finding["money_at_risk"]) == ("0", "1.11", {"CHF": "1.11"})
    assert finding["severity"] == "high"


def test_a_region_that_was_not_delivered_is_named(tmp_path: Path) -> None:
    told(
        "load_report",
        region_report(tmp_path, "CH", earning(4)),
        region_report(tmp_path, "US", earning(1, "2.00", "USD", "US")),
    )
    # the dollars of three other regions and all of Japan did not come
    earned = {CHF: "14.00", "Americas (USD)": "2.00", "Rest of World (USD)": "5.00", "Japan (JPY)": "980"}
    told("import_export", payments_export(tmp_path, earned, units={CHF: 4}))

    found = {finding["currency"]: finding for finding in findings_of()}

    assert set(found) == {"USD", "JPY"}
    # 2.00 + 5.00 - 2.00
    assert (found["USD"]["kind"], found["USD"]["cause"], found["USD"]["difference"]) == (
        "value_mismatch", "not_delivered", "5.00",
    )  # fmt: skip
    assert "WW" in found["USD"]["message"]
    assert (found["JPY"]["kind"], found["JPY"]["cause"]) == ("missing_in_api", "not_delivered")
    assert (found["JPY"]["api_value"], found["JPY"]["difference"]) == (None, "980")
    assert "JP" in found["JPY"]["message"]


def test_a_day_that_was_not_delivered_between_others_is_missing_in_the_api(tmp_path: Path) -> None:
    first, gap, last = days_from(DAY, 3)
    for day in (first, gap, last):
        told("import_export", sales_report(tmp_path / "console", sale(2), day=day))
    for day in (first, last):
        told("load_report", sales_report(tmp_path / "api", sale(2), day=day))

    finding = only(findings_of())

    assert (finding["kind"], finding["cause"]) == ("missing_in_api", "not_delivered")
    assert (finding["from"], finding["to"]) == ("2026-10-13", "2026-10-13")
    # 2 x 3.49
    assert (finding["api_value"], finding["console_value"], finding["difference"]) == (None, "6.98", "6.98")


def test_a_day_without_sales_is_not_missing_because_the_console_says_zero(tmp_path: Path) -> None:
    first, quiet, last = days_from(DAY, 3)
    for day in (first, last):
        told("load_report", sales_report(tmp_path, download(2), day=day))
    told("import_export", metric_export(tmp_path, {first: 2, quiet: 0, last: 2}), "--timezone", "PT")

    document = told("reconcile")

    assert document["findings"] == []
    assert (document["compared"], document["equal"]) == (2, 2)


@pytest.mark.parametrize(("today", "cause"), [(14, "unexplained"), (13, "not_final")])
def test_not_final_is_over_after_the_days_that_the_rule_says(
    tmp_path: Path, clock: Clock, today: int, cause: str
) -> None:
    # two days until final: 12 October is final on the 14th. In Pacific Time it is still the 13th at 01:00 UTC
    clock(datetime(2026, 10, today, 18, tzinfo=UTC))
    told("load_report", sales_report(tmp_path, download(10)))
    told("import_export", metric_export(tmp_path, {DAY: 11}), "--timezone", "PT")

    finding = only(findings_of())

    assert (finding["cause"], finding["difference"]) == (cause, "1")
    assert finding["residual"] == ("0" if cause == "not_final" else "1")
    assert finding["severity"] == ("info" if cause == "not_final" else "high")


def test_the_day_of_the_rule_is_the_day_in_its_zone(tmp_path: Path, clock: Clock) -> None:
    clock(datetime(2026, 10, 14, 1, tzinfo=UTC))
    told("load_report", sales_report(tmp_path, download(10)))
    told("import_export", metric_export(tmp_path, {DAY: 11}), "--timezone", "PT")

    assert only(findings_of())["cause"] == "not_final"


def test_numbers_that_may_not_be_added_up_differ_by_definition(tmp_path: Path) -> None:
    Rule.objects.create(
        key="devices", title="Active devices", console_kind="A1", console_metric="active_devices", additive=False,
        api_report="SALES/SUMMARY/DAILY", api_measure="units",
    )  # fmt: skip
    told("load_report", sales_report(tmp_path, download(10)))
    told("import_export", metric_export(tmp_path, {DAY: 40}, metric="Active Devices"))

    finding = only(findings_of())
    assert (finding["cause"], finding["explained"], finding["severity"]) == ("metric_definition", "30", "info")


def test_a_cause_that_is_switched_off_is_not_named(tmp_path: Path) -> None:
    Rule.objects.filter(key="earned").update(causes=["rounding"])

    assert payments_finding(tmp_path, [earning(4), earning(-1)], "17.50")["cause"] == "unexplained"


def events(seed: int, first: date, days: int) -> list[datetime]:
    """Downloads with their moments, about 60 a day, fewer at night; days before and after are there too."""
    chance = random.Random(seed)  # noqa: S311 - invented sales
    moments = []
    for day in days_from(first - timedelta(days=2), days + 4):
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        moments += [midnight + timedelta(seconds=chance.randrange(86400)) for _ in range(chance.randrange(45, 75))]
    return moments


def by_day(moments: list[datetime], zone: ZoneInfo) -> Counter[date]:
    return Counter(moment.astimezone(zone).date() for moment in moments)


@pytest.fixture
def shifted(tmp_path: Path) -> dict[date, int]:
    """Thirty Pacific days on the API's side; the same events by UTC day."""
    moments = events(7, DAY, 30)
    pacific, utc = by_day(moments, PACIFIC), by_day(moments, ZoneInfo("UTC"))
    for day in days_from(DAY, 30):
        told("load_report", sales_report(tmp_path / "api", download(pacific[day]), day=day))
    return {day: utc[day] for day in days_from(DAY, 30)}


def test_days_of_another_zone_than_the_one_said_are_one_finding(tmp_path: Path, shifted: dict[date, int]) -> None:
    told("import_export", metric_export(tmp_path, shifted), "--timezone", "PT")

    found = findings_of()

    assert {finding["cause"] for finding in found} == {"timezone_shift"}
    assert {finding["residual"] for finding in found} == {"0"}
    assert found[0]["from"] <= "2026-10-13"
    assert found[-1]["to"] >= "2026-11-08"
    # in all: the events of the UTC days less those of the Pacific days
    pacific = by_day(events(7, DAY, 30), PACIFIC)
    total = sum(shifted.values()) - sum(pacific[day] for day in shifted)
    assert sum(Decimal(finding["difference"]) for finding in found) == total


def test_days_of_another_zone_that_is_named_are_no_finding(tmp_path: Path, shifted: dict[date, int]) -> None:
    told("import_export", metric_export(tmp_path, shifted), "--timezone", "UTC")

    document = told("reconcile")

    assert document["findings"] == []
    rule = document["by_rule"][0]
    assert rule["compared"] == 30
    assert rule["equal"] + rule["within_tolerance"] == 30


@pytest.mark.parametrize("wrong_by", [500, -40])
def test_a_wrong_day_among_shifted_days_is_still_found_alone(
    tmp_path: Path, shifted: dict[date, int], wrong_by: int
) -> None:
    wrong = DAY + timedelta(days=14)
    told("import_export", metric_export(tmp_path, shifted | {wrong: shifted[wrong] + wrong_by}), "--timezone", "UTC")

    found = findings_of()

    assert found, "the wrong day is found"
    assert {finding["cause"] for finding in found} == {"unexplained"}
    assert found[0]["from"] <= wrong.isoformat() <= found[-1]["to"]
    days = [(date.fromisoformat(f["to"]) - date.fromisoformat(f["from"])).days + 1 for f in found]
    assert sum(days) <= 3, found


def test_a_number_that_is_always_too_high_is_no_shift(tmp_path: Path) -> None:
    for day in days_from(DAY, 20):
        told("load_report", sales_report(tmp_path / "api", download(60 + day.day % 5), day=day))
    console = {day: 61 + day.day % 5 for day in days_from(DAY, 20)}
    told("import_export", metric_export(tmp_path, console), "--timezone", "UTC")

    finding = only(findings_of())

    assert (finding["cause"], finding["difference"]) == ("unexplained", "20")
