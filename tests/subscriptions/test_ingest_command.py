"""`manage.py ingest_notifications`: files of signed payloads, as the webhook would take them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from ascrecon.simulator.subscriptions.authority import new_authority
from ascrecon.simulator.subscriptions.built import steps_of
from ascrecon.simulator.subscriptions.steps import Shop, signed
from subscriptions.models import Notification, Purchase, Subscription
from tests.doors import refusal, told
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db


def written(folder: Path, *lines: str) -> Path:
    path = folder / "payloads.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_it_takes_in_and_works_in_what_apple_signed(shop: Shop, tmp_path: Path) -> None:
    first, second = signed(steps_of("renew"), shop)
    path = written(tmp_path, first, "", json.dumps({"signedPayload": second}))

    (document,) = told("ingest_notifications", path)

    assert document == {
        "file": str(path), "lines": 2, "new": 2, "repeats": 0, "quarantined": 0, "rejections": [],
    }  # fmt: skip
    assert [p.price for p in Purchase.objects.all()] == [9990, 9990]
    assert set(Notification.objects.values_list("source", "state")) == {("file", "processed")}


def test_a_second_time_everything_is_known(shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, *signed(steps_of("renew"), shop))
    told("ingest_notifications", path)
    (document,) = told("ingest_notifications", path)
    assert (document["new"], document["repeats"]) == (0, 2)


def test_it_names_the_lines_that_it_refuses_and_takes_the_others(shop: Shop, tmp_path: Path) -> None:
    forged = signed(steps_of("renew"), Shop(new_authority(), shop.bundle_id, shop.apple_id))[0]
    path = written(tmp_path, signed(steps_of("renew"), shop)[0], forged, "x" * 700_000, '{"a": 1}', "{")

    (document,) = told("ingest_notifications", path)

    assert (document["lines"], document["new"]) == (5, 1)
    assert [(each["line"], each["reason"]) for each in document["rejections"]] == [
        (2, "signature"), (3, "malformed"), (4, "malformed"), (5, "malformed"),
    ]  # fmt: skip


def test_sandbox_goes_where_it_says_unless_an_address_is_named(sandbox: Shop, tmp_path: Path) -> None:
    first, second = signed(steps_of("renew"), sandbox)

    told("ingest_notifications", written(tmp_path, first))
    (document,) = told("ingest_notifications", written(tmp_path, second), "--environment", "production")

    assert document["quarantined"] == 1
    assert [s.environment for s in Subscription.objects.all()] == ["sandbox"]


def test_a_file_without_any_good_line_is_bad_input(shop: Shop, tmp_path: Path) -> None:
    error = refusal("ingest_notifications", written(tmp_path, "", "a.b.c"))
    assert (error["line"], error["file"]) == (2, str(tmp_path / "payloads.txt"))


def test_an_empty_or_missing_file_is_bad_input(shop: Shop, tmp_path: Path) -> None:
    assert refusal("ingest_notifications", written(tmp_path, ""))["seen"] == "an empty file"
    assert refusal("ingest_notifications", tmp_path / "nothing")["seen"] == "no such file"


def test_it_asks_which_account_is_meant(shop: Shop, tmp_path: Path) -> None:
    AccountFactory.make(name="Other")
    path = written(tmp_path, *signed(steps_of("renew"), shop))

    assert refusal("ingest_notifications", path)["do"] == "Name one with --account."
    assert told("ingest_notifications", path, "--account", "Acme")[0]["new"] == 2


def test_without_root_certificates_it_says_what_to_do(shop: Shop, tmp_path: Path, settings: Settings) -> None:
    settings.ASCRECON_APPLE_ROOTS = str(tmp_path / "none")
    error = refusal("ingest_notifications", written(tmp_path, *signed(steps_of("renew"), shop)))
    assert error["do"].startswith("Put Apple's root certificates (from Apple PKI")
