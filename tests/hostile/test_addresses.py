"""What a stranger's link puts into an address: it may be refused, it never runs and never breaks a page."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client

from tests.admin.conftest import Cast
from tests.hostile.inert import read_html
from tests.hostile.payloads import hostile

ODD = {
    "markup": hostile("link"),
    "a NUL": "a\x00b",
    "thousands of digits": "9" * 5000,
    "a new line": "a\r\nSet-Cookie: a=b",
}
ADDRESSES = (
    "finding/?q={odd}",
    "finding/?state={odd}",
    "finding/?currency={odd}",
    "finding/?report={odd}",
    "finding/?from={odd}",
    "finding/?{odd}={odd}",
    "finding/id/{odd}/",
    "finding/{odd}/change/",
    "finding/{finding}/{odd}/work/",
    "finding/export/csv/?report={odd}",
    "salesrow/?q={odd}",
    "salesrow/?country={odd}",
    "salesrow/?delivery={odd}",
    "salesrow/?delivery={odd}&line={odd}",
    "salesrow/?app={odd}&after={odd}",
    "salesrow/export/csv/?country={odd}",
    "run/{run}/change/?after={odd}",
    "run/{run}/change/?currency={odd}",
    "run/{run}/change/?apple_id={odd}&rule={odd}",
    "run/{run}/lines/csv/?currency={odd}&rule={odd}",
    "run/{run}/lines/{odd}/",
    "consoleexport/?app__id__exact={odd}",
    "consoleexport/{export}/change/?with={odd}",
    "rawfile/{odd}/download/",
    "app/{odd}/history/",
)


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_link_is_answered_and_runs_nothing(odd: str, owner: Client, cast: Cast) -> None:
    owner.raise_request_exception = False
    places = {"finding": cast.finding.pk, "run": cast.run.pk, "export": cast.export.pk, "odd": quote(ODD[odd], safe="")}
    broken = []
    for address in ADDRESSES:
        response = owner.get("/admin/reports/" + address.format(**places), follow=True)
        is_page = response["Content-Type"].startswith("text/html")
        harm = read_html(response.content.decode()).harm if is_page else []
        broken += [(address, response.status_code, harm)] if response.status_code >= 500 or harm else []
        assert "Set-Cookie" not in "".join(response.headers), address
    assert broken == []
