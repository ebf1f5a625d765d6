"""The ready task for a colleague: which metric of which app, exactly which days, and where to upload the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from reports.models import CellState, CoverageCell, Finding, FindingKind, FindingState, Grain
from tests import factories as make

Login = Callable[[str], Client]
TASK = "/admin/reports/coveragecell/task/"
SESSIONS = "App Sessions Standard"


@pytest.fixture(autouse=True)
def november(clock: Callable[[datetime], None]) -> None:
    clock(datetime(2026, 11, 20, 9, tzinfo=UTC))


def missing(*days: int, report: str = SESSIONS, state: str = CellState.OVERDUE) -> list[CoverageCell]:
    return [make.AnalyticsCellFactory.make(report=report, date=date(2026, 11, day), state=state) for day in days]


def letter(client: Client, url: str) -> str:
    """The text that a person copies."""
    shown = client.get(url).content.decode()
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", shown, re.DOTALL)
    return unescape(found[1]) if found else ""


def address(cells: list[CoverageCell]) -> str:
    return f"{TASK}?cells={','.join(str(cell.pk) for cell in cells)}"


def test_it_names_app_page_metric_days_zone_and_where_to_upload(db: None, login: Login) -> None:
    text = letter(login("Analyst"), address(missing(3, 4, 5, 9)))
    assert "App: Acme Notes (Apple ID 1500000001)\n" in text
    assert "Apple's API has not delivered these days, so nothing is known of them yet." in text
    assert "Stands in for: App Sessions Standard\n" in text
    assert "Where: App Store Connect > Analytics > Metrics\n" in text
    assert "Metrics: Sessions, Active Devices\n" in text
    assert "Days: 2026-11-03 to 2026-11-05, 2026-11-09 (4 days), exactly these\n" in text
    assert "View: daily, without filter or comparison; one file for each metric and range\n" in text
    assert "Time zone: UTC\n" in text
    assert "Upload here: http://127.0.0.1:8000/admin/reports/consoleexport/upload/" in text


@pytest.mark.parametrize(
    ("report", "metrics"),
    [
        ("App Downloads Detailed", "Total Downloads, First-Time Downloads, Redownloads"),
        ("App Store Discovery and Engagement Standard", "Impressions, Product Page Views"),
        ("App Store Installation and Deletion Standard", "Installations, Deletions"),
        ("App Store Purchases Standard", "Sales, Proceeds, In-App Purchases, Paying Users"),
        ("App Crashes", "Crashes"),
    ],
)
def test_each_report_is_told_by_metrics_of_the_console(report: str, metrics: str, db: None, login: Login) -> None:
    text = letter(login("Analyst"), address(missing(3, report=report)))
    assert re.search(rf"Metrics?: {metrics}\n", text)


def test_standard_and_detailed_reports_of_a_family_are_one_task(db: None, login: Login) -> None:
    cells = [*missing(3), *missing(4, report="App Sessions Detailed"), *missing(4, report="App Crashes")]
    text = letter(login("Analyst"), address(cells))
    assert "Days: 2026-11-03 to 2026-11-04 (2 days), exactly these" in text
    assert text.count("App: ") == 2


def test_sales_are_downloaded_as_reports_in_pacific_days(db: None, login: Login) -> None:
    text = letter(login("Analyst"), address([make.CoverageCellFactory.make(state=CellState.OVERDUE)]))
    assert "App: all apps of Acme, vendor number 80000001\n" in text
    assert "Report: Sales, Summary, Daily\n" in text
    assert "Time zone: Pacific Time\n" in text


def test_a_finding_of_one_app_in_a_sales_report_asks_for_the_whole_report(db: None, login: Login) -> None:
    lost = finding(kind=FindingKind.MISSING_IN_CONSOLE, report="SALES/SUMMARY/DAILY", vendor=make.VendorFactory.make())
    text = letter(login("Analyst"), f"/admin/reports/finding/{lost.pk}/ask/")
    assert (
        "To check what Apple's API delivered, the figures of these days as the console shows them are needed." in text
    )
    assert "App: all apps of Acme, vendor number 80000001\n" in text
    assert "Days: 2026-11-03 to 2026-11-07 (5 days), exactly these\n" in text


def test_it_says_where_the_console_has_no_such_export(db: None, login: Login) -> None:
    shown = login("Analyst").get(address(missing(3, report="App Opt In"))).content.decode()
    assert "the console has no export that tells this" in shown
    assert "<textarea" not in shown


def test_the_mail_holds_the_same_text_and_a_long_one_the_address_of_the_page(db: None, login: Login) -> None:
    url = address(missing(3))
    client = login("Analyst")
    mail = urlsplit(client.get(url).context["letter"].mailto)
    assert (mail.scheme, mail.path) == ("mailto", "")
    assert parse_qs(mail.query)["body"][0].replace("\r\n", "\n") == letter(client, url)
    assert parse_qs(mail.query)["subject"] == ["Please export from App Store Connect: Acme Notes, 2026-11-03"]
    reports = ("App Crashes", "App Downloads Standard", "App Store Purchases Standard")
    long = address([cell for report in reports for cell in missing(*range(4, 19, 2), report=report)])
    body = unquote(client.get(long).context["letter"].mailto)
    assert f"http://127.0.0.1:8000{long}" in body
    assert len(client.get(long).context["letter"].mailto) < 1900


def test_the_calendar_asks_for_what_is_missing_in_its_month_and_not_for_what_is_still_open(
    db: None, login: Login
) -> None:
    missing(3, 4)
    missing(5, state=CellState.LOST)
    missing(18, 19, state=CellState.OPEN)
    missing(6, state=CellState.FINAL)
    app = make.AppFactory.make()
    client = login("Analyst")
    calendar = client.get(f"/admin/reports/coveragecell/calendar/app/{app.pk}/").content.decode()
    url = f"{TASK}?app={app.pk}&month=2026-11"
    assert url in unescape(calendar)
    assert "Days: 2026-11-03 to 2026-11-05 (3 days), exactly these" in letter(client, url)


def test_it_is_an_action_on_the_list_of_coverage(db: None, login: Login) -> None:
    cells = missing(3, 4)
    response = login("Viewer").post(
        "/admin/reports/coveragecell/", {"action": "ask_for_export", "_selected_action": [cell.pk for cell in cells]}
    )
    assert response.status_code == 302
    assert unquote(response["Location"]) == address(cells)


def test_a_finding_asks_for_the_days_of_the_cells_that_its_detector_named(db: None, login: Login) -> None:
    cells = missing(3, 5)
    gap = finding(details={"cells": [cell.pk for cell in cells]})
    client = login("Analyst")
    url = f"/admin/reports/finding/{gap.pk}/ask/"
    page = client.get(f"/admin/reports/finding/{gap.pk}/change/").content.decode()
    assert url in page
    assert f"/admin/reports/coveragecell/calendar/app/{gap.app_id}/?month=2026-11" in page
    assert "Days: 2026-11-03, 2026-11-05 (2 days), exactly these" in letter(client, url)


def test_a_finding_without_cells_asks_for_its_own_days(db: None, login: Login) -> None:
    gap = finding()
    text = letter(login("Analyst"), f"/admin/reports/finding/{gap.pk}/ask/")
    assert "Days: 2026-11-03 to 2026-11-07 (5 days), exactly these" in text


def test_a_stopped_request_asks_for_every_report_that_is_missing_since(db: None, login: Login) -> None:
    missing(4)
    missing(4, 5, report="App Crashes", state=CellState.BLOCKED)
    stopped = finding(kind=FindingKind.REQUEST_STOPPED, report="")
    text = letter(login("Analyst"), f"/admin/reports/finding/{stopped.pk}/ask/")
    assert "Metrics: Sessions, Active Devices" in text
    assert "Metric: Crashes" in text


def test_it_is_given_to_a_person_who_finds_it_in_the_worklist(db: None, login: Login) -> None:
    gap = finding()
    person = make.UserFactory.make(username="mara", email="mara@example.com")
    client = login("Analyst")
    url = f"/admin/reports/finding/{gap.pk}/ask/"
    shown = client.get(url).content.decode()
    form = re.search(r'<form method="post" action="([^"]*assign[^"]*)"', shown)
    assert form
    client.post(form[1], {"confirmed": "yes", "to": person.pk})
    gap.refresh_from_db()
    assert (gap.state, gap.assignee) == (FindingState.ASSIGNED, User.objects.get(username="mara"))
    assert client.get(url).context["letter"].mailto.startswith("mailto:mara@example.com?subject=")


def test_a_viewer_may_ask_and_not_assign(db: None, login: Login) -> None:
    gap = finding()
    shown = login("Viewer").get(f"/admin/reports/finding/{gap.pk}/ask/").content.decode()
    assert "Open as a mail" in shown
    assert "assign/work" not in shown


@pytest.mark.parametrize("query", ["", "cells=x", "cells=1e9", "app=0", "account=99999999999999999999"])
def test_an_address_that_names_nothing_says_what_to_do(query: str, db: None, login: Login) -> None:
    assert "choose periods in the list of coverage" in login("Viewer").get(f"{TASK}?{query}").content.decode()


def finding(**more: object) -> Finding:
    fields = {
        "kind": FindingKind.DELIVERY_GAP, "cause": "not_delivered", "report": SESSIONS, "metric": "", "currency": "",
        "from_day": date(2026, 11, 3), "to_day": date(2026, 11, 7), "money_at_risk": {}, "api_value": None,
        "console_value": None, "difference": None, "grain": Grain.DAY,
    }  # fmt: skip
    return make.FindingFactory.make(**fields | more)
