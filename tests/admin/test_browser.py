"""The pages in a real browser: no rule of the Content-Security-Policy is broken, and a person gets through by keyboard.

Screenshots go to the folder that ASCRECON_SCREENSHOTS names, else to the test's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from ascrecon.jobs.models import Job, State
from ascrecon.jobs.service import run_now
from reports.models import CellState, ConsoleExport, DeliveryState, Finding, FindingState, Rule
from tests import factories as make
from tests.admin.conftest import Cast
from tests.admin.test_upload_pages import DAYS, HEAD
from tests.doors import told
from tests.make_files import DAY, download, metric_export, sales_report

Open = Callable[[str], Page]
Shot = Callable[[Page, str], object]


@pytest.fixture
def violations(page: Page) -> list[str]:
    """What the browser refused to run or load."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture
def signed_in(transactional_db: None, live_server: LiveServer, page: Page, monkeypatch: pytest.MonkeyPatch) -> Open:
    # The server's threads keep their connections open, and then the test database cannot be dropped.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    user = get_user_model().objects.create_superuser("owner", "owner@example.com", "secret")
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])

    def go(path: str) -> Page:
        page.goto(live_server.url + path)
        return page

    return go


@pytest.fixture
def shot(tmp_path: Path) -> Shot:
    folder = Path(os.environ.get("ASCRECON_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(path=folder / f"{name}.png", full_page=True)


def test_it_shows_an_upload_before_it_counts(
    signed_in: Open, shot: Shot, violations: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "app_units.csv"
    file.write_text(HEAD + DAYS + "10/4/26,4.0.4\n")
    make.AppFactory.make()
    page = signed_in("/admin/reports/consoleexport/upload/")
    page.set_input_files("input[type=file]", file)
    page.select_option("select[name=account]", label="Acme")
    page.get_by_role("button", name="Upload and look").press("Enter")
    expect(page.get_by_role("heading", name="Is this right? app_units.csv")).to_be_visible()
    shot(page, "upload-preview")
    page.get_by_role("checkbox").press("Space")
    page.get_by_role("button", name="Confirm: this is right").press("Enter")
    expect(page.get_by_role("heading", name="Import app_units.csv")).to_be_visible()
    assert ConsoleExport.objects.get().state == DeliveryState.LOADING
    assert violations == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_shows_worklist_finding_run_and_job(
    scheme: Literal["light", "dark"], signed_in: Open, shot: Shot, violations: list[str], cast: Cast
) -> None:
    addresses = {
        "worklist": "/admin/",
        "findings": "/admin/reports/finding/",
        "finding": f"/admin/reports/finding/{cast.finding.pk}/change/",
        "run": f"/admin/reports/run/{cast.run.pk}/change/",
        "job": f"/admin/jobs/job/{cast.job.pk}/change/",
        "report": f"/admin/reports/reportinstance/{cast.instance.pk}/change/",
        "own-data": f"/admin/subscriptions/dataupload/{cast.pks['dataupload']}/change/",
        "own-data-upload": "/admin/subscriptions/dataupload/upload/",
    }
    for name, path in addresses.items():
        page = signed_in(path)
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("#content h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            f"{name} is wider than the window"
        )
        shot(page, f"{name}-{scheme}")
    assert violations == []


def test_it_leaves_the_navigation_off_paper(signed_in: Open, cast: Cast) -> None:
    page = signed_in(f"/admin/reports/finding/{cast.finding.pk}/change/")
    page.emulate_media(media="print")
    expect(page.locator("#nav-sidebar")).to_be_hidden()
    expect(page.get_by_text("printed by owner")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_shows_the_pages_of_the_ledger(
    scheme: Literal["light", "dark"], signed_in: Open, shot: Shot, violations: list[str], cast: Cast
) -> None:
    cell = make.AnalyticsCellFactory.make(state=CellState.OVERDUE)
    addresses = {
        "calendar": f"/admin/reports/coveragecell/calendar/app/{cell.app_id}/?month=2026-10",
        "calendars": "/admin/reports/coveragecell/calendar/",
        "cell": f"/admin/reports/coveragecell/{cell.pk}/change/",
        "requests": f"/admin/reports/app/{cell.app_id}/requests/",
        "export-task": f"/admin/reports/coveragecell/task/?cells={cell.pk}",
        "analytics-rows": "/admin/reports/downloadrow/",
    }
    for name, path in addresses.items():
        page = signed_in(path)
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("#content h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            f"{name} is wider than the window"
        )
        shot(page, f"{name}-{scheme}")
    assert violations == []


def test_a_person_walks_the_calendar_by_keyboard(signed_in: Open, violations: list[str], db: None) -> None:
    for day in (12, 13):
        make.AnalyticsCellFactory.make(date=date(2026, 10, day), state=CellState.OVERDUE)
    page = signed_in(f"/admin/reports/coveragecell/calendar/app/{make.AppFactory.make().pk}/?month=2026-10")
    first, second = (
        page.get_by_role("link", name=f"App Downloads Standard, 2026-10-{day}: overdue") for day in (12, 13)
    )
    first.focus()
    page.keyboard.press("Tab")
    expect(second).to_be_focused()
    assert second.evaluate("link => getComputedStyle(link).outlineStyle") == "solid", "the focus can be seen"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="App Downloads Standard, 2026-10-13")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Skip the squares of October 2026").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('table.calendar')") is None, "past all of them"
    second.press("Enter")
    page.get_by_role("link", name="Calendar of this month").press("Enter")
    expect(page.get_by_role("heading", name="October 2026")).to_be_visible()
    assert violations == []


def test_the_calendar_scrolls_in_its_card_where_the_window_is_narrow(signed_in: Open, db: None) -> None:
    make.AnalyticsCellFactory.make(state=CellState.OVERDUE)
    page = signed_in(f"/admin/reports/coveragecell/calendar/app/{make.AppFactory.make().pk}/?month=2026-10")
    page.set_viewport_size({"width": 800, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.locator(".calendar-earlier").first).to_be_hidden()
    page.set_viewport_size({"width": 1600, "height": 900})
    expect(page.locator(".calendar-earlier").first).to_be_visible()


def test_the_calendar_keeps_its_symbols_on_paper(signed_in: Open, db: None) -> None:
    make.AnalyticsCellFactory.make(state=CellState.LOST)
    page = signed_in(f"/admin/reports/coveragecell/calendar/app/{make.AppFactory.make().pk}/?month=2026-10")
    page.emulate_media(media="print")
    expect(page.locator("td.square-lost").first).to_have_text("✕")
    expect(page.locator(".legend")).to_be_visible()
    expect(page.locator(".calendar-tools")).to_be_hidden()


def run_what_is_queued() -> None:
    for job in Job.objects.filter(state=State.QUEUED).order_by("pk"):
        run_now(job)


def test_a_person_gets_from_an_upload_to_a_settled_finding(
    signed_in: Open, shot: Shot, violations: list[str], tmp_path: Path, clock: Callable[[datetime], None]
) -> None:
    clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    make_rule_of_app_units()
    # five downloads in the API, seven in the console
    told("load_report", sales_report(tmp_path / "api", download(5)))
    page = signed_in("/admin/reports/consoleexport/upload/")
    page.set_input_files("input[type=file]", metric_export(tmp_path, {DAY: 7}))
    page.select_option("select[name=account]", label="80000001")
    page.get_by_role("button", name="Upload and look").click()
    shot(page, "journey-1-preview")
    page.get_by_role("button", name="Confirm: this is right").click()
    run_what_is_queued()
    page.reload()
    shot(page, "journey-2-job")
    page.get_by_role("link", name="See how it is compared").click()
    run_what_is_queued()
    page.reload()
    page.get_by_role("link", name="Open the run").click()
    shot(page, "journey-3-run")
    page.locator("#lines").get_by_role("link", name="The two sides differ").first.click()
    shot(page, "journey-4-finding")
    page.get_by_role("link", name="Resolve").click()
    page.get_by_label("Reason").fill("Two were bought with a code.")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("Two were bought with a code.").first).to_be_visible()
    shot(page, "journey-5-resolved")
    assert Finding.objects.get().state == FindingState.RESOLVED
    assert violations == []


def make_rule_of_app_units() -> None:
    """The pairing that comes with the program; tests before this one may have emptied the tables."""
    Rule.objects.get_or_create(
        key="app_units",
        defaults={
            "title": "App Analytics: app units",
            "console_metric": "app_units",
            "api_report": Rule.Report.SALES_DAILY,
            "api_measure": Rule.Measure.UNITS,
            "api_filter": {"product_type": ["1*", "F1*"]},
        },
    )
