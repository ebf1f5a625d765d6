from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ascrecon.appstore import AppRecord
from reports.models import Account, App, Cause, Finding, FindingKind, Severity
from reports.services.apps import take_over_apps

pytestmark = pytest.mark.django_db
NOTES = AppRecord(apple_id=1500000001, bundle_id="com.acme.notes", sku="NOTES", name="Acme Notes")


@pytest.fixture
def account() -> Account:
    return Account.objects.create(name="Acme")


def names(app: App) -> set[str]:
    return set(app.names.values_list("name", flat=True))


@pytest.mark.parametrize(
    "known",
    [
        {"apple_id": 1500000001, "sku": "", "name": "Notes"},
        {"apple_id": None, "sku": "notes", "name": "Notes"},
        {"apple_id": None, "sku": "", "name": "Acme Notes"},
    ],
    ids=["Apple ID", "SKU", "name"],
)
def test_it_makes_an_app_from_a_file_the_real_one(account: Account, known: dict[str, object]) -> None:
    provisional = App.objects.create(account=account, provisional=True, **known)

    (app,) = take_over_apps(account, [NOTES])

    assert (app.pk, app.apple_id, app.sku) == (provisional.pk, 1500000001, "NOTES")
    assert (app.name, app.bundle_id, app.provisional) == ("Acme Notes", "com.acme.notes", False)
    assert names(app) == {str(known["name"]), "Acme Notes"}


def test_it_keeps_the_earlier_names_of_an_app(account: Account) -> None:
    take_over_apps(account, [NOTES])

    (app,) = take_over_apps(account, [AppRecord(1500000001, "com.acme.notes", "NOTES", "Acme Notes Pro")])

    assert app.name == "Acme Notes Pro"
    assert names(app) == {"Acme Notes", "Acme Notes Pro"}


def test_it_changes_nothing_when_nothing_changed(account: Account) -> None:
    first = take_over_apps(account, [NOTES])

    assert take_over_apps(account, [NOTES]) == first
    assert (App.objects.count(), names(first[0])) == (1, {"Acme Notes"})


def test_it_leaves_an_app_of_another_account_alone(account: Account) -> None:
    other = Account.objects.create(name="Other")
    App.objects.create(account=other, apple_id=1500000001, provisional=True)

    (app,) = take_over_apps(account, [NOTES])

    assert app.account == account
    assert App.objects.get(account=other).provisional


def test_it_joins_two_apps_from_files_that_are_one(account: Account) -> None:
    by_id = App.objects.create(account=account, apple_id=1500000001, provisional=True)
    by_sku = App.objects.create(account=account, sku="NOTES", name="Notes", provisional=True)
    finding = Finding.objects.create(
        public_id="1", kind=FindingKind.VALUE_MISMATCH, cause=Cause.UNEXPLAINED, severity=Severity.LOW, account=account,
        app=by_sku, from_day=date(2026, 11, 1), to_day=date(2026, 11, 1), first_seen=datetime(2026, 11, 2, tzinfo=UTC),
        last_seen=datetime(2026, 11, 2, tzinfo=UTC), message="They differ.", detector="test",
    )  # fmt: skip

    (app,) = take_over_apps(account, [NOTES])

    by_sku.refresh_from_db()
    finding.refresh_from_db()
    assert (app.pk, app.sku, by_sku.merged_into_id, by_sku.sku) == (by_id.pk, "NOTES", by_id.pk, "")
    assert finding.app_id == by_id.pk
    assert names(app) == {"Notes", "Acme Notes"}
