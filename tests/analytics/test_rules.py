"""App Analytics exports against the analytics reports of the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ascrecon.demo.verdict import table
from reports.models import Access, App, Delivery, Rule
from reports.services.uploads import compared_with
from tests.analytics.given import (
    DETAILED,
    DOWNLOADS,
    ENGAGEMENT,
    INSTALLATIONS,
    PURCHASES,
    SESSIONS,
    deliver_rows,
    row,
)
from tests.analytics.worlds import NOTES, compared, play, world
from tests.doors import findings_of, told
from tests.factories import AppFactory, CoverageCellFactory
from tests.make_files import metric_export, write

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]

DAY = date(2026, 10, 12)
APP = ("--app", str(NOTES))
METRICS = (
    "Impressions",
    "Product Page Views",
    "Total Downloads",
    "First-Time Downloads",
    "Redownloads",
    "Sessions",
    "Installations",
    "Deletions",
    "Proceeds",
    "Sales",
    "In-App Purchases",
)
RANGE = {"from": "2026-10-12", "to": "2026-11-19"}


@pytest.fixture(autouse=True)
def weeks_later(clock: Clock) -> None:
    clock(datetime(2026, 11, 20, 9, tzinfo=UTC))


@pytest.fixture
def notes() -> App:
    return AppFactory.make()


def export(folder: Path, metric: str, values: Mapping[date, int | str], *options: str, name: str = "metric.csv") -> Any:
    return told("import_export", metric_export(folder, values, metric=metric, name=name), *APP, *options)


def breakdown(folder: Path, metric: str, columns: dict[str, int], day: str = "10/12/26") -> Any:
    heads, cells = (
        ",".join(parts) for parts in zip(*((f"{m} {metric}", f"{v}.0") for m, v in columns.items()), strict=True)
    )
    text = f"Name,Acme Notes\nStart Date,{day}\nEnd Date,{day}\n\nDate,{heads}\n{day},{cells}\n"
    return told("import_export", write(folder, "breakdown.csv", text.encode()), *APP)


def made(day: date, lag: int) -> str:
    """The processing date on which a day is complete."""
    return (day + timedelta(days=lag)).isoformat()


def lines_of(document: Any) -> dict[str, tuple[int, int, int, int]]:
    """Rule to compared, equal, within tolerance and not compared, where any were there."""
    names = ("compared", "equal", "within_tolerance", "not_compared")
    found = {rule["rule"]: tuple(rule[name] for name in names) for rule in document["by_rule"]}
    return {rule: numbers for rule, numbers in found.items() if any(numbers)}


def test_every_metric_of_the_console_equals_the_report_that_it_is_made_of(tmp_path: Path) -> None:
    by_day = [{"kind": "A1", "apple_id": NOTES, "metric": metric, **RANGE} for metric in METRICS]
    by_month = [{**export, "grain": "MONTHLY", "from": "2026-10-02"} for export in by_day]
    by_source = [{**export, "kind": "A2", "by": "source_type"} for export in by_day]
    by_campaign = [{**export, "kind": "A2", "by": "campaign"} for export in by_day]
    differ = {"kind": "console_differs", "export": "A1", "apple_id": NOTES}
    verdict, result = play(
        world(
            {**differ, "metric": "Total Downloads", "date": "2026-10-30", "units_delta": 7},
            {**differ, "metric": "Impressions", "date": "2026-11-03", "units_delta": -12},
            {**differ, "metric": "Sales", "date": "2026-10-20", "units_delta": 25},
            exports=[*by_day, *by_month, *by_source, *by_campaign],
        ),
        tmp_path,
    )

    assert verdict.good, "\n".join(table(verdict, {}))
    assert len(verdict.pairs) == 3
    found = compared(result)
    # 39 days, the last of which are not complete in the report: 1 of downloads, 2 of engagement, 4 of sessions
    assert found["analytics_total_downloads"] == (38, 37)
    assert found["analytics_impressions"] == (37, 36)
    assert found["analytics_sessions"] == (35, 35)
    assert found["analytics_sales"] == (38, 37)
    months = {f"analytics_{metric.lower().replace(' ', '_').replace('-', '_')}_month" for metric in METRICS}
    assert {rule: found[rule] for rule in months} == dict.fromkeys(months, (1, 1)), "October; November is not over"
    sources = [numbers for rule, numbers in found.items() if rule.endswith("_by_source")]
    assert len(sources) == len(METRICS)
    assert all(lines == equal > 0 for lines, equal in sources)


def test_impressions_with_and_without_page_views_are_both_equal_and_the_run_says_which(
    tmp_path: Path, notes: App
) -> None:
    for n, day in enumerate((DAY, DAY + timedelta(days=1))):
        deliver_rows(
            tmp_path,
            ENGAGEMENT,
            made(day, 3),
            row(ENGAGEMENT, day.isoformat(), event="Impression", counts=100 + n, unique_counts=50),
            row(ENGAGEMENT, day.isoformat(), event="Page View", counts=30, unique_counts=20),
            row(ENGAGEMENT, day.isoformat(), event="Tap", counts=9, unique_counts=9),
        )
    export(tmp_path, "Impressions", {DAY: 130, DAY + timedelta(days=1): 101})

    document = told("reconcile")

    (rule,) = [rule for rule in document["by_rule"] if rule["rule"] == "analytics_impressions"]
    assert (rule["compared"], rule["equal"], document["findings"]) == (2, 2, [])


def test_where_a_person_decided_for_one_reading_page_views_explain_the_difference(tmp_path: Path, notes: App) -> None:
    Rule.objects.filter(key="analytics_impressions").update(alternative_filter=None)
    deliver_rows(
        tmp_path,
        ENGAGEMENT,
        made(DAY, 3),
        row(ENGAGEMENT, DAY.isoformat(), event="Impression", counts=100, unique_counts=50),
        row(ENGAGEMENT, DAY.isoformat(), event="Page view", counts=30, unique_counts=20),
    )
    export(tmp_path, "Impressions", {DAY + timedelta(days=n): 100 for n in range(4)})

    (finding,) = findings_of()

    assert (finding["kind"], finding["cause"], finding["severity"]) == (
        "value_mismatch",
        "impressions_include_page_views",
        "info",
    )
    assert (finding["difference"], finding["explained"], finding["residual"]) == ("-30", "-30", "0")


def test_a_day_that_is_not_complete_yet_is_not_compared(tmp_path: Path, notes: App) -> None:
    deliver_rows(tmp_path, SESSIONS, made(DAY, 4), sessions(DAY, 90))
    CoverageCellFactory.make(account=notes.account, app=notes, vendor=None, report=SESSIONS, date=DAY, state="open")
    export(tmp_path, "Sessions", {DAY: 100})
    document = told("reconcile")
    assert (lines_of(document), document["findings"]) == ({}, [])

    deliver_rows(tmp_path, SESSIONS, made(DAY, 5), sessions(DAY, 99))
    (finding,) = findings_of()
    assert (finding["kind"], finding["cause"], finding["difference"]) == ("value_mismatch", "unexplained", "1")


@pytest.mark.parametrize(
    ("state", "kinds"), [("overdue", []), ("blocked", []), ("lost", []), ("empty", ["missing_in_api"])]
)
def test_what_was_not_delivered_is_told_by_the_delivery_and_a_day_called_empty_is_doubted(
    tmp_path: Path, notes: App, state: str, kinds: list[str]
) -> None:
    CoverageCellFactory.make(account=notes.account, app=notes, vendor=None, report=SESSIONS, date=DAY, state=state)
    export(tmp_path, "Sessions", {DAY: 100})

    assert [(found["kind"]) for found in findings_of()] == kinds


def test_another_app_s_report_does_not_stand_for_the_app(tmp_path: Path, notes: App) -> None:
    AppFactory.make(account=notes.account, apple_id=1500000002, sku="B", name="Boats", bundle_id="com.acme.b")
    deliver_rows(tmp_path, SESSIONS, made(DAY, 5), sessions(DAY, 90))
    path = metric_export(tmp_path, {DAY: 100}, metric="Sessions", app="Boats")
    told("import_export", path, "--app", "1500000002")

    assert findings_of() == []


def test_the_last_days_of_an_export_still_grow(tmp_path: Path, notes: App) -> None:
    days = [DAY + timedelta(days=n) for n in range(5)]
    for day in days:
        deliver_rows(tmp_path, SESSIONS, made(day, 5), sessions(day, 100))
    export(tmp_path, "Sessions", dict.fromkeys(days[:4], 100) | {days[4]: 92})

    (finding,) = findings_of()

    assert (finding["cause"], finding["severity"], finding["difference"], finding["residual"]) == (
        "not_final",
        "info",
        "-8",
        "0",
    )


def test_unique_counts_are_off_and_where_they_are_switched_on_nothing_is_ever_added(tmp_path: Path, notes: App) -> None:
    next_day = DAY + timedelta(days=1)
    deliver_rows(
        tmp_path, SESSIONS, made(DAY, 5), sessions(DAY, 90, devices=40), sessions(DAY, 10, devices=8, territory="DE")
    )
    deliver_rows(tmp_path, SESSIONS, made(next_day, 5), sessions(next_day, 90, devices=40))
    export(tmp_path, "Active Devices", {DAY: 45, next_day: 41})
    assert lines_of(told("reconcile")) == {}
    rule = Rule.objects.get(key="analytics_active_devices")
    assert (rule.enabled, rule.additive) == (False, False)
    assert rule.notes.startswith("Off: the console counts each device once over all rows")

    Rule.objects.filter(key="analytics_active_devices").update(enabled=True)
    document = told("reconcile")

    # one row on the second day; two rows on the first may count a device twice
    assert lines_of(document) == {"analytics_active_devices": (1, 0, 0, 1)}
    assert [(found["from"], found["difference"]) for found in document["findings"]] == [("2026-10-13", "1")]


def test_dollars_are_compared_with_exports_in_dollars_only(tmp_path: Path, notes: App) -> None:
    deliver_rows(
        tmp_path,
        PURCHASES,
        made(DAY, 2),
        sold(DAY, purchases=3, proceeds="10.47", sales="14.97"),
        sold(DAY, purchases=-1, proceeds="-3.49", sales="-4.99"),
        sold(DAY, purchases=0, proceeds="-1.00", sales="-1.50"),
    )
    path = write(tmp_path, "sales.csv", b"Name,Acme Notes\nDate,10/12/26\n\nDate,Sales\n10/12/26,9.48\n")

    told("import_export", path, *APP, "--currency", "EUR")
    assert lines_of(told("reconcile")) == {}

    told("import_export", path, *APP, "--currency", "USD")
    (finding,) = [found for found in findings_of() if found["kind"] == "value_mismatch"]
    # 14.97 - 4.99 - 1.50 = 8.48
    assert (finding["metric"], finding["currency"], finding["api_value"], finding["difference"]) == (
        "sales",
        "USD",
        "8.48",
        "1.00",
    )


def test_installations_without_updates(tmp_path: Path, notes: App) -> None:
    kinds = {"First-time download": 20, "Redownload": 5, "Restore": 1, "Manual update": 30, "Auto-update": 40}
    rows = [
        row(INSTALLATIONS, DAY.isoformat(), event="Install", download_type=kind, counts=number, unique_devices=number)
        for kind, number in kinds.items()
    ]
    deliver_rows(tmp_path, INSTALLATIONS, made(DAY, 5), *rows)
    export(tmp_path, "Installations", {DAY: 26})

    assert lines_of(told("reconcile")) == {"analytics_installations": (1, 1, 0, 0)}


def test_a_month_is_compared_with_apples_month_and_a_cut_month_is_not(tmp_path: Path, notes: App) -> None:
    deliver_rows(tmp_path, SESSIONS, "2026-10-05", sessions(date(2026, 9, 1), 900), granularity="MONTHLY")
    deliver_rows(tmp_path, SESSIONS, "2026-11-05", sessions(date(2026, 10, 1), 1000), granularity="MONTHLY")
    text = "Name,Acme Notes\nStart Date,9/1/26\nEnd Date,10/20/26\n\nDate,Sessions\n9/1/26,905.0\n10/1/26,640.0"
    told("import_export", write(tmp_path, "months.csv", text.encode()), *APP)

    (finding,) = findings_of()

    assert (finding["from"], finding["to"], finding["difference"]) == ("2026-09-01", "2026-09-30", "5")


def test_a_month_of_downloads_is_the_sum_of_its_days(tmp_path: Path, notes: App) -> None:
    september = [date(2026, 9, 1) + timedelta(days=n) for n in range(30)]
    rows = [row(DOWNLOADS, day.isoformat(), counts=10) for day in september]
    text = "Name,Acme Notes\nStart Date,9/1/26\nEnd Date,9/30/26\n\nDate,Total Downloads\n9/1/26,303.0"
    told("import_export", write(tmp_path, "month.csv", text.encode()), *APP)
    deliver_rows(tmp_path, DOWNLOADS, "2026-10-20", *rows[1:], access=Access.SNAPSHOT)
    assert findings_of() == [], "a day is missing"

    deliver_rows(tmp_path, DOWNLOADS, "2026-09-03", rows[0])
    (finding,) = findings_of()

    # 303 less 30 x 10
    assert (finding["report"], finding["from"], finding["to"], finding["difference"]) == (
        DOWNLOADS,
        "2026-09-01",
        "2026-09-30",
        "3",
    )


def test_a_breakdown_by_source_is_compared_member_by_member_and_never_summed(tmp_path: Path, notes: App) -> None:
    sources = {"App Store search": 50, "Web referrer": 20, "App referrer": 7}
    deliver_rows(
        tmp_path,
        DOWNLOADS,
        made(DAY, 2),
        *(row(DOWNLOADS, DAY.isoformat(), source_type=source, counts=n) for source, n in sources.items()),
    )
    breakdown(tmp_path, "Total Downloads", {"App Store Search": 50, "Web Referrer": 23})

    document = told("reconcile")

    # the screen lists the biggest members only: App referrer is left out
    assert lines_of(document) == {"analytics_total_downloads_by_source": (2, 1, 0, 1)}
    (finding,) = document["findings"]
    assert (finding["cut"], finding["member"], finding["difference"]) == ("source_type", "Web referrer", "3")


def test_what_a_campaign_lacks_is_explained_by_privacy_up_to_what_the_detailed_report_leaves_out(
    tmp_path: Path, notes: App
) -> None:
    deliver_rows(
        tmp_path, DOWNLOADS, made(DAY, 2), row(DOWNLOADS, DAY.isoformat(), source_type="Web referrer", counts=120)
    )
    deliver_rows(
        tmp_path,
        DETAILED,
        made(DAY, 2),
        row(DETAILED, DAY.isoformat(), source_type="Web referrer", campaign="spring", counts=60),
        row(DETAILED, DAY.isoformat(), source_type="Web referrer", campaign="autumn", counts=40),
    )

    # 20 of 120 are left out, and the noise of two rows is 5 x 2 x 1.4 = 14: 34 in all
    breakdown(tmp_path, "Total Downloads", {"Spring": 70, "Autumn": 45, "Small": 4})
    assert lines_of(told("reconcile")) == {"analytics_total_downloads_by_campaign": (3, 0, 3, 0)}
    assert findings_of() == []

    breakdown(tmp_path, "Total Downloads", {"Spring": 160, "Autumn": 40, "Small": 0})
    (finding,) = [found for found in findings_of() if found["kind"] == "value_mismatch"]
    # 100 too many: 34 may be left out, and the noise of its row is 10
    assert (finding["member"], finding["difference"], finding["explained"], finding["residual"]) == (
        "spring",
        "100",
        "44",
        "56",
    )
    assert "Of the difference 44 may be noise and rows of few people" in finding["message"]


def test_columns_that_are_campaigns_are_read_so_and_a_person_is_told(tmp_path: Path, notes: App) -> None:
    (said,) = breakdown(tmp_path, "Total Downloads", {"Spring": 70, "Autumn": 45})

    assert any(warning.startswith("Read as a breakdown by campaign") for warning in said["warnings"])


def test_an_export_is_told_the_rules_that_read_it(tmp_path: Path, notes: App) -> None:
    breakdown(tmp_path, "Total Downloads", {"App Store Search": 50})

    assert compared_with(Delivery.objects.get()) == [
        "App Analytics by source type: total downloads (not confirmed yet)"
    ]


def test_an_export_with_a_filter_is_not_compared_with_everything(tmp_path: Path, notes: App) -> None:
    deliver_rows(tmp_path, DOWNLOADS, made(DAY, 2), row(DOWNLOADS, DAY.isoformat(), counts=120))
    text = "Name,Acme Notes\nDate,10/12/26\nTerritory,Japan\n\nDate,App Store Search Total Downloads\n10/12/26,3.0\n"
    told("import_export", write(tmp_path, "japan.csv", text.encode()), *APP)

    assert lines_of(told("reconcile")) == {}


def sessions(day: date, number: int, devices: int = 40, **cells: object) -> str:
    return row(SESSIONS, day.isoformat(), sessions=number, total_session_duration=60, unique_devices=devices, **cells)


def sold(day: date, *, purchases: int, proceeds: str, sales: str) -> str:
    return row(
        PURCHASES,
        day.isoformat(),
        purchase_type="In-app purchases",
        purchases=purchases,
        proceeds_in_usd=proceeds,
        sales_in_usd=sales,
        paying_users=1,
    )
