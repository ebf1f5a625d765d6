"""Wrong input to any command: one sentence, exit code 2, `error` with --json, and nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reports.models import Delivery, Run
from tests.doors import refusal
from tests.factories import AppFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        (["findings", "--app", "7"], "There is no app with the Apple ID 7."),
        (["findings", "--app", "0"], "There is no app with the Apple ID 0."),
        (["coverage", "--app", "7"], "There is no app with the Apple ID 7."),
        (["coverage", "--report", "SALES"], "There is no report 'SALES'."),
        (["coverage", "--from", "2026-02-01", "--to", "2026-01-01"], "--from 2026-02-01 lies after --to 2026-01-01."),
        (["reconcile", "--from", "2026-02-01", "--to", "2026-01-01"], "--from 2026-02-01 lies after --to 2026-01-01."),
        (["reconcile", "--from", "2026-02-01"], "Only one end of the period was given."),
        (["reconcile", "--app", "7"], "There is no app with the Apple ID 7."),
        (["reconcile", "--month", "2026-1"], "'2026-1' is no month."),
        (["reconcile", "--fiscal-month", "soon"], "'soon' is no month."),
        (["reconcile", "--fiscal-month", "2099-01"], "The days of fiscal month 2099-01 are not known."),
        (["reconcile", "--account", "Nobody"], "There is no account named 'Nobody'."),
        (["sync", "--from", "2026-02-01", "--to", "2026-01-01"], "--from 2026-02-01 lies after --to 2026-01-01."),
        (["sync"], "There is no account to pull."),
        (["account", "test"], "There is no account with a key."),
        (["digest"], "No digest is scheduled."),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], seen: str) -> None:
    AppFactory.make()

    error = refusal(*arguments)

    assert (error["seen"], bool(error["do"])) == (seen, True)
    assert not Run.objects.exists()


@pytest.mark.parametrize("command", ["load_report", "import_export"])
def test_a_folder_is_called_a_folder(command: str, tmp_path: Path) -> None:
    error = refusal(command, tmp_path)

    assert (error["file"], error["seen"]) == (str(tmp_path), "a folder or a device, not a file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
@pytest.mark.parametrize("command", ["load_report", "import_export"])
def test_a_file_that_may_not_be_read_is_named(command: str, tmp_path: Path) -> None:
    locked = tmp_path / "locked.csv"
    locked.write_text("x")
    locked.chmod(0)

    assert refusal(command, locked)["seen"] == "a file that may not be read"


@pytest.mark.parametrize("command", ["load_report", "import_export"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("blank.csv", b"\n\n \n"),
        ("noise.bin", bytes(range(256)) * 20),
        ("cut.txt.gz", b"\x1f\x8b\x08\x00garbage"),
        ("cut.zip", b"PK\x03\x04garbage"),
        ("note.txt", b"hello"),
    ],
)
def test_a_file_that_is_none_of_ours_leaves_nothing(command: str, name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    error = refusal(command, path)

    assert (error["file"], bool(error["seen"]), bool(error["do"])) == (name, True, True)
    assert not Delivery.objects.exists()
