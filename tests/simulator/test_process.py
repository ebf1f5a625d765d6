from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from django.core.management import CommandError, call_command

from ascrecon.simulator.tokens import new_key

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "ascrecon.simulator", "--scenario", "clean"]


@contextmanager
def started(*options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*COMMAND, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines_until_ready(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("ready "):
        lines.append(process.stdout.readline().rstrip("\n"))
        assert lines[-1], "the simulator ended before it was ready"
    return lines


def signed(private_key: str, key_id: str, issuer_id: str) -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": issuer_id, "iat": now, "exp": now + 600, "aud": "appstoreconnect-v1"}
    return {"Authorization": f"Bearer {jwt.encode(claims, private_key, 'ES256', {'kid': key_id})}"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_ready_and_ends_at_once_on_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    with started("--write-key", str(tmp_path)) as process:
        ready = lines_until_ready(process)[-1]
        assert ready.startswith("ready http://127.0.0.1:")
        process.send_signal(number)
        assert process.wait(timeout=5) == 0


def test_the_account_line_holds_a_key_that_works(tmp_path: Path) -> None:
    with started("--write-key", str(tmp_path / "a key"), "--write-exports", str(tmp_path / "exports")) as process:
        account, ready = lines_until_ready(process)
        words = shlex.split(account)
        options = dict(zip(words[2::2], words[3::2], strict=True))
        key = Path(options["--private-key"])
        assert key.stat().st_mode & 0o777 == 0o600
        assert ready == f"ready {options['--base-url']}"
        headers = signed(key.read_text(), options["--key-id"], options["--issuer-id"])
        answer = requests.get(f"{options['--base-url']}/v1/apps", headers=headers, timeout=10)
        assert answer.json()["meta"]["paging"]["total"] == 1
        assert (tmp_path / "exports" / "manifest.json").is_file()


def test_it_accepts_the_tokens_of_a_given_public_key(tmp_path: Path) -> None:
    key, private_key = new_key()
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "public.pem").write_bytes(key.public_key.public_bytes(*form))
    options = ("--public-key", str(tmp_path / "public.pem"), "--key-id", "ABC", "--issuer-id", "some-issuer")
    with started(*options, "--today", "2026-11-10") as process:
        url = lines_until_ready(process)[-1].removeprefix("ready ")
        headers = signed(private_key, "ABC", "some-issuer")
        assert requests.get(f"{url}/v1/apps", headers=headers, timeout=10).status_code == 200
        assert requests.get(f"{url}/_sim/planted", timeout=10).json() == []


def test_the_management_command_refuses_in_the_same_words(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="built in: clean, demo") as refused:
        call_command("simulate_appstore", "--scenario", "nothing", "--write-key", str(tmp_path))
    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "no key; give --write-key DIR"),
        (["--public-key", "nothing.pem", "--key-id", "A", "--issuer-id", "B"], "no public key could be read"),
        (["--scenario", "nothing", "--write-key", "keys"], "built in: clean, demo"),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(options: list[str], message: str) -> None:
    ended = subprocess.run([*COMMAND, *options], cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
