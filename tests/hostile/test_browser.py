"""The hostile books in a real browser: no script runs, no dialog opens, also where the browser would let it.

The page is looked at with the Content-Security-Policy, which must have nothing to refuse, and without it, so that what
keeps a script from running is that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Dialog, Page
from pytest_django.live_server_helper import LiveServer

from tests.hostile.payloads import RAN, hostile
from tests.hostile.town import Town
from tests.hostile.walk import Page as Address
from tests.hostile.walk import pages_to_read

#: Pages that say that nobody may do this; they are no answers of 200.
REFUSED = {"add", "delete"}


Windows = Callable[[bool], BrowserContext]


@pytest.fixture
def owner(transactional_db: None, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Client:
    # The server's threads keep their connections open, and then the test database cannot be dropped.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("owner", "owner@example.com", "secret"))
    return client


@pytest.fixture
def windows(owner: Client, browser: Browser, live_server: LiveServer) -> Iterator[Windows]:
    """`windows(True)`: a signed-in browser that heeds the policy; False: one that lets everything run."""
    opened: list[BrowserContext] = []
    value = owner.cookies[settings.SESSION_COOKIE_NAME].value

    def window(heeds_policy: bool) -> BrowserContext:
        context = browser.new_context(bypass_csp=not heeds_policy)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        opened.append(context)
        return context

    yield window
    for context in opened:
        context.close()


def addresses() -> list[Address]:
    """One page of each kind of each model: of every list, form and object."""
    first: dict[tuple[str, str], Address] = {}
    for page in pages_to_read():
        first.setdefault((page.model, page.kind), page)
    return list(first.values())


def heard(page: Page) -> list[str]:
    """What the page says from now on: dialogs, errors, what the policy refused."""
    said: list[str] = []

    def closed(dialog: Dialog) -> None:
        said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.on("dialog", closed)
    page.on("pageerror", lambda error: said.append(f"error {error}"))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    return said


def refusal_of(address: Address) -> str:
    return "403 (Forbidden)" if address.kind in REFUSED else "no refusal"


def test_no_script_runs_on_any_page(town: Town, windows: Windows, live_server: LiveServer) -> None:
    for heeds_policy in (True, False):
        page = windows(heeds_policy).new_page()
        said = heard(page)
        for address in addresses():
            page.goto(live_server.url + address.url)
            assert page.evaluate(f"window.{RAN}") is None, address
            assert [text for text in said if refusal_of(address) not in text] == [], address
            said.clear()


@pytest.mark.parametrize("heeds_policy", [True, False], ids=["with the policy", "without the policy"])
def test_a_script_would_run_only_without_the_policy(
    heeds_policy: bool, windows: Windows, live_server: LiveServer
) -> None:
    """So that the test above can fail: the same text, put into a page as markup."""
    page = windows(heeds_policy).new_page()
    said = heard(page)
    page.goto(f"{live_server.url}/admin/")
    page.evaluate("text => { document.body.innerHTML = text }", hostile("control"))
    page.wait_for_timeout(500)
    assert (page.evaluate(f"window.{RAN}") == "control") is not heeds_policy
    assert any("Content Security Policy" in text for text in said) is heeds_policy
