"""Uploads that were made to fill memory, disk or time: refused in a sentence, within bounds."""

from __future__ import annotations

import gzip
import io
import socket
import time
import zipfile
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path

import psutil
import pytest
from django.conf import settings as project
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from openpyxl import Workbook
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from reports.models import ConsoleExport, RawFile
from tests import factories as make

UPLOAD = "/admin/reports/consoleexport/upload/"
MEGABYTE = 1 << 20
#: What one refusal may take on a slow machine, and what the process may grow by.
SECONDS = 20
GROWTH = 150 * MEGABYTE


def packed(*names_and_data: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in names_and_data:
            archive.writestr(name, data)
    return buffer.getvalue()


def long_gzip() -> bytes:
    """400 MB of nothing in 400 kB."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9) as file:
        for _ in range(400):
            file.write(bytes(MEGABYTE))
    return buffer.getvalue()


def workbook() -> bytes:
    buffer = io.BytesIO()
    book = Workbook()
    book.active["A1"] = "Date"  # type: ignore[index]
    book.save(buffer)
    return buffer.getvalue()


def workbook_bomb() -> bytes:
    """A workbook whose sheet is 100 MB of blanks, and whose texts are entities that grow tenfold each."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    texts = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><sst><si><t>&e9;</t></si></sst>'
    return packed(
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/sharedStrings.xml", texts.encode()),
        ("xl/worksheets/sheet1.xml", b" " * 100 * MEGABYTE),
    )


BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "gzip": ("export.csv.gz", long_gzip, "more than 200 times"),
    "zip": ("export.zip", lambda: packed(("a.csv", bytes(200 * MEGABYTE))), "more than 200 times"),
    "zip in zip": (
        "export.zip",
        lambda: packed(("in.zip", packed(("in.zip", packed(("a.csv", bytes(64 * MEGABYTE))))))),
        "archive inside an archive",
    ),
    "gzip in zip": ("export.zip", lambda: packed(("a.csv.gz", long_gzip())), "archive inside an archive"),
    "workbook": ("export.xlsx", workbook, "Excel"),
    "workbook bomb": ("export.xlsx", workbook_bomb, "Excel"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_a_sentence(bomb: str, login: Callable[[str], Client], data_dir: Path) -> None:
    name, make_bomb, sentence = BOMBS[bomb]
    content, client = make_bomb(), login("Analyst")
    process, started = psutil.Process(), time.monotonic()
    before = process.memory_info().rss
    response = client.post(UPLOAD, {"chosen": [SimpleUploadedFile(name, content)]})
    assert sentence in response.content.decode()
    assert time.monotonic() - started < SECONDS
    assert process.memory_info().rss - before < GROWTH
    assert not ConsoleExport.objects.exists()
    # What was sent is kept, what it would have become is not.
    assert sum(path.stat().st_size for path in data_dir.rglob("*") if path.is_file()) <= len(content)


@pytest.fixture
def line(
    transactional_db: None, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, settings: Settings,
) -> Iterator[tuple[socket.socket, str]]:  # fmt: skip
    """A connection to the running server, and the head lines of a signed-in owner."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    settings.ASCRECON_MAX_UPLOAD_BYTES = MEGABYTE
    client = Client()
    client.force_login(make.UserFactory.make(username="owner", is_superuser=True))
    address = (live_server.thread.host, live_server.thread.port)
    cookie = f"{project.SESSION_COOKIE_NAME}={client.cookies[project.SESSION_COOKIE_NAME].value}; csrftoken={'a' * 32}"
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nCookie: {cookie}\r\nX-CSRFToken: {'a' * 32}\r\n"
        f"Origin: {live_server.url}\r\nContent-Type: multipart/form-data; boundary=B\r\nConnection: close\r\n"
    )
    with socket.create_connection(address, timeout=20) as connection:
        yield connection, head


def answer_of(connection: socket.socket) -> str:
    """The first part of the answer; the empty text where the server hung up without a word."""
    try:
        return connection.recv(65536).decode(errors="replace")
    except ConnectionError:
        return ""


def keep_sending(connection: socket.socket, chunk: bytes, most: int) -> int:
    """Sends until the server hangs up or `most` bytes went out; how many the server let in."""
    sent = 0
    try:
        while sent < most:
            connection.sendall(chunk)
            sent += len(chunk)
    except (ConnectionError, TimeoutError):
        pass
    return sent


def test_a_length_above_the_limit_is_refused_before_the_body(line: tuple[socket.socket, str]) -> None:
    connection, head = line
    connection.sendall(f"{head}Content-Length: {50 * MEGABYTE}\r\n\r\n".encode())
    answer = answer_of(connection)
    assert answer.startswith("HTTP/1.1 413")
    assert RawFile.objects.count() == 0


def test_a_body_without_a_length_is_refused_before_it_is_read(line: tuple[socket.socket, str]) -> None:
    connection, head = line
    connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
    answer = HTTPResponse(connection)
    answer.begin()
    assert answer.status == HTTPStatus.LENGTH_REQUIRED
    assert "send it with a Content-Length" in answer.read().decode()
    part = b'--B\r\nContent-Disposition: form-data; name="chosen"; filename="a.csv"\r\n\r\n' + bytes(MEGABYTE)
    sent = keep_sending(connection, f"{len(part):x}\r\n".encode() + part + b"\r\n", 64 * MEGABYTE)
    assert sent < 64 * MEGABYTE
    assert RawFile.objects.count() == 0
