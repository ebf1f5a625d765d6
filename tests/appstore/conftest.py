"""One Apple on a real socket, one key, and a client whose sleeping is noted instead of done."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ascrecon.appstore import AppStoreClient, Credentials, Policy, load_policy

VENDOR = "80000001"
NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # 10:00 in Los Angeles
REPORT = b"Provider\tUnits\nAPPLE\t3\n"
PACKED = gzip.compress(REPORT, mtime=0)

Handler = Callable[[Request], Response]


@dataclass
class Apple:
    """Answers each path with the given answers in turn; the last one stays. Keeps what was asked."""

    server: HTTPServer
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.url_for("").rstrip("/")

    def answers(self, path: str, *answers: Response | Handler) -> None:
        queue = list(answers)

        def handle(request: Request) -> Response:
            self.requests.append(request)
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
            return answer if isinstance(answer, Response) else answer(request)

        self.server.expect_request(path).respond_with_handler(handle)

    @property
    def tokens(self) -> list[str]:
        return [request.headers["Authorization"].removeprefix("Bearer ") for request in self.requests]


@dataclass
class Bench:
    """A client at work against Apple, with the sleeps it would have made."""

    client: AppStoreClient
    apple: Apple
    sleeps: list[float]
    workdir: Path


@pytest.fixture(scope="session")
def private_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def credentials(private_key: str) -> Credentials:
    return Credentials("KEY1234567", "57246542-96fe-1a63-e053-0824d011072a", private_key)


@pytest.fixture
def apple(httpserver: HTTPServer) -> Apple:
    return Apple(httpserver)


@pytest.fixture
def make_bench(apple: Apple, credentials: Credentials, tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[AppStoreClient] = []

    def make(individual: bool = False, now: datetime = NOW, seconds_slow: float = 0, **policy: object) -> Bench:
        sleeps: list[float] = []
        client = AppStoreClient(
            apple.url,
            replace(credentials, issuer_id=None) if individual else credentials,
            workdir=tmp_path,
            clock=lambda: now,
            sleep=sleeps.append,
            wall_clock=lambda: time.time() - seconds_slow,
            jitter=lambda: 0.5,
            policy=changed_policy(**policy),
        )
        made.append(client)
        return Bench(client, apple, sleeps, tmp_path)

    yield make
    for client in made:
        client.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


def changed_policy(**changes: object) -> Policy:
    return replace(load_policy(), **changes)  # type: ignore[arg-type]


def report(body: bytes = PACKED, **headers: str) -> Response:
    return Response(body, content_type="application/a-gzip", headers=headers)


def page(data: Sequence[Mapping[str, object]], following: str | None = None, **headers: str) -> Response:
    document = {"data": list(data), "links": {"next": following} if following else {}}
    return Response(json.dumps(document), content_type="application/json", headers=headers)


def refusal(status: int, code: str, detail: str = "", title: str = "", **source: str) -> Response:
    error = {"id": "1e15b36b-5347-4af0-9bab-7f6626ffec65", "status": str(status), "code": code}
    error |= {"title": title, "detail": detail}
    document = {"errors": [{**error, "source": source}]}
    return Response(json.dumps(document), status=status, content_type="application/json")


def chunked(body: bytes) -> Callable[[Request], Response]:
    """Without a Content-Length a cut body arrives as if it were whole."""
    return lambda request: Response(
        (body[i : i + 7] for i in range(0, len(body), 7)), content_type="application/a-gzip"
    )


@contextmanager
def raw_server(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """What a web server's library will not do wrong, a bare socket does: `speak` after each request."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            connection, _ = listener.accept()
            with connection:
                if stopped.is_set():
                    return
                connection.recv(65536)
                try:
                    speak(connection)
                except OSError:
                    continue  # the client hung up, as it should

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join(5)
        listener.close()
