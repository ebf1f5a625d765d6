"""The page of one cell: what was expected and why, all that told the period, and how two of them differ."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client

from reports.figures.analytics import derive_analytics
from reports.models import CellState, CoverageCell, Delivery, Grain, OtherAnalyticsRow, Vintage
from tests import factories as make

Login = Callable[[str], Client]
DAY = make.DAY
DOWNLOADS = "App Downloads Standard"


def context(client: Client, cell: CoverageCell, query: str = "") -> Any:
    response = client.get(f"/admin/reports/coveragecell/{cell.pk}/change/?{query}")
    assert response.status_code == 200
    return response.context["page"]


def page(client: Client, cell: CoverageCell) -> str:
    response = client.get(f"/admin/reports/coveragecell/{cell.pk}/change/")
    return re.sub(r"\s+", " ", unescape(response.content.decode()))


def told(made_on: date, counts: dict[str, int], *, rank: int, current: bool, access: str = "ONGOING") -> Vintage:
    """A delivery of DAY with its rows and figures."""
    delivery: Delivery = make.AnalyticsDeliveryFactory.make(file_name=f"{DOWNLOADS} DAILY {made_on}")
    report = make.AnalyticsReportFactory.make(request=make.ReportRequestFactory.make(access=access))
    make.AnalyticsInstanceFactory.make(report=report, processing_date=made_on, delivery=delivery)
    for line, (kind, count) in enumerate(counts.items()):
        make.DownloadRowFactory.make(delivery=delivery, line=line + 2, download_type=kind, counts=count)
    vintage: Vintage = make.AnalyticsVintageFactory.make(
        delivery=delivery, period_start=DAY, taken_on=made_on, rank=rank, current=current
    )
    derive_analytics([vintage], delivery)
    return vintage


@pytest.fixture
def cell(db: None) -> CoverageCell:
    due = datetime(2026, 10, 15, tzinfo=UTC)
    return make.AnalyticsCellFactory.make(
        due=due, delivered_at=due + timedelta(hours=30), seen_overdue_at=due, evidence="Complete as Apple made it."
    )


@pytest.fixture
def three(cell: CoverageCell) -> list[Vintage]:
    """An incomplete one, the complete one that counts, and a snapshot that came last."""
    return [
        told(date(2026, 10, 13), {"First-time download": 4}, rank=0, current=False),
        told(date(2026, 10, 14), {"First-time download": 9, "Redownload": 2}, rank=1, current=True),
        told(date(2026, 11, 1), {"First-time download": 8}, rank=0, current=False, access="ONE_TIME_SNAPSHOT"),
    ]


def test_it_says_what_was_expected_and_by_which_rule(cell: CoverageCell, login: Login) -> None:
    shown = page(login("Viewer"), cell)
    assert (
        "A day of this report is complete 2 days after it (Apple, Data Completeness): in the delivery of 2026-10-14."
        in shown
    )
    assert "Due 2026-10-15 00:00 UTC." in shown
    assert "30 hours late" in shown


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"granularity": Grain.WEEK}, "Apple makes a week 5 days after its Sunday (Data Completeness)"),
        ({"granularity": Grain.MONTH}, "Apple makes a month on the fifth of the next one (Data Completeness)"),
        ({"report": "Nobody knows"}, "Nobody described this report, so its days are waited for as long as any: 5 days"),
    ],
)
def test_weeks_months_and_unknown_reports_have_rules_of_their_own(
    fields: dict[str, Any], sentence: str, db: None, login: Login
) -> None:
    assert sentence in page(login("Viewer"), make.AnalyticsCellFactory.make(**fields))


def test_a_sales_report_is_due_as_apple_helps_page_says(db: None, login: Login) -> None:
    shown = page(login("Viewer"), make.CoverageCellFactory.make())
    assert "Apple makes this report 1 day after its last day at 8:00 Pacific Time" in shown


def test_it_lists_all_that_told_the_day_with_the_one_that_counts_first(
    cell: CoverageCell, three: list[Vintage], login: Login
) -> None:
    early, complete, snapshot = three
    found = context(login("Viewer"), cell).tellings
    assert [telling.vintage for telling in found] == [complete, snapshot, early]
    assert [telling.how for telling in found] == [
        "ongoing report, complete",
        "snapshot: fills what the ongoing report lacks",
        "ongoing report, not complete yet",
    ]
    assert found[0].rows.url == f"/admin/reports/downloadrow/?delivery={complete.delivery_id}&day={DAY}"


def test_it_sets_the_one_that_counts_beside_the_next_by_kind_of_download(
    cell: CoverageCell, three: list[Vintage], login: Login
) -> None:
    lines = context(login("Viewer"), cell).comparison.lines
    told_counts = [(line.kind, line.old, line.new, line.change) for line in lines if line.metric == "counts"]
    # the snapshot of November says 8, the complete day of October 9; it has no redownloads at all
    assert told_counts == [
        ("first-time download", Decimal(8), Decimal(9), Decimal(1)),
        ("redownload", None, Decimal(2), Decimal(2)),
    ]


def test_a_person_chooses_which_two_to_compare(cell: CoverageCell, three: list[Vintage], login: Login) -> None:
    early, complete, snapshot = three
    client = login("Viewer")
    comparison = context(client, cell, f"old={early.pk}&new={snapshot.pk}").comparison
    (line,) = [line for line in comparison.lines if line.metric == "counts"]
    assert (line.old, line.new, line.change) == (Decimal(4), Decimal(8), Decimal(4))
    for nonsense in ("old=x&new=y", "old=0&new=99999999999999999", f"old={complete.pk}&new={complete.pk}"):
        assert context(client, cell, nonsense).comparison.new.vintage == complete


def test_sales_of_two_issues_are_compared_by_currency(db: None, login: Login) -> None:
    cell = make.CoverageCellFactory.make()
    old = make.VintageFactory.make(current=False, taken_on=DAY)
    new = make.VintageFactory.make(current=True, taken_on=date(2026, 11, 1))
    member = make.MemberFactory.make()
    for vintage, units, proceeds, currency in (
        (old, 3, "10.47", "USD"),
        (new, 4, "13.96", "USD"),
        (new, 1, "490", "JPY"),
    ):
        make.SalesFiguresFactory.make(
            vintage=vintage, member=member, units=units, proceeds=Decimal(proceeds), proceeds_currency=currency
        )
    lines = context(login("Viewer"), cell).comparison.lines
    assert [(line.title, line.currency, line.old, line.new) for line in lines if line.metric == "proceeds"] == [
        ("Proceeds", "JPY", None, Decimal(490)),
        ("Proceeds", "USD", Decimal("10.47"), Decimal("13.96")),
    ]


def test_a_report_without_figures_is_compared_by_its_rows(db: None, login: Login) -> None:
    cell = make.AnalyticsCellFactory.make(report="App Install Performance")
    for number, rows in enumerate((2, 3)):
        delivery = make.AnalyticsDeliveryFactory.make(report="App Install Performance")
        make.AnalyticsVintageFactory.make(
            delivery=delivery, period_start=DAY, current=bool(number), taken_on=DAY + timedelta(days=number)
        )
        for line in range(rows):
            OtherAnalyticsRow.objects.create(id=make.row_id(delivery.pk, line + 2), day=DAY)
        OtherAnalyticsRow.objects.create(id=make.row_id(delivery.pk, 90), day=DAY + timedelta(days=1))
    (line,) = context(login("Viewer"), cell).comparison.lines
    assert (line.metric, line.old, line.new) == ("rows", Decimal(2), Decimal(3))


def test_from_a_day_that_is_missing_one_asks_for_its_export(db: None, login: Login) -> None:
    missing = make.AnalyticsCellFactory.make(state=CellState.OVERDUE)
    shown = page(login("Viewer"), missing)
    assert f"/admin/reports/coveragecell/task/?cells={missing.pk}" in shown
    assert "Ask for the export" not in page(login("Viewer"), make.AnalyticsCellFactory.make(date=date(2026, 10, 13)))


def test_it_leads_to_the_findings_and_the_periods_beside_it(cell: CoverageCell, login: Login) -> None:
    before = make.AnalyticsCellFactory.make(date=date(2026, 10, 11))
    make.AnalyticsCellFactory.make(date=date(2026, 10, 11), report="App Crashes")
    finding = make.FindingFactory.make(report=DOWNLOADS, kind="delivery_gap")
    make.FindingFactory.make(report="App Crashes", kind="delivery_gap")
    found = context(login("Viewer"), cell)
    assert (found.before, found.after) == (before, None)
    assert found.findings == [finding]
