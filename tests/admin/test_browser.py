"""The pages in a real browser: no rule of the Content-Security-Policy is broken, and a person gets through by keyboard.

Screenshots go to the folder that ASCRECON_SCREENSHOTS names, else to the test's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from reports.models import ConsoleExport, DeliveryState
from tests import factories as make
from tests.admin.conftest import Cast
from tests.admin.test_upload_pages import DAYS, HEAD

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
