"""The demo as a newcomer runs it, with the small scenario that has no fault; `make demo` plays the large one."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
import requests

from ascrecon.embedded.server import Server

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, str(REPOSITORY / "manage.py"), "demo", "--scenario", "clean"]
LONGEST = 240.0  # seconds on a busy machine
#: What must not reach the demo: another database that does not answer, another site, a proxy that is not there.
CONFIGURED = {
    "DATABASE_URL": "postgresql://user:word@127.0.0.1:1/books",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "ASCRECON_BASE_URL": "https://recon.example.com",
    "http_proxy": "http://127.0.0.1:1",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data directory that the database's account may enter, also when root runs the tests."""
    path = Path(tempfile.mkdtemp(prefix="ascrecon-demo-"))
    path.chmod(0o755)
    yield path
    for process in processes_of(path):
        process.kill()
    Server.below(path / "demo").discard()
    shutil.rmtree(path)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every living process of the demo in `folder`, which all inherit its data directory."""
    return [process for process in psutil.process_iter() if data_directory(process) == str(folder / "demo")]


def data_directory(process: psutil.Process) -> str:
    try:
        gone = process.status() == psutil.STATUS_ZOMBIE
        return "" if gone else process.environ().get("ASCRECON_DATA_DIR", "")
    except psutil.Error:
        return ""


def environment(folder: Path) -> Mapping[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ASCRECON_", "DJANGO_"))}
    return {**own, **CONFIGURED, "ASCRECON_DATA_DIR": str(folder)}


def start(folder: Path) -> subprocess.Popen[str]:
    log = (folder / "out.log").open("w")
    return subprocess.Popen(COMMAND, env=environment(folder), stdout=log, stderr=log, text=True)


def wait_for(pattern: str, demo: subprocess.Popen[str], folder: Path) -> tuple[str, ...]:
    """The groups of `pattern` in what the demo says."""
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline and demo.poll() is None:
        if found := re.search(pattern, (folder / "out.log").read_text()):
            return found.groups()
        time.sleep(0.2)
    raise AssertionError((folder / "out.log").read_text())


def test_it_prints_one_json_document_and_leaves_the_configured_database_alone(folder: Path) -> None:
    command = [*COMMAND, "--no-serve", "--json"]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"planted": [], "findings": [], "found": 0, "unexpected": 0}
    assert processes_of(folder) == []


def test_it_serves_until_it_is_told_to_end_and_leaves_no_process_behind(folder: Path) -> None:
    demo = start(folder)
    address, name, password = wait_for(r"Open (\S+) and log in as (\S+) with the password (\S+)\n", demo, folder)
    session = requests.Session()
    session.trust_env = False
    session.get(address)
    form = {"username": name, "password": password, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    page = session.post(f"{address}login/?next=/admin/", data=form, headers={"Referer": address})
    second = subprocess.run(COMMAND, env=environment(folder), capture_output=True, text=True, check=False)
    demo.send_signal(signal.SIGINT)
    demo.send_signal(signal.SIGINT)  # an impatient person

    assert demo.wait(LONGEST) == 0
    assert (page.status_code, page.url) == (200, address)
    assert (second.returncode, "A demo runs already" in second.stderr) == (2, True)
    assert processes_of(folder) == []
    said = (folder / "out.log").read_text()
    assert "planted 0, found 0, unexpected 0\n" in said
    assert "Traceback" not in said


def test_it_ends_what_a_killed_demo_left_behind_and_starts_anew(folder: Path) -> None:
    killed = start(folder)
    wait_for(r"(Pulling) what Apple has", killed, folder)
    killed.kill()
    killed.wait()
    left = {process.pid for process in processes_of(folder) if process.name() != "postgres"}
    demo = start(folder)
    wait_for(r"(Pulling) what Apple has", demo, folder)
    running = {process.pid for process in processes_of(folder)}
    demo.terminate()

    assert left and not left & running
    assert demo.wait(LONGEST) == 130
    assert processes_of(folder) == []


def test_it_refuses_an_unknown_scenario_in_a_sentence(folder: Path) -> None:
    command = [*COMMAND[:-1], "nothing-like-this", "--no-serve"]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "nothing-like-this" in done.stderr
    assert "Traceback" not in done.stderr
