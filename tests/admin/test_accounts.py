from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms.models import model_to_dict
from django.test import Client

from reports.models import Account, App, CoverageCell, Rule
from tests import factories as make

ADD = "/admin/reports/account/add/"
ISSUER = "57246542-96fe-1a63-e053-0824d011072a"


@pytest.fixture(scope="module")
def pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def entered(pem: str, **more: object) -> dict[str, object]:
    return {
        "name": "Acme", "issuer_id": ISSUER, "key_id": "2X9R4HXF34", "new_key": pem,
        "vendor_numbers": "80000001\n80000002", **more,
    }  # fmt: skip


def secret(pem: str) -> str:
    return pem.splitlines()[1][:40]


def test_it_connects_an_account_in_one_step(pem: str, login: Callable[[str], Client]) -> None:
    response = login("Administrator").post(ADD, entered(pem))
    account = Account.objects.get()
    assert response["Location"] == f"/admin/reports/account/{account.pk}/change/"
    assert [vendor.number for vendor in account.vendors.all()] == ["80000001", "80000002"]
    assert secret(pem) in account.private_key
    assert secret(pem) not in account.private_key_encrypted


def test_it_takes_the_key_as_a_file(pem: str, login: Callable[[str], Client]) -> None:
    file = SimpleUploadedFile("AuthKey_2X9R4HXF34.p8", pem.encode())
    login("Administrator").post(ADD, entered("", key_file=file))
    assert Account.objects.get().has_key


@pytest.mark.parametrize("role", ["Viewer", "Analyst", "Administrator"])
def test_it_never_shows_a_key_again(role: str, pem: str, login: Callable[[str], Client]) -> None:
    login("Administrator").post(ADD, entered(pem))
    client, account = login(role), Account.objects.get()
    for url in (f"{account.pk}/change/", "", f"{account.pk}/history/", "export/csv/"):
        response = client.get(f"/admin/reports/account/{url}")
        body = b"".join(response) if response.streaming else response.content
        assert secret(pem) not in body.decode(), url
        assert account.private_key_encrypted not in body.decode(), url


def test_it_does_not_show_the_key_of_a_form_that_failed(pem: str, login: Callable[[str], Client]) -> None:
    response = login("Administrator").post(ADD, entered(pem, vendor_numbers="eight"))
    assert "digits only" in response.content.decode()
    assert secret(pem) not in response.content.decode()


def test_it_says_beside_the_field_what_is_wrong_with_a_key(login: Callable[[str], Client]) -> None:
    response = login("Administrator").post(ADD, entered("-----BEGIN RSA PRIVATE KEY-----\nAAAA"))
    assert "This is an RSA key" in response.content.decode()
    assert not Account.objects.exists()


def test_it_keeps_the_stored_key_when_the_field_stays_empty(pem: str, login: Callable[[str], Client]) -> None:
    client = login("Administrator")
    client.post(ADD, entered(pem))
    account = Account.objects.get()
    data = {
        "name": "Acme Corporation", "issuer_id": ISSUER, "key_id": "2X9R4HXF34", "new_key": "", "sync_enabled": "on",
        "vendors-TOTAL_FORMS": "0", "vendors-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert client.post(f"/admin/reports/account/{account.pk}/change/", data).status_code == 302
    account.refresh_from_db()
    assert (account.name, secret(pem) in account.private_key) == ("Acme Corporation", True)


def test_another_address_needs_the_key_again(pem: str, login: Callable[[str], Client]) -> None:
    """Who may not know the key must not have calls to a server of theirs signed with it."""
    client = login("Administrator")
    client.post(ADD, entered(pem))
    account = Account.objects.get()
    management = {"vendors-TOTAL_FORMS": "0", "vendors-INITIAL_FORMS": "0"}
    url, elsewhere = f"/admin/reports/account/{account.pk}/change/", {"base_url": "https://apple.example.com"}

    refused = client.post(url, entered("", **elsewhere, **management))

    assert "Enter the key again" in refused.content.decode()
    assert Account.objects.get().base_url == account.base_url
    assert client.post(url, entered(pem, **elsewhere, **management)).status_code == 302
    assert Account.objects.get().base_url == "https://apple.example.com"


def test_an_app_stays_in_its_account(login: Callable[[str], Client]) -> None:
    """Its reports, figures and findings are there; two apps are joined by merging them."""
    app, other = make.AppFactory.make(), make.AccountFactory.make(name="Other")
    names = {"names-TOTAL_FORMS": "0", "names-INITIAL_FORMS": "0"}
    data = {"account": other.pk, "name": "Notes", "apple_id": app.apple_id, "sku": app.sku, "bundle_id": app.bundle_id}

    response = login("Administrator").post(f"/admin/reports/app/{app.pk}/change/", data | names)

    assert response.status_code == 302
    was, app = app.account, App.objects.get(pk=app.pk)
    assert (app.account, app.name) == (was, "Notes")


def test_it_queues_pulling_once(pem: str, login: Callable[[str], Client]) -> None:
    client = login("Administrator")
    client.post(ADD, entered(pem))
    url = f"/admin/reports/account/{Account.objects.get().pk}/pull/"
    assert client.post(url)["Location"] == client.post(url)["Location"]


def test_it_plans_nothing_by_being_looked_at(pem: str, login: Callable[[str], Client]) -> None:
    client = login("Administrator")
    client.post(ADD, entered(pem))
    account = Account.objects.get()
    planned = CoverageCell.objects.count()
    assert planned > 0, "connecting plans what Apple still has"
    CoverageCell.objects.all().delete()
    page = client.get(f"/admin/reports/account/{account.pk}/change/").content.decode()
    assert "Nothing is planned yet" in page
    assert not CoverageCell.objects.exists()


def test_it_merges_only_what_is_provisional(login: Callable[[str], Client]) -> None:
    app = make.AppFactory.make()
    response = login("Administrator").get(f"/admin/reports/app/{app.pk}/merge/", follow=True)
    assert "is not provisional" in response.content.decode()


def test_it_copies_a_rule_as_a_new_one(login: Callable[[str], Client]) -> None:
    rule = make.RuleFactory.make()
    data = model_to_dict(rule) | {"key": "copied", "title": "A copy", "api_filter": '{"country": ["DE"]}'}
    data |= {"alternative_filter": "null", "_saveasnew": "Save as new"}
    assert login("Administrator").post(f"/admin/reports/rule/{rule.pk}/change/", data).status_code == 302
    assert Rule.objects.get(key="copied").api_measure == rule.api_measure


def test_it_marks_a_pairing_that_is_not_proved(login: Callable[[str], Client]) -> None:
    make.RuleFactory.make()
    assert "unconfirmed" in login("Viewer").get("/admin/reports/rule/").content.decode()


def test_it_merges_a_provisional_app_into_the_real_one(login: Callable[[str], Client]) -> None:
    real = make.AppFactory.make()
    known_by_name = make.AppFactory.make(apple_id=None, sku="", name="Acme Notes!", provisional=True)
    finding = make.FindingFactory.make(app=known_by_name)
    url = f"/admin/reports/app/{known_by_name.pk}/merge/"
    response = login("Administrator").post(url, {"into": real.pk})
    finding.refresh_from_db()
    assert response["Location"] == f"/admin/reports/app/{real.pk}/change/"
    assert finding.app == real


def test_it_merges_a_provisional_account_into_the_real_one(login: Callable[[str], Client]) -> None:
    real = make.AccountFactory.make()
    unassigned = make.AccountFactory.make(name="unassigned", provisional=True)
    export = make.ConsoleExportFactory.make(app=make.AppFactory.make(account=unassigned, apple_id=7, sku="X"))
    login("Administrator").post(f"/admin/reports/account/{unassigned.pk}/merge/", {"into": real.pk})
    export.refresh_from_db()
    assert export.account == real
