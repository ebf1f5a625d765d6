"""A total over days that are not final says so, wherever it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from reports.coverage.overview import Known
from reports.figures.analytics import derive_analytics
from reports.models import CellState, Grain
from tests import factories as make

Login = Callable[[str], Client]


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.mark.parametrize(
    ("total", "not_final", "said"),
    [
        (31, 2, "2 of 31 days are not final"),
        (31, 1, "1 of 31 days is not final"),
        (1, 1, "1 of 1 day is not final"),
        (2000, 1500, "1,500 of 2,000 days are not final"),
        (31, 0, ""),
        (0, 0, ""),
    ],
)
def test_it_says_how_many_of_how_many(total: int, not_final: int, said: str) -> None:
    assert Known(total, not_final, "day").sentence == said


def test_final_and_empty_are_known_and_nothing_else_is() -> None:
    assert Known.of(CellState.values) == Known(6, 4)


def test_a_run_says_it_beside_each_rule_of_the_report(db: None, login: Login) -> None:
    rule = make.RuleFactory.make()
    run = make.RunFactory.make(compared=3, equal=3, by_rule=[{"rule": rule.key, "compared": 3, "equal": 3}])
    for n, state in enumerate((CellState.FINAL, CellState.OVERDUE, CellState.OPEN)):
        make.CoverageCellFactory.make(date=make.DAY + timedelta(days=n), state=state)
    make.CoverageCellFactory.make(date=run.period_end + timedelta(days=1), state=CellState.OVERDUE)
    make.CoverageCellFactory.make(report="SALES/SUMMARY/WEEKLY", granularity=Grain.WEEK, state=CellState.OVERDUE)
    assert "2 of 3 days are not final" in text(login("Viewer"), f"/admin/reports/run/{run.pk}/change/")


def test_an_analytics_file_says_it_on_its_page_and_below_its_rows(db: None, login: Login) -> None:
    file = make.AnalyticsDeliveryFactory.make(period_end=make.DAY + timedelta(days=2))
    for n, state in enumerate((CellState.FINAL, CellState.FINAL, CellState.OPEN)):
        make.AnalyticsCellFactory.make(date=make.DAY + timedelta(days=n), state=state)
    make.AnalyticsCellFactory.make(app=make.AppFactory.make(apple_id=7, sku="X"), state=CellState.LOST)
    make.DownloadRowFactory.make(delivery=file)
    client = login("Viewer")
    said = "1 of 3 days is not final"
    assert said in text(client, f"/admin/reports/reportinstance/{file.pk}/change/")
    assert said in text(client, f"/admin/reports/downloadrow/?delivery={file.pk}")


def test_a_finding_says_it_below_its_values(db: None, login: Login) -> None:
    finding = make.FindingFactory.make()
    for n, state in enumerate((CellState.FINAL, CellState.OPEN, CellState.FINAL)):
        make.CoverageCellFactory.make(date=make.DAY + timedelta(days=n), state=state)
    url = f"/admin/reports/finding/{finding.pk}/change/"
    assert "1 of 3 days is not final in Apple's report" in text(login("Viewer"), url).replace("&#x27;", "'")
    finding.to_day = make.DAY
    finding.save()
    assert "not final in Apple" not in text(login("Viewer"), url)


def test_the_worklist_says_it_of_each_app(db: None, login: Login, clock: Callable[[object], None]) -> None:
    clock(make.MORNING)
    for n, state in enumerate((CellState.FINAL, CellState.OPEN, CellState.OVERDUE)):
        make.AnalyticsCellFactory.make(date=make.MORNING.date() - timedelta(days=n + 1), state=state)
    make.AnalyticsCellFactory.make(date=make.MORNING.date() - timedelta(days=60), state=CellState.LOST)
    assert "2 of 3 periods are not final" in text(login("Viewer"), "/admin/")


def test_the_totals_of_two_analytics_files_are_those_of_the_days_that_both_tell(db: None, login: Login) -> None:
    first, second = (
        make.AnalyticsDeliveryFactory.make(file_name=f"App Downloads Standard DAILY 2026-10-1{n} id{n}") for n in (4, 5)
    )
    # the first tells the 12th and 13th, the second the 13th and 14th
    for delivery, days in ((first, {0: 5, 1: 7}), (second, {1: 9, 2: 100})):
        for after, count in days.items():
            day = make.DAY + timedelta(days=after)
            make.DownloadRowFactory.make(delivery=delivery, line=after + 2, day=day, counts=count)
            vintage = make.AnalyticsVintageFactory.make(delivery=delivery, period_start=day, current=delivery is second)
            derive_analytics([vintage], delivery)
    response = login("Viewer").get(f"/admin/reports/reportinstance/{second.pk}/change/?with={first.pk}")
    lines = [(line.name, line.this, line.other) for line in response.context["totals"]]
    assert lines == [("Counts, first-time download", Decimal(9), Decimal(7))]
    alone = login("Viewer").get(f"/admin/reports/reportinstance/{second.pk}/change/?with=0")
    assert alone.status_code == 200
