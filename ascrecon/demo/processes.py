"""The processes beside the demo's own: simulator, worker, web. Each in a session of its own, all ended together."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import requests

from ascrecon.demo.own import MARK

GRACE = 40.0  # seconds; a worker finishes its job first


@contextmanager
def process(
    command: list[str], log: Path, *, output: int | None = None, pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Run `command` until the block ends, then SIGTERM and, after a grace, SIGKILL to its whole session.

    A session of its own: Ctrl-C reaches the demo alone, which ends the others in order.
    """
    with log.open("a") as file:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output or file,
            stderr=file,
            text=True,
            start_new_session=True,
            pass_fds=pass_fds,
        )
        try:
            yield child
        finally:
            end(child)


def end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def end_leftovers(folder: Path) -> None:
    """Kill what a demo in `folder` that was itself killed has left behind: its worker would take the new one's jobs.

    They are known by their environment. PostgreSQL inherits it too and stays: the new demo goes on with it.
    """
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for found in psutil.process_iter():
        with suppress(psutil.Error):
            if found.pid not in ours and found.name() != "postgres" and _is_of_demo(found.environ(), folder):
                found.kill()
                found.wait(GRACE)


def _is_of_demo(environment: dict[str, str], folder: Path) -> bool:
    return MARK in environment and environment.get("ASCRECON_DATA_DIR") == str(folder)


def manage(*arguments: str) -> list[str]:
    return [sys.executable, sys.argv[0], *arguments]


@contextmanager
def simulator(scenario: str, folder: Path, log: Path, roots: Path | None = None) -> Iterator[RunningSimulator]:
    """The simulator with new keys and the console exports of its scenario in `folder`.

    `roots`: where the root certificate of its App Store goes; None where nothing is signed.
    """
    command = manage(
        "simulate_appstore",
        "--scenario",
        scenario,
        "--write-key",
        str(folder / "key"),
        "--write-exports",
        str(folder / "exports"),
        *(("--write-roots", str(roots)) if roots else ()),
    )
    with process(command, log, output=subprocess.PIPE) as child:
        yield RunningSimulator(*_announced(child, log))


def _announced(child: subprocess.Popen[str], log: Path) -> tuple[str, list[str]]:
    """The URL and the options of `account add`, as the simulator prints them."""
    account: list[str] = []
    assert child.stdout
    for line in child.stdout:
        if line.startswith("account add"):
            account = shlex.split(line)[2:]
        if line.startswith("ready "):
            return line.split()[1], account
    raise SystemExit(f"The simulator did not start:\n{log.read_text()[-2000:]}")


class RunningSimulator:
    def __init__(self, url: str, account_options: list[str]) -> None:
        self.url = url
        self.account_options = account_options

    def move_to(self, day: str) -> int:
        """Returns how many attempts to send a notification were made until then."""
        return int(self._post("today", {"today": day})["notification_attempts"])

    def send_to(self, production: str, sandbox: str) -> None:
        """The addresses of the webhook."""
        self._post("webhook", {"production": production, "sandbox": sandbox})

    def _post(self, door: str, document: dict[str, str]) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/_sim/{door}", json=document, timeout=600)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def planted(self) -> list[dict[str, object]]:
        answer = requests.get(f"{self.url}/_sim/planted", timeout=120)
        answer.raise_for_status()
        planted: list[dict[str, object]] = answer.json()
        return planted
