"""`import_export`: what people download from the web console."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from reports.models import Account, App, ConsoleRow, Delivery, Figure, RawFile, SalesRow, Series, Vendor
from reports.services.import_options import ImportOptions
from reports.services.uploads import Refused, cancel, describe, preview, withdraw
from tests.doors import ask, refusal, told
from tests.make_files import (
    DAY,
    NOTES,
    days_from,
    detail_report,
    download,
    earning,
    metric_export,
    payments_export,
    region_report,
    sale,
    sales_report,
    write,
)

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]
FIVE = dict(zip(days_from(DAY, 5), (10, 20, 30, 40, 50), strict=True))


def current_values(metric: str = "app_units") -> dict[str, str]:
    """What the console's side tells now, by first day."""
    figures = Figure.objects.filter(metric=metric, vintage__current=True, vintage__series__side="console")
    return {
        day.isoformat(): str(value.normalize())
        for day, value in figures.order_by("vintage__period_start").values_list("vintage__period_start", "value")
    }


def test_it_takes_a_metric_of_app_analytics(tmp_path: Path) -> None:
    (export,) = told("import_export", metric_export(tmp_path, FIVE))

    assert (export["side"], export["kind"], export["report"], export["language"]) == (
        "console",
        "A1",
        "app_units",
        "en",
    )
    assert (export["account"], export["app"], export["apple_id"]) == ("unassigned", "Acme Notes", None)
    assert (export["from"], export["to"], export["grain"]) == ("2026-10-12", "2026-10-16", "day")
    assert (export["timezone"], export["currency"]) == ("UTC", None)
    assert (export["rows_read"], export["rows_accepted"], export["rows_rejected"]) == (5, 5, 0)
    assert export["totals"] == {"units": None, "by_currency": {}, "refund_rows": 0, "partial_refund_rows": 0}
    assert (export["rejections"], export["overlaps"]) == ([], [])
    assert [warning[:40] for warning in export["warnings"]] == ["App Units: known from the page only, no f"[:40]]
    assert list(current_values().values()) == ["1E+1", "2E+1", "3E+1", "4E+1", "5E+1"]


def test_it_takes_payments_and_financial_reports(tmp_path: Path) -> None:
    path = payments_export(tmp_path, {"Switzerland (CHF)": "7.00", "Japan (JPY)": "980"}, units={"Japan (JPY)": 2})
    (export,) = told("import_export", path)

    assert (export["kind"], export["report"], export["grain"]) == ("P", "PAYMENTS", "fiscal_month")
    assert (export["from"], export["to"], export["currency"]) == ("2026-08-30", "2026-09-26", "EUR")
    # units: 1 + 2
    assert (export["totals"]["units"], export["totals"]["by_currency"]) == ("3", {"CHF": "7.00", "JPY": "980"})


def test_it_takes_downloaded_sales_and_finance_reports(tmp_path: Path) -> None:
    sales, region, detail = told(
        "import_export",
        sales_report(tmp_path, sale(3), sale(-1)),
        region_report(tmp_path, "CH", earning(3)),
        detail_report(tmp_path, earning(4)),
    )

    assert (sales["side"], sales["kind"], sales["report"]) == ("console", "R", "SALES/SUMMARY/DAILY")
    # 3 x 3.49 - 3.49 = 6.98
    assert (sales["totals"]["by_currency"], sales["totals"]["refund_rows"]) == ({"USD": "6.98"}, 1)
    assert (region["kind"], region["report"], region["region"]) == ("F1", "FINANCE/FINANCIAL", "CH")
    # 3 x 3.50
    assert region["totals"]["by_currency"] == {"CHF": "10.50"}
    assert (detail["kind"], detail["report"], detail["region"]) == ("F2", "FINANCE/FINANCE_DETAIL", "Z1")
    # 4 x 3.50
    assert detail["totals"]["by_currency"] == {"CHF": "14.00"}
    assert {each["timezone"] for each in (sales, region, detail)} == {"America/Los_Angeles"}


@pytest.mark.parametrize("name", ["bom", "utf-16", "cp1252", "tab", "semicolon", "crlf", "gzip"])
def test_it_reads_what_spreadsheets_and_browsers_make_of_a_file(tmp_path: Path, name: str) -> None:
    plain = metric_export(tmp_path, FIVE, app="Caf\u00e9 Notes").read_text(encoding="utf-8")
    content = {
        "bom": b"\xef\xbb\xbf" + plain.encode(), "utf-16": plain.encode("utf-16"), "cp1252": plain.encode("cp1252"),
        "tab": plain.replace(",", "\t").encode(), "semicolon": plain.replace(",", ";").encode(),
        "crlf": plain.replace("\n", "\r\n").encode(), "gzip": gzip.compress(plain.encode()),
    }[name]  # fmt: skip

    (export,) = told("import_export", write(tmp_path, "units.csv.gz" if name == "gzip" else "units.csv", content))

    assert (export["app"], export["rows_accepted"]) == ("Caf\u00e9 Notes", 5)
    assert (export["from"], export["to"]) == ("2026-10-12", "2026-10-16")


@pytest.mark.parametrize("name", ["cp1252", "utf-16", "semicolon", "comma"])
def test_it_reads_resaved_sales_reports(tmp_path: Path, name: str) -> None:
    path = sales_report(tmp_path, sale(3, Title="Caf\u00e9 Pro"))
    plain = path.read_text(encoding="utf-8")
    path.write_bytes(
        {
            "cp1252": plain.encode("cp1252"), "utf-16": plain.encode("utf-16"),
            "semicolon": plain.replace("\t", ";").encode(), "comma": plain.replace("\t", ",").encode(),
        }[name]
    )  # fmt: skip

    # 3 x 3.49
    assert told("import_export", path)[0]["totals"]["by_currency"] == {"USD": "10.47"}
    assert SalesRow.objects.get().title == "Caf\u00e9 Pro"


def test_it_takes_each_file_of_a_zip(tmp_path: Path) -> None:
    archive = tmp_path / "exports.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.write(metric_export(tmp_path, FIVE), "notes/units.csv")
        bundle.write(sales_report(tmp_path, sale(3)), "S_D_80000001_20261012.txt")
        bundle.writestr("__MACOSX/notes/._units.csv", b"\x00")

    exports = told("import_export", archive)

    assert sorted((e["kind"], e["file"]) for e in exports) == [
        ("A1", "exports.zip/units.csv"),
        ("R", "exports.zip/S_D_80000001_20261012.txt"),
    ]
    assert told("import_export", archive) == exports
    assert Delivery.objects.count() == 2


def test_the_same_export_twice_is_one(tmp_path: Path) -> None:
    path = metric_export(tmp_path, FIVE)

    assert told("import_export", path) == told("import_export", path)
    assert (Delivery.objects.count(), ConsoleRow.objects.count()) == (1, 5)


def test_one_file_may_stand_on_both_sides(tmp_path: Path) -> None:
    path = sales_report(tmp_path, sale(3))

    told("load_report", path)
    told("import_export", path)

    assert sorted(Delivery.objects.values_list("side", flat=True)) == ["api", "console"]
    assert RawFile.objects.count() == 1


EARLIER = {DAY: 10, DAY + timedelta(days=1): 20}
LATER = {DAY + timedelta(days=1): 23, DAY + timedelta(days=2): 30}


@pytest.mark.parametrize("earlier_first", [True, False])
def test_overlaps_are_the_same_in_either_order(tmp_path: Path, earlier_first: bool) -> None:
    earlier, later = metric_export(tmp_path, EARLIER, name="old.csv"), metric_export(tmp_path, LATER, name="new.csv")
    paths = [earlier, later] if earlier_first else [later, earlier]
    first, second = told("import_export", *paths)

    assert first["overlaps"] == []
    seen = [(overlap["day"], overlap["old"], overlap["new"]) for overlap in second["overlaps"]]
    assert seen == [("2026-10-13", "20", "23"), ("2026-10-14", None, "30")]
    assert {overlap["with"] for overlap in second["overlaps"]} == {paths[0].name}
    # the export that ends later was taken later: its values count
    assert current_values() == {"2026-10-12": "1E+1", "2026-10-13": "23", "2026-10-14": "3E+1"}


def test_a_corrected_file_supersedes_and_both_are_kept(tmp_path: Path, clock: Clock) -> None:
    clock(datetime(2026, 11, 2, 9, tzinfo=UTC))
    told("import_export", metric_export(tmp_path, FIVE, name="first.csv"))
    clock(datetime(2026, 11, 2, 10, tzinfo=UTC))
    (second,) = told("import_export", metric_export(tmp_path, FIVE | {DAY: 11}, name="second.csv"))

    assert [(o["day"], o["old"], o["new"], o["with"]) for o in second["overlaps"]] == [
        ("2026-10-12", "10", "11", "first.csv")
    ]
    assert current_values()["2026-10-12"] == "11"
    assert ConsoleRow.objects.count() == 10


def test_the_export_before_counts_again_when_the_newer_is_withdrawn(tmp_path: Path, clock: Clock) -> None:
    clock(datetime(2026, 11, 2, 9, tzinfo=UTC))
    first = metric_export(tmp_path, FIVE, name="first.csv")
    told("import_export", first)
    clock(datetime(2026, 11, 2, 10, tzinfo=UTC))
    told("import_export", metric_export(tmp_path, FIVE | {DAY: 11}, name="second.csv"))
    newer = Delivery.objects.get(file_name="second.csv")

    with pytest.raises(Refused, match="Say why"):
        withdraw(newer, reason="  ")
    withdraw(newer, reason="exported from the wrong app")

    assert current_values()["2026-10-12"] == "1E+1"
    newer.refresh_from_db()
    assert (newer.state, newer.withdrawn_reason) == ("withdrawn", "exported from the wrong app")
    assert ConsoleRow.objects.of(newer).count() == 5
    with pytest.raises(Refused, match="can not be withdrawn"):
        withdraw(newer, reason="again")


def test_bytes_that_return_after_others_count_again(tmp_path: Path, clock: Clock) -> None:
    first = metric_export(tmp_path, FIVE, name="first.csv")
    second = metric_export(tmp_path, FIVE | {DAY: 11}, name="second.csv")
    for hour, path in enumerate((first, second, first)):
        clock(datetime(2026, 11, 2, hour, tzinfo=UTC))
        told("import_export", path)

    assert current_values()["2026-10-12"] == "1E+1"
    assert Delivery.objects.count() == 3


def test_a_corrected_sales_report_replaces_the_day_as_a_set(tmp_path: Path, clock: Clock) -> None:
    clock(datetime(2026, 11, 2, 9, tzinfo=UTC))
    told("import_export", sales_report(tmp_path / "a", sale(3), sale(1, "2.10", "EUR", "DE")))
    clock(datetime(2026, 11, 2, 10, tzinfo=UTC))
    (second,) = told("import_export", sales_report(tmp_path / "b", sale(4)))

    # USD: 3 x 3.49 = 10.47, then 4 x 3.49 = 13.96; the euros are gone
    assert [(o["metric"], o["currency"], o["old"], o["new"]) for o in second["overlaps"]] == [
        ("proceeds", "EUR", "2.10", None),
        ("proceeds", "USD", "10.47", "13.96"),
    ]
    assert current_values("proceeds") == {"2026-10-12": "13.96"}


def test_rejected_rows_end_with_2_and_nothing_written_until_their_loss_is_accepted(tmp_path: Path) -> None:
    path = metric_export(tmp_path, FIVE)
    path.write_text(path.read_text().replace("30.0", "thirty").replace("50.0", "1e3"))

    error = refusal("import_export", path)
    assert (error["file"], error["line"]) == ("metric.csv", 8)
    assert "2 of 5 rows" in error["seen"]
    assert "thirty" in error["seen"]
    assert "--accept-rejects" in error["do"]
    assert (Delivery.objects.count(), ConsoleRow.objects.count(), RawFile.objects.count()) == (0, 0, 0)

    (seen,) = told("import_export", path, "--dry-run")
    assert [(r["line"], r["column"], r["seen"]) for r in seen["rejections"]] == [
        (8, "App Units", "thirty"),
        (10, "App Units", "1e3"),
    ]
    assert all(rejection["why"] for rejection in seen["rejections"])

    (loaded,) = told("import_export", path, "--accept-rejects")
    assert (loaded["state"], loaded["rows_accepted"], loaded["rows_rejected"]) == ("loaded", 3, 2)
    assert list(current_values()) == ["2026-10-12", "2026-10-13", "2026-10-15"]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    (export,) = told("import_export", metric_export(tmp_path, FIVE), "--dry-run")

    assert (export["kind"], export["state"], export["rows_accepted"]) == ("A1", "previewed", 5)
    counts = [model.objects.count() for model in (Delivery, RawFile, ConsoleRow, Account, App)]
    assert counts == [0, 0, 0, 0, 0]


def test_one_bad_file_among_several_leaves_nothing(tmp_path: Path) -> None:
    bad = write(tmp_path, "shopping.csv", b"milk,bread\n1,2\n")

    error = refusal("import_export", metric_export(tmp_path, FIVE), bad)

    assert error["file"] == "shopping.csv"
    assert error["seen"]
    assert error["do"]
    assert (Delivery.objects.count(), ConsoleRow.objects.count()) == (0, 0)


def test_another_kind_than_the_one_said_is_refused(tmp_path: Path) -> None:
    error = refusal("import_export", metric_export(tmp_path, FIVE), "--kind", "P")

    assert "A1" in error["seen"]
    assert "P" in error["seen"]
    assert told("import_export", metric_export(tmp_path, FIVE), "--kind", "A1")[0]["kind"] == "A1"


def test_another_fiscal_month_than_the_one_in_the_title_is_refused(tmp_path: Path) -> None:
    path = payments_export(tmp_path, {"Switzerland (CHF)": "7.00"})

    error = refusal("import_export", path, "--fiscal-month", "2026-11")

    assert "2026-12" in error["seen"]
    assert "2026-11" in error["seen"]
    assert told("import_export", path, "--fiscal-month", "2026-12")[0]["from"] == "2026-08-30"


def test_a_table_without_a_month_asks_for_it(tmp_path: Path) -> None:
    pasted = "CHF\t 0.00\t 7.00\t 7.00\t 0.00\t 0.00\t 0.00\t 7.00\t 0.50000\t 3.50\tEUR\n" * 1
    pasted += "JPY\t 0\t 1200\t 1200\t -122\t 0\t 0\t 1078\t 0.00800\t 8.62\tEUR\n"
    path = write(tmp_path, "table.txt", pasted.encode())

    assert "--fiscal-month" in refusal("import_export", path)["do"]

    (export,) = told("import_export", path, "--fiscal-month", "2026-12")
    assert (export["from"], export["to"]) == ("2026-08-30", "2026-09-26")
    assert export["totals"]["by_currency"] == {"CHF": "7.00", "JPY": "1200"}


@pytest.mark.parametrize("month", ["2026-13", "soon", "1999-01"])
def test_a_fiscal_month_whose_days_nobody_knows_is_refused(tmp_path: Path, month: str) -> None:
    path = payments_export(tmp_path, {"Switzerland (CHF)": "7.00"}, label="Nonember, 2026")

    error = refusal("import_export", path, "--fiscal-month", month)

    assert month in error["seen"]
    assert "--from" in error["do"]


@pytest.mark.parametrize(("first", "last"), [("2026-10-11", "2026-10-16"), ("2026-10-12", "2026-10-15")])
def test_other_days_than_those_said_are_refused(tmp_path: Path, first: str, last: str) -> None:
    error = refusal("import_export", metric_export(tmp_path, FIVE), "--from", first, "--to", last)

    assert "2026-10-12 to 2026-10-16" in error["seen"]
    assert f"{first} to {last}" in error["seen"]


def test_a_downloaded_report_without_rows_needs_its_day(tmp_path: Path) -> None:
    path = sales_report(tmp_path, name="report.txt")

    assert "--from" in refusal("import_export", path)["do"]
    assert told("import_export", path, "--from", "2026-10-12", "--to", "2026-10-12")[0]["from"] == "2026-10-12"


def test_the_zone_of_the_days_is_said_by_the_person(tmp_path: Path) -> None:
    (export,) = told("import_export", metric_export(tmp_path, FIVE), "--timezone", "PT")

    assert export["timezone"] == "America/Los_Angeles"


def test_amounts_without_a_currency_ask_for_it(tmp_path: Path) -> None:
    path = metric_export(tmp_path, FIVE, metric="Proceeds")

    assert "--currency" in refusal("import_export", path)["do"]
    assert told("import_export", path, "--currency", "usd")[0]["currency"] == "USD"


def test_the_account_of_an_export_is_the_only_one_there_is(tmp_path: Path) -> None:
    Account.objects.create(name="Acme")

    assert told("import_export", metric_export(tmp_path, FIVE))[0]["account"] == "Acme"


def test_an_export_that_two_accounts_could_own_is_refused_until_one_is_said(tmp_path: Path) -> None:
    for name in ("Acme", "Globex"):
        App.objects.create(account=Account.objects.create(name=name), name="Acme Notes")
    path = metric_export(tmp_path, FIVE)

    error = refusal("import_export", path)
    assert "Acme" in error["seen"]
    assert "Globex" in error["seen"]
    assert "--account" in error["do"]
    assert told("import_export", path, "--account", "Globex")[0]["account"] == "Globex"


def test_an_export_that_no_account_could_own_waits_unassigned(tmp_path: Path) -> None:
    for name in ("Acme", "Globex"):
        Account.objects.create(name=name)

    (export,) = told("import_export", metric_export(tmp_path, FIVE))

    assert (export["account"], export["app"]) == ("unassigned", "Acme Notes")


def test_a_payments_file_belongs_to_the_account_whose_finance_reports_came(tmp_path: Path) -> None:
    for name, number in (("Acme", "80000001"), ("Globex", "80000002")):
        Vendor.objects.create(account=Account.objects.create(name=name), number=number)
    told("load_report", region_report(tmp_path, "CH", earning(2), vendor="80000002"))

    (export,) = told("import_export", payments_export(tmp_path, {"Switzerland (CHF)": "7.00"}))

    assert (export["account"], export["vendor_number"]) == ("Globex", "80000002")


def test_the_app_is_found_by_the_name_that_a_sales_report_told(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(5)))

    assert told("import_export", metric_export(tmp_path, FIVE))[0]["apple_id"] == NOTES


def test_the_app_is_the_one_that_the_person_says(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(5)))

    (export,) = told("import_export", metric_export(tmp_path, FIVE, app="Renamed"), "--app", NOTES)

    assert export["apple_id"] == NOTES
    assert App.objects.count() == 1


def test_a_name_that_two_apps_have_asks_for_the_apple_id(tmp_path: Path) -> None:
    rows = download(5), download(2, app=1500000002, sku="NOTES2")
    told("load_report", sales_report(tmp_path, *rows))

    assert "--app" in refusal("import_export", metric_export(tmp_path, FIVE))["do"]


def test_an_app_that_a_sales_report_names_later_is_the_same_app(tmp_path: Path) -> None:
    Vendor.objects.create(account=Account.objects.create(name="Acme"), number="80000001")
    told("import_export", metric_export(tmp_path, FIVE))
    told("load_report", sales_report(tmp_path, download(5)))

    app = App.objects.get()
    assert (app.name, app.apple_id, app.sku) == ("Acme Notes", NOTES, "NOTES")


def test_a_metric_that_is_not_known_is_refused_with_its_name(tmp_path: Path) -> None:
    error = refusal("import_export", metric_export(tmp_path, FIVE, metric="Aktive Sitzungen"))

    assert "Aktive Sitzungen" in error["seen"]
    assert "English" in error["do"]


def test_a_missing_value_stays_unknown(tmp_path: Path) -> None:
    told("import_export", metric_export(tmp_path, {DAY: 10, DAY + timedelta(days=1): "-"}))

    assert list(current_values()) == ["2026-10-12"]


def test_a_preview_shows_everything_before_anything_counts(tmp_path: Path) -> None:
    path = sales_report(tmp_path, sale(3), sale("x"))

    (delivery,) = preview(path, path.name, options=ImportOptions())
    shown = describe(delivery)

    assert delivery.state == "previewed"
    assert not SalesRow.objects.exists()
    facts = dict(shown.facts)
    assert facts["Kind"] == "R: Sales and Trends report, downloaded"
    assert (facts["Account"], facts["Vendor number"], facts["App"]) == ("80000001", "80000001", "all apps")
    assert (facts["Period"], facts["Time zone of its days"]) == ("2026-10-12 to 2026-10-12", "Pacific Time")
    assert facts["Rows"] == "1 accepted, 1 rejected"
    assert [row[0] for row in shown.first_rows] == ["1", "2", "3"]
    assert [(r["line"], r["column"], r["seen"]) for r in shown.rejects] == [(3, "Units", "x")]
    assert shown.compared_with == ["Sales report of a day: proceeds", "Sales report of a day: units"]


def test_a_cancelled_preview_never_counts(tmp_path: Path) -> None:
    path = metric_export(tmp_path, FIVE)
    (delivery,) = preview(path, path.name, options=ImportOptions())

    cancel(delivery)

    assert (delivery.state, current_values()) == ("cancelled", {})
    with pytest.raises(Refused, match="not waiting"):
        cancel(delivery)


def test_monthly_values_are_months(tmp_path: Path) -> None:
    values = {date(2026, month, 1): month for month in (7, 8, 9)}

    (export,) = told("import_export", metric_export(tmp_path, values, metric="Active Devices"))

    assert (export["grain"], export["from"], export["to"]) == ("month", "2026-07-01", "2026-09-30")


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 400, b"PK\x03\x04 not a zip", b"\x1f\x8b\x08 cut", b"<html><body>Sign in</body></html>", b"Name\n"],
    ids=["empty", "zeros", "broken zip", "broken gzip", "a page", "one word"],
)
def test_what_is_no_export_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    reply = ask("import_export", write(tmp_path, "export.csv", content))

    assert reply.code == 2
    error = reply.document["error"]
    assert (error["file"], bool(error["seen"]), bool(error["do"])) == ("export.csv", True, True)
    assert "Traceback" not in reply.said


def test_it_refuses_a_metric_of_which_no_row_counts(tmp_path: Path) -> None:
    path = write(tmp_path, "metric.csv", b"Name,Acme Notes\n\nDate,Sessions\n3/13/25,1.0\n3/13/25,2.0\n")

    error = refusal("import_export", path)

    assert error["file"] == "metric.csv"
    assert error["seen"] == "no row that counts and no range of days; line 4: the same day stands on line 5 too"


def test_it_keeps_filters_apart_that_begin_alike_and_are_very_long(tmp_path: Path) -> None:
    days = dict.fromkeys(days_from(DAY, 2), 7)
    first, second = (f"Campaign,{'c' * 200}{end}" for end in "xy")
    told("import_export", metric_export(tmp_path / "1", days, filters=[first]))
    told("import_export", metric_export(tmp_path / "2", days, filters=[second]))

    assert len(set(Series.objects.filter(side="console").values_list("scope", flat=True))) == 2
