"""Files as they were received: given to whom may see them, under a harmless name, and never shown by the browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.test import Client

from reports.models import Delivery, RawFile
from tests import factories as make
from tests.admin.conftest import ROLES
from tests.hostile.payloads import hostile_name

pytestmark = pytest.mark.django_db
PAGE = b"<html><script>alert(1)</script></html>"
NAMES = [
    'a".csv',
    "a'.csv",
    "a\r\nSet-Cookie: a=b.csv",
    "a;filename=evil.exe",
    "../../etc/passwd",
    "..\\..\\etc\\passwd",
    "/etc/passwd",
    "файл.csv",
    "evil\u202evsc.exe",
    "a" * 255,
    "",
    hostile_name("file", ".html"),
]
SAFE = re.compile(r'attachment; filename="[0-9a-f]{8}-[A-Za-z0-9._-]{0,120}"')
SOMEWHERE_ELSE = [
    "../../../../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%2f..%2f..%2fsecret-key",
    "%252e%252e%252fsecret-key",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "raw/00/00",
    "1%00",
    "-1",
    "0",
    "1e3",
    "9" * 30,
]


@pytest.fixture
def raw() -> RawFile:
    return make.ReportInstanceFactory.make(raw_file=make.RawFileFactory.make(content=PAGE)).raw_file


def address(raw: RawFile) -> str:
    return f"/admin/reports/rawfile/{raw.pk}/download/"


def bytes_of(response: Any) -> bytes:
    return bytes(response.getvalue() if isinstance(response, StreamingHttpResponse) else response.content)


@pytest.mark.parametrize("role", ROLES)
def test_it_gives_the_bytes_to_every_role(role: str, raw: RawFile, login: Callable[[str], Client]) -> None:
    assert bytes_of(login(role).get(address(raw))) == PAGE


def test_it_sends_a_stranger_to_the_login(raw: RawFile, client: Client) -> None:
    response = client.get(address(raw))
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")
    assert PAGE not in bytes_of(response)


def test_it_refuses_a_person_without_a_role(raw: RawFile, client: Client) -> None:
    client.force_login(make.UserFactory.make(username="newcomer"))
    assert client.get(address(raw)).status_code == 403


def test_it_refuses_a_person_who_is_no_longer_of_the_house(raw: RawFile, login: Callable[[str], Client]) -> None:
    viewer = login("Viewer")
    User.objects.filter(username="viewer").update(is_active=False)
    assert viewer.get(address(raw)).status_code == 302


def test_it_never_lets_a_browser_show_a_file(raw: RawFile, login: Callable[[str], Client]) -> None:
    response = login("Viewer").get(address(raw))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert SAFE.fullmatch(response["Content-Disposition"])


@pytest.mark.parametrize("name", NAMES)
def test_it_gives_every_file_a_harmless_name(name: str, raw: RawFile, login: Callable[[str], Client]) -> None:
    Delivery.objects.update(file_name=name)
    response = login("Viewer").get(address(raw))
    assert SAFE.fullmatch(response["Content-Disposition"]), response["Content-Disposition"]
    assert "Set-Cookie" not in response
    assert bytes_of(response) == PAGE


@pytest.mark.parametrize("place", SOMEWHERE_ELSE)
def test_it_gives_nothing_that_is_no_raw_file(
    place: str, raw: RawFile, data_dir: Path, login: Callable[[str], Client]
) -> None:
    (data_dir / "secret-key").write_text("very secret")
    client = login("Administrator")
    for url in (f"/admin/reports/rawfile/{place}/download/", f"/files/{place}", f"/media/{place}", f"/static/{place}"):
        response = client.get(url, follow=True)
        assert not (response.status_code == 200 and response.get("Content-Disposition")), url
        assert b"very secret" not in bytes_of(response), url
        assert b"root:" not in bytes_of(response), url
        assert PAGE not in bytes_of(response), url


def test_it_is_not_found_by_its_hash(raw: RawFile, login: Callable[[str], Client]) -> None:
    client = login("Administrator")
    for url in (f"/admin/reports/rawfile/{raw.sha256}/download/", f"/{raw.stored_as}", f"/files/{raw.stored_as}"):
        assert client.get(url).status_code in (302, 404), url
        assert PAGE not in bytes_of(client.get(url, follow=True)), url


@pytest.mark.parametrize("place", ["../secret-key", "/etc/passwd", "raw/../../secret-key"])
def test_it_opens_nothing_outside_the_store(
    place: str, raw: RawFile, data_dir: Path, login: Callable[[str], Client]
) -> None:
    """Also where a row of the database was tampered with."""
    (data_dir / "secret-key").write_text("very secret")
    RawFile.objects.update(stored_as=place)
    response = login("Viewer").get(address(raw))
    assert response.status_code in (400, 404)
    assert b"very secret" not in bytes_of(response)


def test_it_says_when_the_bytes_are_gone(raw: RawFile, data_dir: Path, login: Callable[[str], Client]) -> None:
    (data_dir / "files" / raw.stored_as).unlink()
    assert login("Viewer").get(address(raw)).status_code == 404
