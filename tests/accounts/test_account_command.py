from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_django.fixtures import Settings

from ascrecon import clock
from ascrecon.simulator.running import Simulator, running
from reports.management.commands.account import Command
from reports.models import Account, CellState, CoverageCell, Vendor
from reports.sync.plan import plan_sync
from tests.sync.conftest import SCENARIO
from tests.sync.doors import Said, door

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 20, tzinfo=UTC)


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def p256() -> str:
    return pem(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "AuthKey_ABC123DEFG.p8"
    path.write_text(p256())
    return path


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running(SCENARIO) as started:
        yield started


def add(key: Path, **changes: str | list[str]) -> Said:
    options: dict[str, str | list[str]] = {
        "--name": "Acme",
        "--issuer-id": "57246542-96fe-1a63-e053-0824d011072a",
        "--key-id": "ABC123DEFG",
        "--private-key": str(key),
        "--vendor-number": ["80000001"],
    }
    options |= {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    argv = [word for name, value in options.items() for each in _listed(value) for word in (name, each)]
    return door("account", "add", "--json", *argv)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def connect(simulator: Simulator, tmp_path: Path, **changes: str | list[str]) -> Said:
    path = tmp_path / "simulator.p8"
    path.write_text(simulator.private_key)
    given: dict[str, str | list[str]] = {
        "issuer_id": simulator.issuer_id,
        "key_id": simulator.key_id,
        "base_url": simulator.url,
    }
    return add(path, **{**given, **changes})


def test_it_adds_an_account_with_several_vendor_numbers(key_file: Path) -> None:
    said = add(key_file, vendor_number=["80000001", "80000002", "80000001"])

    account = Account.objects.get()
    assert said.code == 0
    assert (said.json["name"], said.json["vendor_numbers"]) == ("Acme", ["80000001", "80000002"])
    assert (account.key_kind, account.provisional, account.sync_enabled) == ("team", False, True)
    assert account.base_url == "https://api.appstoreconnect.apple.com"


def test_it_keeps_the_key_encrypted_and_never_shows_it(key_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = key_file.read_text().splitlines()[1]

    shown = [add(key_file), add(key_file), door("account", "list"), door("account", "list", "--json")]

    account = Account.objects.get()
    assert account.private_key == key_file.read_text()
    assert secret not in account.private_key_encrypted
    assert all(secret not in said.out + said.err for said in shown)
    assert secret not in caplog.text
    assert "private_key" not in shown[-1].out


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (pem(rsa.generate_private_key(65537, 2048)), "This is an RSA key"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "on the curve secp384r1"),
        ("not a key", "No line -----BEGIN PRIVATE KEY-----"),
        (p256()[:90], "-----END PRIVATE KEY----- is missing"),
        ("", "No line -----BEGIN PRIVATE KEY-----"),
    ],
    ids=["RSA", "P-384", "text", "cut", "empty"],
)
def test_it_refuses_what_is_no_key_of_app_store_connect(tmp_path: Path, content: str, seen: str) -> None:
    path = tmp_path / "key.p8"
    path.write_text(content)

    said = add(path)

    assert said.code == 2
    assert seen in said.json["error"]["seen"]
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"name": " "}, "Give the account a name."),
        ({"key_id": "ABC 123"}, "The key id 'ABC 123' is empty or has blanks"),
        ({"issuer_id": "a b"}, "The issuer id 'a b' is empty or has blanks"),
        ({"vendor_number": ["8000000x"]}, "The vendor number '8000000x' must have digits only"),
        ({"vendor_number": ["８００"]}, "must have digits only"),
        ({"base_url": "http://example.org"}, "must begin with https"),
    ],
)
def test_it_refuses_other_values_that_cannot_be_right(
    key_file: Path, changes: dict[str, str | list[str]], seen: str
) -> None:
    said = add(key_file, **changes)

    assert said.code == 2
    assert seen in said.json["error"]["seen"]
    assert not Account.objects.exists()


def test_it_names_a_key_file_that_cannot_be_read(tmp_path: Path) -> None:
    said = add(tmp_path / "gone.p8")

    assert said.code == 2
    assert said.json["error"]["file"].endswith("gone.p8")


def test_it_refuses_a_name_and_a_vendor_number_that_are_taken(key_file: Path) -> None:
    add(key_file)

    assert "named 'Acme' already" in add(key_file, vendor_number=["80000009"]).json["error"]["seen"]
    assert "belongs to the account 'Acme'" in add(key_file, name="Other").json["error"]["seen"]


def test_it_takes_over_the_account_that_a_file_made(key_file: Path) -> None:
    provisional = Account.objects.create(name="80000001", provisional=True, sync_enabled=False)
    Vendor.objects.create(account=provisional, number="80000001")

    add(key_file, vendor_number=["80000001", "80000002"])

    account = Account.objects.get()
    assert (account.pk, account.name, account.provisional, account.sync_enabled) == (
        provisional.pk,
        "Acme",
        False,
        True,
    )
    assert list(account.vendors.values_list("number", flat=True)) == ["80000001", "80000002"]


def test_it_tells_wrong_usage_as_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        Command().run_from_argv(["manage.py", "account", "add", "--json", "--name", "Acme"])

    printed = capsys.readouterr()
    assert stopped.value.code == 2
    assert "--key-id" in json.loads(printed.out)["error"]["seen"]
    assert "manage.py account --help" in printed.err


def test_it_tests_every_family_of_reports(simulator: Simulator, tmp_path: Path) -> None:
    connect(simulator, tmp_path)

    with clock.standing_at(NOW):
        said = door("account", "test", "--json")

    assert said.code == 0
    (tested,) = said.json["accounts"]
    families = {probe["family"]: probe["ok"] for probe in tested["probes"]}
    assert {name: families[name] for name in ("apps", "sales", "finance")} == {
        "apps": True,
        "sales": True,
        "finance": True,
    }
    assert tested["plan"]["calls"] > 600
    account = Account.objects.get()
    assert account.connection_tested_at == NOW
    assert [probe["family"] for probe in account.connection] == [probe["family"] for probe in tested["probes"]]


def test_it_says_which_role_is_missing(tmp_path: Path) -> None:
    with running({**SCENARIO, "roles": ["SALES_AND_REPORTS"]}) as simulator, clock.standing_at(NOW):
        connect(simulator, tmp_path)
        said = door("account", "test", "--json")

    probes = {probe["family"]: probe for probe in said.json["accounts"][0]["probes"]}
    assert said.code == 3
    assert (probes["sales"]["ok"], probes["finance"]["ok"], probes["finance"]["missing"]) == (True, False, "role")
    assert "ADMIN, FINANCE" in probes["finance"]["message"]
    assert said.json["error"]["do"]


def test_it_refuses_an_individual_key_for_sales_in_plain_words(simulator: Simulator, tmp_path: Path) -> None:
    connect(simulator, tmp_path, issuer_id="")

    with clock.standing_at(NOW):
        said = door("account", "test", "--json")

    probes = {probe["family"]: probe for probe in said.json["accounts"][0]["probes"]}
    assert Account.objects.get().key_kind == "individual"
    assert said.code == 3
    for family in ("sales", "finance"):
        assert "An individual key cannot read" in probes[family]["message"]
        assert "team key" in probes[family]["message"]


def test_it_lets_blocked_reports_be_tried_again_after_a_good_test(simulator: Simulator, tmp_path: Path) -> None:
    connect(simulator, tmp_path)
    later = datetime(2026, 12, 1, tzinfo=UTC)
    with clock.standing_at(NOW):
        plan_sync(Account.objects.get())
        CoverageCell.objects.update(state=CellState.BLOCKED, cause="credentials", next_try=later)

        door("account", "test")

    assert not CoverageCell.objects.filter(next_try=later).exists()


@pytest.mark.parametrize("action", ["test", "list"])
def test_it_says_that_there_is_no_account(action: str) -> None:
    said = door("account", action)

    assert said.code == (2 if action == "test" else 0)
    assert "no account" in (said.out + said.err).lower()


def test_it_encrypts_keys_anew_with_the_first_encryption_key(key_file: Path, settings: Settings) -> None:
    add(key_file)
    old, new = settings.ASCRECON_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ASCRECON_ENCRYPTION_KEYS = [new, old]

    assert door("account", "rotate-keys", "--json").json == {"rotated": 1}
    assert door("account", "rotate-keys", "--json").json == {"rotated": 0}

    settings.ASCRECON_ENCRYPTION_KEYS = [new]
    assert Account.objects.get().private_key == key_file.read_text()


def test_it_says_what_to_do_when_the_encryption_key_is_lost(
    simulator: Simulator, tmp_path: Path, settings: Settings
) -> None:
    connect(simulator, tmp_path)
    settings.ASCRECON_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    said = door("account", "test", "--json")

    assert said.code == 2
    assert "ASCRECON_ENCRYPTION_KEYS" in said.json["error"]["seen"]
