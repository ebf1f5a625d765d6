"""A private key is entered once: it is never shown, logged, kept in plain text or put into a task."""

from __future__ import annotations

import logging
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.simulator.running import Simulator, running
from reports.jobs import enqueue_sync
from reports.models import Account
from tests.doors import ask
from tests.sync.conftest import SCENARIO, quick_client

__all__ = ["quick_client"]

pytestmark = pytest.mark.django_db
REFUSED = [{"kind": "http", "path": "/v1/salesReports", "status": 401, "always": True}]
WEEK = ("--from", "2026-11-09", "--to", "2026-11-15")


def enter(simulator: Simulator, folder: Path) -> list[str]:
    """Everything that a person does with a key, and what the commands say to it."""
    key = folder / "AuthKey.p8"
    key.write_text(simulator.private_key)
    account = {
        "--name": "Acme", "--issuer-id": simulator.issuer_id, "--key-id": simulator.key_id, "--private-key": str(key),
        "--vendor-number": simulator.vendor_number, "--base-url": simulator.url,
    }  # fmt: skip
    added = ask("account", "add", *(word for option in account.items() for word in option))
    again = ask("account", "add", *(word for option in account.items() for word in option))
    said = [added, again, ask("account", "list"), ask("account", "test"), ask("sync", "--now", *WEEK)]
    return [f"{reply.document} {reply.said}" for reply in said]


def pieces(pem: str) -> list[str]:
    """Runs of the key's own base64 that nothing else holds by chance."""
    body = "".join(line for line in pem.splitlines() if not line.startswith("-"))
    return [body[at : at + 24] for at in range(40, len(body) - 24, 8)]


@pytest.mark.parametrize("faults", [[], REFUSED], ids=["Apple answers", "Apple refuses the key"])
def test_a_key_is_nowhere_in_plain_text(
    faults: list[object], tmp_path: Path, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with running({**SCENARIO, "faults": faults}) as simulator:
        said = enter(simulator, tmp_path)
        run_now(enqueue_sync(Account.objects.get())[0])
    database = StringIO()
    call_command("dumpdata", stdout=database)
    kept = "".join(path.read_text(errors="replace") for path in data_dir.rglob("*") if path.is_file())

    assert Job.objects.exists()
    for piece in pieces(simulator.private_key):
        for place in (*said, database.getvalue(), caplog.text, kept, repr(vars(Account.objects.get()))):
            assert piece not in place


def test_a_wrong_key_is_not_quoted_back(tmp_path: Path) -> None:
    key = tmp_path / "AuthKey.p8"
    key.write_text("-----BEGIN PRIVATE KEY-----\nMIGTsecretsecretsecret\n-----END PRIVATE KEY-----\n")

    reply = ask("account", "add", "--name", "A", "--key-id", "K", "--vendor-number", "1", "--private-key", key)

    assert (reply.code, reply.document["error"]["file"]) == (2, str(key))
    assert "secret" not in f"{reply.document} {reply.said}".replace(str(key), "")
