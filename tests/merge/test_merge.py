"""Merging: what was loaded before its app or account was known becomes the real one's, as if it had come later."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascrecon.appstore import AppRecord
from reports.models import (
    Account,
    App,
    Delivery,
    Figure,
    Finding,
    FindingEvent,
    Series,
    SubscriptionProduct,
    Vendor,
    Vintage,
)
from reports.services.apps import take_over_apps
from reports.services.merge import merge_account, merge_app
from reports.services.refusals import Refused
from tests.doors import findings_of, told
from tests.factories import AccountFactory, AppFactory, UserFactory, VendorFactory
from tests.make_files import DAY, NOTES, days_from, download, metric_export, sale, sales_report

pytestmark = pytest.mark.django_db
UNITS = dict.fromkeys(days_from(DAY, 1), 12)


def unassigned() -> Account:
    return Account.objects.get(name="unassigned")


def units_of(app: App) -> list[int]:
    """The current units of an app in the API's daily reports."""
    figures = Figure.objects.filter(app=app, metric="units", vintage__current=True, vintage__series__side="api")
    return sorted(int(value) for value in figures.values_list("value", flat=True))


def amounts(findings: list[dict[str, object]]) -> list[object]:
    return [(f["kind"], f["metric"], f["apple_id"], f["difference"]) for f in findings]


@pytest.fixture
def acme() -> Account:
    account = AccountFactory.make()
    VendorFactory.make(account=account)
    return account


# An app that an export knows by an old name


def test_figures_and_findings_of_a_provisional_app_follow_it(acme: Account, tmp_path: Path) -> None:
    (acme_notes,) = take_over_apps(acme, [AppRecord(NOTES, "com.acme.notes", "NOTES", "Acme Notes")])
    told("load_report", sales_report(tmp_path, download(10)))
    told("import_export", metric_export(tmp_path, UNITS, app="Old Name"), "--account", "Acme", "--timezone", "PT")
    (old,) = App.objects.filter(provisional=True)

    merge_app(old, acme_notes)

    # The console tells 12, the reports 10.
    (finding,) = findings_of()
    assert (finding["apple_id"], finding["api_value"], finding["console_value"]) == (NOTES, "10", "12")
    assert set(acme_notes.names.values_list("name", flat=True)) == {"Acme Notes", "Old Name"}
    assert not Series.objects.filter(app=old).exists()


def test_a_later_export_under_the_old_name_finds_the_app(acme: Account, tmp_path: Path) -> None:
    real = AppFactory.make(account=acme)
    old = AppFactory.make(account=acme, apple_id=None, sku="", name="Old Name", provisional=True)

    merge_app(old, real)
    (export,) = told("import_export", metric_export(tmp_path, UNITS, app="Old Name"))

    assert export["apple_id"] == NOTES


def test_rows_with_the_sku_of_a_merged_app_belong_to_the_real_one(acme: Account, tmp_path: Path) -> None:
    real = AppFactory.make(account=acme)
    told("load_report", sales_report(tmp_path, sale(3, parent="OLDSKU")))
    old = App.objects.get(sku="OLDSKU")

    merge_app(old, real)
    told("load_report", sales_report(tmp_path, sale(4, parent="OLDSKU"), day=days_from(DAY, 2)[1]))

    assert units_of(real) == [3, 4]
    assert App.objects.filter(merged_into=None).count() == 1


def test_an_app_takes_over_the_marks_that_it_lacks(acme: Account) -> None:
    by_id = AppFactory.make(account=acme, sku="")
    by_sku = AppFactory.make(account=acme, apple_id=None, sku="NOTES", provisional=True)

    merge_app(by_sku, by_id)

    by_id.refresh_from_db()
    by_sku.refresh_from_db()
    assert (by_id.apple_id, by_id.sku) == (NOTES, "NOTES")
    assert (by_sku.merged_into, by_sku.sku) == (by_id, "")


def test_a_merged_app_that_is_merged_again_leads_to_the_last(acme: Account) -> None:
    first, second = (App.objects.create(account=acme, name=name, provisional=True) for name in ("One", "Two"))
    real = AppFactory.make(account=acme)

    merge_app(first, second)
    merge_app(second, real)

    first.refresh_from_db()
    assert first.merged_into == real


def test_apples_list_comes_after_a_merge(acme: Account) -> None:
    real = AppFactory.make(account=acme, sku="OTHER", provisional=True)
    merge_app(AppFactory.make(account=acme, apple_id=None, sku="NOTES", provisional=True), real)

    (app,) = take_over_apps(acme, [AppRecord(NOTES, "com.acme.notes", "NOTES", "Acme Notes")])

    assert (app.pk, app.sku) == (real.pk, "NOTES")


@pytest.mark.parametrize(
    ("source", "into", "words"),
    [
        ({"provisional": False}, {}, "choose a provisional app"),
        ({"apple_id": 7, "provisional": True}, {}, "they are two apps"),
    ],
    ids=["real", "two Apple IDs"],
)
def test_what_is_not_the_same_app_is_not_merged(
    acme: Account, source: dict[str, object], into: dict[str, object], words: str
) -> None:
    one = AppFactory.make(**{"account": acme, "apple_id": None, "sku": "", "name": "Other", **source})
    two = AppFactory.make(account=acme, **into)

    with pytest.raises(Refused, match=words):
        merge_app(one, two)


def test_an_app_of_another_account_is_not_merged(acme: Account) -> None:
    stranger = AppFactory.make(account=AccountFactory.make(name="Other"), provisional=True)

    with pytest.raises(Refused, match="of the same account"):
        merge_app(stranger, AppFactory.make(account=acme))


# An account that files made


def test_a_file_without_a_vendor_becomes_the_one_of_the_real_account(acme: Account, tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(10), name="sales.txt"))
    take_over_apps(acme, [AppRecord(NOTES, "com.acme.notes", "NOTES", "Acme Notes")])

    merge_account(unassigned(), acme)

    (delivery,) = Delivery.objects.all()
    assert (delivery.account, delivery.vendor) == (acme, Vendor.objects.get())
    assert units_of(App.objects.get(apple_id=NOTES, merged_into=None)) == [10]
    assert told("coverage")["counts"] == {"final": 1}
    assert not Account.objects.filter(provisional=True).exists()


def test_a_day_that_both_had_is_counted_once(acme: Account, tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(10), name="earlier.txt"), "--as-of", "2026-10-20")
    told("load_report", sales_report(tmp_path, download(11)), "--as-of", "2026-10-21")

    merge_account(unassigned(), acme)

    (app,) = App.objects.filter(merged_into=None)
    assert units_of(app) == [11]
    assert Vintage.objects.filter(current=True).count() == 1
    assert Vintage.objects.count() == 2


def test_subscriptions_that_sales_rows_named_move_along(acme: Account, tmp_path: Path) -> None:
    rows = (sale(1), sale(1, product="notes.max", apple_id=1500000102))
    told("load_report", sales_report(tmp_path, *rows, name="earlier.txt"), "--as-of", "2026-10-20")
    told("load_report", sales_report(tmp_path, sale(2)), "--as-of", "2026-10-21")

    merge_account(unassigned(), acme)

    known = SubscriptionProduct.objects.order_by("apple_id").values_list("account__name", "apple_id", "sku")
    assert list(known) == [("Acme", 1500000101, "notes.pro"), ("Acme", 1500000102, "notes.max")]


def test_the_newer_of_both_counts_whichever_was_merged(acme: Account, tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(11)), "--as-of", "2026-10-20")
    told("load_report", sales_report(tmp_path, download(10), name="later.txt"), "--as-of", "2026-10-21")

    merge_account(unassigned(), acme)

    (app,) = App.objects.filter(merged_into=None)
    assert units_of(app) == [10]


def test_findings_move_with_their_history(acme: Account, tmp_path: Path) -> None:
    take_over_apps(acme, [AppRecord(NOTES, "com.acme.notes", "NOTES", "Acme Notes")])
    told("load_report", sales_report(tmp_path, download(10), name="sales.txt"))
    told("import_export", metric_export(tmp_path, UNITS), "--account", "unassigned", "--timezone", "PT")
    before = amounts(findings_of())
    (finding,) = Finding.objects.all()

    merge_account(unassigned(), acme, by=UserFactory.make(username="ada"))

    assert amounts(findings_of()) == before == [("value_mismatch", "app_units", NOTES, "2")]
    finding.refresh_from_db()
    assert (finding.account, finding.state) == (acme, "open")
    events = FindingEvent.objects.filter(finding=finding).values_list("action", "actor")
    # Once with its app, once with its account.
    assert list(events) == [("opened", "ascrecon"), ("moved", "ada"), ("moved", "ada")]


def test_merging_gives_what_loading_for_the_real_account_gives(acme: Account, tmp_path: Path) -> None:
    take_over_apps(acme, [AppRecord(NOTES, "com.acme.notes", "NOTES", "Acme Notes")])
    told("load_report", sales_report(tmp_path, download(10), sale(2), name="sales.txt"))
    told("import_export", sales_report(tmp_path / "console", download(12), sale(2), name="console.txt"))
    merge_account(unassigned(), acme)
    merged = findings_of()

    Finding.objects.all().delete()
    again = findings_of()

    assert [f["id"] for f in merged] == [f["id"] for f in again]
    assert amounts(merged) == [("value_mismatch", "units", NOTES, "2")]


def test_a_real_account_is_not_merged(acme: Account) -> None:
    with pytest.raises(Refused, match="provisional account"):
        merge_account(acme, AccountFactory.make(name="Other"))
