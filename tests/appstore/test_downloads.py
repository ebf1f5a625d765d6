from __future__ import annotations

import gzip
import hashlib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from werkzeug import Response

from ascrecon.appstore import AppStoreClient, AppStoreError, Category, Credentials, Download, SalesAnswer

from .conftest import NOW, PACKED, REPORT, VENDOR, Bench, changed_policy, chunked, raw_server, report

SALES = "/v1/salesReports"
DAY = date(2026, 11, 18)
TWO_MEMBERS = gzip.compress(b"Provider\tUnits\n", mtime=0) + gzip.compress(b"APPLE\t3\n", mtime=0)


def fetch(client: AppStoreClient) -> SalesAnswer:
    return client.sales_report(VENDOR, "SALES", "SUMMARY", "DAILY", DAY)


def download(client: AppStoreClient) -> Download:
    got = fetch(client).report
    assert isinstance(got, Download)
    return got


def refused(client: AppStoreClient) -> AppStoreError:
    with pytest.raises(AppStoreError) as caught:
        fetch(client)
    return caught.value


def leftovers(workdir: Path) -> list[str]:
    return [path.name for path in workdir.glob("download-*")]


def test_it_keeps_the_bytes_exactly_as_received(bench: Bench) -> None:
    bench.apple.answers(SALES, report())
    got = download(bench.client)
    assert got.path.read_bytes() == PACKED
    assert (got.size, got.unpacked_size) == (len(PACKED), len(REPORT))
    assert got.sha256 == hashlib.sha256(PACKED).hexdigest()
    assert got.content_type == "application/a-gzip"
    assert bench.apple.requests[0].headers["Accept-Encoding"] == "identity"
    assert bench.apple.requests[0].headers["Accept"] == "application/a-gzip, application/json"
    got.discard()
    assert leftovers(bench.workdir) == []


def test_it_keeps_packed_bytes_even_where_a_proxy_calls_them_an_encoding(bench: Bench) -> None:
    bench.apple.answers(SALES, report(PACKED, **{"Content-Encoding": "gzip"}))
    assert download(bench.client).path.read_bytes() == PACKED


def test_it_reads_every_member_of_a_file(bench: Bench) -> None:
    bench.apple.answers(SALES, report(TWO_MEMBERS))
    got = download(bench.client)
    assert got.unpacked_size == len(REPORT)
    assert got.path.read_bytes() == TWO_MEMBERS


FIRST_MEMBER = len(gzip.compress(b"Provider\tUnits\n", mtime=0))
# At the end of the first member the rest cannot be missed: what stands there is a whole gzip file.
CUTS = [cut for cut in range(len(TWO_MEMBERS)) if cut != FIRST_MEMBER]


@pytest.mark.parametrize("cut", CUTS)
def test_it_never_takes_a_file_that_was_cut_anywhere(make_bench: Callable[..., Bench], cut: int) -> None:
    bench = make_bench(tries=1)
    bench.apple.answers(SALES, chunked(TWO_MEMBERS[:cut]))
    assert refused(bench.client).category is Category.TRUNCATED
    assert leftovers(bench.workdir) == []


@pytest.mark.parametrize("offset", [2, 10, 14, len(PACKED) - 8, len(PACKED) - 4, len(PACKED) - 1])
def test_it_never_takes_a_file_with_a_flipped_bit(make_bench: Callable[..., Bench], offset: int) -> None:
    bench = make_bench(tries=1)
    damaged = bytes(byte ^ (0x40 if i == offset else 0) for i, byte in enumerate(PACKED))
    bench.apple.answers(SALES, report(damaged))
    assert refused(bench.client).category is Category.TRUNCATED


def test_it_refuses_what_follows_after_the_last_member(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(tries=1)
    bench.apple.answers(SALES, report(PACKED + b"<html>"))
    assert refused(bench.client).category is Category.TRUNCATED


def test_it_fetches_a_cut_file_again_from_the_start(bench: Bench) -> None:
    bench.apple.answers(SALES, chunked(PACKED[:-4]), report())
    assert download(bench.client).path.read_bytes() == PACKED
    assert len(leftovers(bench.workdir)) == 1
    assert bench.sleeps == [1.0]  # 1 x 2^0 x (0.5 + 0.5)
    incident = bench.client.incidents[0]
    assert (incident.category, incident.attempts, incident.when) == (Category.TRUNCATED, 2, NOW)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><html><body>Please sign in</body></html>", "text/html"),
        (b"\n <html>", "application/a-gzip"),
        (b'{"errors": [{"code": "X", "detail": "broken", "id": "id-1"}]}', "application/json"),
        (REPORT, "application/a-gzip"),
    ],
)
def test_it_refuses_anything_but_gzip(make_bench: Callable[..., Bench], body: bytes, kind: str) -> None:
    bench = make_bench(tries=2)
    bench.apple.answers(SALES, Response(body, content_type=kind))
    error = refused(bench.client)
    assert error.category is Category.UNEXPECTED_BODY
    assert error.attempts == 2
    assert "A gzip file was expected" in str(error)
    assert leftovers(bench.workdir) == []


def test_it_refuses_a_file_that_is_larger_than_allowed(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(max_download_bytes=20)
    bench.apple.answers(SALES, report())
    error = refused(bench.client)
    assert (error.category, error.attempts) == (Category.TOO_LARGE, 1)
    assert leftovers(bench.workdir) == []


@pytest.mark.parametrize("limit", [{"max_unpacked_bytes": 5_000_000}, {"ratio_checked_from_bytes": 1_000_000}])
def test_it_refuses_a_file_that_unpacks_to_too_much(make_bench: Callable[..., Bench], limit: dict[str, int]) -> None:
    bench = make_bench(**limit)
    bench.apple.answers(SALES, report(gzip.compress(bytes(8_000_000))))  # about 1 : 1000
    assert refused(bench.client).category is Category.TOO_LARGE
    assert leftovers(bench.workdir) == []


def test_it_leaves_nothing_behind_when_the_folder_is_gone(bench: Bench) -> None:
    bench.apple.answers(SALES, report())
    bench.workdir.rmdir()
    with pytest.raises(FileNotFoundError):
        fetch(bench.client)


@contextmanager
def client_of(url: str, credentials: Credentials, workdir: Path, **policy: object) -> Iterator[AppStoreClient]:
    settings = replace(changed_policy(**{"tries": 1, **policy}))
    with AppStoreClient(
        url, credentials, workdir=workdir, clock=lambda: NOW, sleep=lambda seconds: None, policy=settings
    ) as client:
        yield client


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/a-gzip\r\nConnection: close\r\n"


def _drip(connection: socket.socket, body: bytes) -> None:
    for byte in body:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


@pytest.mark.parametrize("begin", [b"", HEAD + b"Content-Length: 60\r\n\r\n", HEAD + b"\r\n"])
def test_it_ends_a_dripping_answer_at_the_total_deadline(
    begin: bytes, credentials: Credentials, tmp_path: Path
) -> None:
    """A byte every 0.05 s would go on for seconds and never trips the read limit of 0.3 s."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(begin)
        _drip(connection, HEAD + bytes(100))

    with (
        raw_server(speak) as url,
        client_of(url, credentials, tmp_path, read_seconds=0.3, total_seconds=0.5) as client,
    ):
        started = time.monotonic()
        error = refused(client)
        assert time.monotonic() - started < 1.5
    assert error.category is Category.NETWORK
    assert "in time" in str(error)
    assert leftovers(tmp_path) == []


def test_it_ends_a_silent_answer_at_the_read_limit(credentials: Credentials, tmp_path: Path) -> None:
    with (
        raw_server(lambda connection: time.sleep(0.6)) as url,
        client_of(url, credentials, tmp_path, read_seconds=0.2) as client,
    ):
        assert refused(client).category is Category.NETWORK


@pytest.mark.parametrize("length", [len(PACKED) + 1, len(PACKED) + 100_000])
def test_it_refuses_less_than_was_announced(length: int, credentials: Credentials, tmp_path: Path) -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(HEAD + f"Content-Length: {length}\r\n\r\n".encode() + PACKED)

    with raw_server(speak) as url, client_of(url, credentials, tmp_path) as client:
        assert refused(client).category is Category.TRUNCATED
    assert leftovers(tmp_path) == []


def test_it_refuses_a_chunked_body_that_breaks_off(credentials: Credentials, tmp_path: Path) -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n" + PACKED[:5] + b"\r\n20\r\nab")

    with raw_server(speak) as url, client_of(url, credentials, tmp_path) as client:
        assert refused(client).category is Category.TRUNCATED


@pytest.mark.parametrize("kept", [0, 40, -1])
def test_it_asks_again_where_a_refusal_was_cut(kept: int, credentials: Credentials, tmp_path: Path) -> None:
    """The cause of a 403 stands in its body: without it nobody can tell a role from an agreement."""
    body = b'{"errors": [{"status": "403", "code": "FORBIDDEN_ERROR", "detail": "no"}]}'
    head = f"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    answers = iter([body[:kept], body])

    def speak(connection: socket.socket) -> None:
        connection.sendall(head.encode() + b"Connection: close\r\n\r\n" + next(answers))

    with raw_server(speak) as url, client_of(url, credentials, tmp_path, tries=3) as client:
        error = refused(client)
    assert (error.category, error.attempts) == (Category.ROLE, 2)


def test_it_tries_again_after_a_dropped_connection(credentials: Credentials, tmp_path: Path) -> None:
    answers = iter([b"", b"HTTP/1.1 200 OK\r\nConte", HEAD + b"\r\n" + PACKED])
    with (
        raw_server(lambda connection: connection.sendall(next(answers))) as url,
        client_of(url, credentials, tmp_path, tries=3) as client,
    ):
        assert download(client).path.read_bytes() == PACKED
        assert client.calls == 3
        assert client.incidents[0].attempts == 3


def test_it_says_when_nobody_listens(credentials: Credentials, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with client_of(url, credentials, tmp_path) as client:
        error = refused(client)
    assert (error.category, error.status) == (Category.NETWORK, None)
    assert "connection could not be made" in str(error)
