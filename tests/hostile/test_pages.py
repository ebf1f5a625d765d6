"""Text from files, from Apple and from people is text on every page: nothing of it runs, all of it can be read."""

from __future__ import annotations

import json

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, path

from reports.models import FiscalMonth, Run
from tests.hostile.inert import Shown, read_html
from tests.hostile.payloads import hostile, hostile_address, hostile_name, hostile_short
from tests.hostile.town import SALES_TEXTS, Town
from tests.hostile.walk import Page, Unknown, pages_of, pages_to_read

#: Columns of analytics reports, of each family one or more.
ANALYTICS_TEXTS = (
    "app_name", "campaign", "content_name", "download_type", "event", "payment_method", "state_metric", "source_info",
    "plan_change_type", "offer_name", "territory", "device", "page_title",
)  # fmt: skip
#: What nobody may do to evidence: these pages say so, in a page of their own.
REFUSED = {"add", "delete"}
PLANTED = [
    *map(hostile, (
        "account name", "app name", "app sku", "bundle id", "apple title", "apple detail", "rule title", "rule notes",
        "source", "product sku", "column", "units", "finance sku", "finance Title", "finance Promo Code",
        "finance Artist/Show/Developer/Author", "value", "other app", "filter", "filtered", "region",
        "own column", "own price", "reason explain", "reason wait", "reason resolve", "reason withdraw",
        *(f"sales {name}" for name in SALES_TEXTS),
        *(f"analytics {name}" for name in ANALYTICS_TEXTS),
    )),
    hostile_short("report"),
    hostile_short("own product"),
    *map(hostile_short, ("product", "group", "storefront", "subtype", "apple account")),
    *map(hostile_short, ("code", "request id", "pointer", "digest name", "label", "covers", "device")),
    *(hostile_name(f"{name} file", ".csv") for name in ("export", "waiting", "member", "own")),
    *(hostile_name(f"{name} file", ".txt") for name in ("first sales", "second sales", "finance")),
    *map(hostile_address, ("recipient", "email")),
    json.dumps(hostile("analytics extra")),
    json.dumps(hostile("extra")),  # columns that the program does not know are shown as JSON
]  # fmt: skip


def opened(client: Client, page: Page) -> Shown:
    """The page behind an address, and behind where it leads."""
    response = client.get(page.url, follow=True)
    assert response.status_code == 200 or (page.kind in REFUSED and response.status_code == 403), page
    assert response["Content-Type"].startswith("text/html"), page
    assert response["X-Content-Type-Options"] == "nosniff", page
    return read_html(response.content.decode())


def test_it_shows_harmful_text_on_every_page_and_runs_none_of_it(town: Town) -> None:
    pages = {page.url: opened(town.client, page) for page in pages_to_read()}
    assert len(pages) > 300
    assert {url: shown.harm for url, shown in pages.items() if shown.harm} == {}
    assert [text for text in PLANTED if not any(shown.shows(text) for shown in pages.values())] == []


def test_it_sends_a_digest_in_which_nothing_runs(town: Town) -> None:
    (sent,) = mail.outbox
    parts = list(sent.message().walk())
    html = [part for part in parts if part.get_content_type() == "text/html"]
    assert any(hostile("account name") in str(part.get_payload(decode=True), "utf-8") for part in parts)  # type: ignore[arg-type]
    assert [read_html(part.get_content()).harm for part in html] == [[] for _ in html]
    assert "\n" not in sent.subject


class Gossip(ModelAdmin[FiscalMonth]):
    """An admin with a page that the walk does not know."""

    def get_urls(self) -> list[URLPattern]:
        return [path("gossip/", self.gossip, name="reports_fiscalmonth_gossip"), *super().get_urls()]

    def gossip(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("")


@pytest.mark.django_db
def test_the_walk_fails_at_a_kind_of_page_that_it_does_not_know() -> None:
    with pytest.raises(Unknown, match="gossip"):
        list(pages_of(Gossip(FiscalMonth, admin.site)))


@pytest.mark.django_db
def test_the_walk_fails_at_a_model_of_which_there_is_nothing_to_see() -> None:
    with pytest.raises(Unknown, match=r"no reports\.run"):
        list(pages_of(admin.site._registry[Run]))


@pytest.mark.parametrize(
    "harm",
    [
        "<p><script>x</script>",
        "<img src=x onerror=x>",
        '<a href="javascript:x">',
        '<a href="java\nscript:x">',
        '<a href=" JavaScript:x">',
        '<form action="data:text/html,x">',
        "<iframe src=x>",
        '<svg onload="x">',
        "<style>x</style>",
        '<p style="x">',
        '<meta http-equiv="refresh" content="0;url=javascript:x">',
        '<script src="https://elsewhere.example/x.js"></script>',
        "<script src=/static/x.js>x</script>",
        "<base href=https://elsewhere.example>",
    ],
)
def test_the_reader_sees_what_would_run(harm: str) -> None:
    assert read_html(f"<title>x</title>{harm}").harm


def test_the_reader_takes_escaped_text_for_text() -> None:
    shown = read_html(
        '<p>&lt;script&gt;x&lt;/script&gt;</p><input value="javascript:x"><a href="/admin/?q=javascript:x">'
    )
    assert shown.harm == []
    assert shown.shows("<script>x</script>")
