"""The product's web server as it is deployed (gunicorn), and threads that send it bodies as Apple does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from benchmarks.measuring import REPOSITORY

LOOPBACK = "127.0.0.1"
PATIENCE = 60.0  # seconds
TIMEOUT = 60.0
OK = 200
#: As a proxy that ends TLS says it; without production settings it means nothing.
HEADERS = {"Content-Type": "application/json", "X-Forwarded-Proto": "https"}


@dataclass(frozen=True)
class Answer:
    """`status` 0: there was none. `seconds` from the first byte sent to the last one read."""

    status: int
    seconds: float


@contextmanager
def gunicorn(
    log: Path, *, processes: int = 1, threads: int = 8, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """gunicorn on a free port of this machine until the block ends; the port. Its output goes to `log`."""
    with socket.create_server((LOOPBACK, 0)) as door, log.open("ab") as output:
        door.set_inheritable(True)
        options = ["--bind", f"fd://{door.fileno()}", "--workers", str(processes), "--threads", str(threads)]
        child = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "ascrecon.wsgi", *options],
            cwd=REPOSITORY, env=os.environ | (environment or {}), stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, pass_fds=(door.fileno(),), start_new_session=True,
        )  # fmt: skip
        port: int = door.getsockname()[1]
        try:
            _wait_until_it_answers(port, child)
            yield port
        finally:
            _end(child)


def _wait_until_it_answers(port: int, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while _healthy(port) != OK:
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("gunicorn did not start; its log says why")
        time.sleep(0.1)


def _healthy(port: int) -> int:
    line = HTTPConnection(LOOPBACK, port, timeout=TIMEOUT)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        line.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def send(port: int, path: str, body: bytes) -> Answer:
    """One POST on a connection of its own."""
    began = time.perf_counter()
    line = HTTPConnection(LOOPBACK, port, timeout=TIMEOUT)
    try:
        line.request("POST", path, body, HEADERS)
        response = line.getresponse()
        response.read()
        status = response.status
    except (OSError, HTTPException):
        status = 0
    finally:
        line.close()
    return Answer(status, time.perf_counter() - began)


def send_all(port: int, path: str, bodies: Sequence[bytes], threads: int) -> tuple[float, list[Answer]]:
    """Every body once, by so many threads at the same time: seconds in all, and the answers in the order of the bodies.

    A first request for each thread, which is not counted, makes sure that the server is warm.
    """
    with ThreadPoolExecutor(threads) as senders:
        list(senders.map(lambda _: _healthy(port), range(threads)))
        began = time.perf_counter()
        answers = list(senders.map(lambda body: send(port, path, body), bodies))
        return time.perf_counter() - began, answers
