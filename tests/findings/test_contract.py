"""The JSON documents that others rely on: every key is there, amounts are text, unknown is null."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.doors import ask, refusal, told
from tests.make_files import DAY, download, earning, metric_export, payments_export, region_report, sale, sales_report

pytestmark = pytest.mark.django_db

FINDING = {
    "id",
    "kind",
    "cause",
    "severity",
    "state",
    "account",
    "vendor_number",
    "app",
    "apple_id",
    "report",
    "metric",
    "cut",
    "member",
    "currency",
    "from",
    "to",
    "api_value",
    "console_value",
    "difference",
    "explained",
    "residual",
    "money_at_risk",
    "first_seen",
    "last_seen",
    "message",
    "next_step",
    "evidence",
}
DELIVERY = {
    "file",
    "sha256",
    "side",
    "kind",
    "language",
    "account",
    "vendor_number",
    "app",
    "apple_id",
    "from",
    "to",
    "grain",
    "timezone",
    "currency",
    "rows_read",
    "rows_accepted",
    "rows_rejected",
    "rejections",
    "totals",
    "overlaps",
    "warnings",
}
TOTALS = {"units", "by_currency", "refund_rows", "partial_refund_rows"}
AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
DAY_TEXT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def assert_amounts(values: list[Any]) -> None:
    assert all(value is None or (isinstance(value, str) and AMOUNT.fullmatch(value)) for value in values), values


def assert_finding(finding: dict[str, Any]) -> None:
    assert set(finding) == FINDING
    assert_amounts([finding[key] for key in ("api_value", "console_value", "difference", "explained", "residual")])
    assert_amounts(list(finding["money_at_risk"].values()))
    assert DAY_TEXT.fullmatch(finding["from"])
    assert DAY_TEXT.fullmatch(finding["to"])
    assert finding["currency"] is None or len(finding["currency"]) == 3
    assert all(set(item) == {"file", "sha256", "line"} and len(item["sha256"]) == 64 for item in finding["evidence"])


@pytest.fixture
def differing(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path / "api", sale(3), download(5)), region_report(tmp_path, "CH", earning(3)))
    console = [
        sales_report(tmp_path / "console", sale(3), sale(1, "490.000", "JPY", "JP"), download(7)),
        payments_export(tmp_path, {"Switzerland (CHF)": "10.49", "Japan (JPY)": "980"}),
    ]
    told("import_export", *console)


def test_findings_of_a_run_and_of_the_list_are_alike(differing: None) -> None:
    run = told("reconcile")
    listed = told("findings")

    assert set(run) == {"run", "from", "to", "compared", "equal", "within_tolerance", "findings", "by_rule"}
    assert all({"rule", "metric", "compared", "equal"} <= set(rule) for rule in run["by_rule"])
    assert [run[key] for key in ("compared", "equal")] == [
        sum(rule[key] for rule in run["by_rule"]) for key in ("compared", "equal")
    ]
    assert set(listed) == {"findings"}
    assert listed["findings"] == run["findings"]
    assert run["findings"]
    for finding in run["findings"]:
        assert_finding(finding)


def test_a_vendor_wide_finding_has_no_app(differing: None) -> None:
    payments = [finding for finding in told("reconcile")["findings"] if finding["metric"] == "earned"]

    assert payments
    assert {(finding["app"], finding["apple_id"]) for finding in payments} == {(None, None)}


def test_what_a_file_became_has_every_key(tmp_path: Path) -> None:
    reports = told("load_report", sales_report(tmp_path, sale(3)), region_report(tmp_path, "CH", earning(3)))
    exports = told(
        "import_export",
        metric_export(tmp_path, {DAY: 1, DAY + timedelta(days=1): 2}),
        payments_export(tmp_path, {"Switzerland (CHF)": "10.50"}),
    )

    for document in [*reports, *exports]:
        assert set(document) >= DELIVERY
        assert set(document["totals"]) >= TOTALS
        assert_amounts([document["totals"]["units"], *document["totals"]["by_currency"].values()])
        assert len(document["sha256"]) == 64
        assert all(type(document[key]) is int for key in ("rows_read", "rows_accepted", "rows_rejected"))
    # a metric has no units to add up: unknown is null
    assert exports[0]["totals"]["units"] is None
    assert exports[0]["vendor_number"] is None


def test_overlaps_and_rejections_have_their_keys(tmp_path: Path) -> None:
    told("import_export", metric_export(tmp_path, {DAY: 1}, name="a.csv"))
    path = metric_export(tmp_path, {DAY: 2, DAY + timedelta(days=1): "x"}, name="b.csv")
    (export,) = told("import_export", path, "--accept-rejects")

    assert all({"with", "day", "old", "new"} <= set(overlap) for overlap in export["overlaps"])
    assert_amounts([overlap[side] for overlap in export["overlaps"] for side in ("old", "new")])
    assert [set(rejection) for rejection in export["rejections"]] == [{"line", "column", "seen", "why"}]


def test_the_list_of_findings_is_filtered(differing: None) -> None:
    told("reconcile")

    kinds = {finding["kind"] for finding in told("findings")["findings"]}
    assert len(kinds) > 1
    for kind in kinds:
        assert {finding["kind"] for finding in told("findings", "--kind", kind)["findings"]} == {kind}
    assert told("findings", "--state", "closed")["findings"] == []
    assert {f["apple_id"] for f in told("findings", "--app", 1500000001)["findings"]} == {1500000001}


@pytest.mark.parametrize("command", ["reconcile", "findings"])
def test_fail_on_ends_with_1_when_such_a_finding_is_open(differing: None, command: str) -> None:
    told("reconcile")

    assert ask(command).code == 0
    assert ask(command, "--fail-on", "info").code == 1
    assert ask(command, "--fail-on", "high").code == 1
    assert ask(command, "--fail-on", "high").document["findings"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--month", "2026-10", "--fiscal-month", "2026-12"),
        ("--from", "2026-10-01"),
        ("--from", "2026-10-02", "--to", "2026-10-01"),
        ("--month", "October"),
        ("--month", "2026-13"),
        ("--fiscal-month", "1999-01"),
        ("--fiscal-month", "last"),
        ("--account", "Nobody"),
        ("--app", "4711"),
    ],
)
def test_a_period_or_scope_that_makes_no_sense_is_refused(arguments: tuple[str, ...]) -> None:
    error = refusal("reconcile", *arguments)

    assert error["seen"]
    assert error["do"]


@pytest.mark.parametrize("days", [("0001-01-01", "9999-12-31"), ("2026-10-12", "2026-10-12")])
def test_any_days_may_be_asked_for(differing: None, days: tuple[str, str]) -> None:
    document = told("reconcile", "--from", days[0], "--to", days[1])

    assert (document["from"], document["to"]) == days
    assert document["findings"]


def test_a_calendar_month_is_its_days(differing: None) -> None:
    document = told("reconcile", "--month", "2026-10")

    assert (document["from"], document["to"]) == ("2026-10-01", "2026-10-31")


def test_an_empty_database_has_nothing_to_compare() -> None:
    document = told("reconcile")

    assert (document["compared"], document["findings"], document["by_rule"]) == (0, [], [])
    assert told("findings") == {"findings": []}
