"""`load_report`: report files of the API that were downloaded earlier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from ascrecon.appstore import AppRecord
from reports.management.commands.load_report import Command
from reports.models import Account, App, Delivery, FiscalMonth, RawFile, SalesRow, Vendor
from reports.services.apps import take_over_apps
from tests.doors import Reply, ask, refusal, told
from tests.make_files import (
    DAY,
    NOTES,
    SALES_2009,
    SALES_2011,
    SALES_2015,
    SALES_2020,
    SEPTEMBER,
    Row,
    detail_report,
    download,
    earning,
    region_report,
    sale,
    sales_report,
)

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]


def test_it_tells_what_it_read(tmp_path: Path) -> None:
    (report,) = told("load_report", sales_report(tmp_path, sale(3), download(5)))

    assert (report["side"], report["kind"], report["report"]) == ("api", "SALES", "SALES/SUMMARY/DAILY")
    assert (report["account"], report["vendor_number"]) == ("80000001", "80000001")
    assert (report["app"], report["apple_id"], report["currency"]) == (None, None, None)
    assert (report["from"], report["to"], report["grain"]) == ("2026-10-12", "2026-10-12", "day")
    assert report["timezone"] == "America/Los_Angeles"
    assert (report["rows_read"], report["rows_accepted"], report["rows_rejected"]) == (2, 2, 0)
    assert (report["state"], report["rejections"], report["overlaps"], report["warnings"]) == ("loaded", [], [], [])


def test_it_takes_refunds_away_and_multiplies_prices_per_unit(tmp_path: Path) -> None:
    rows = (
        sale(3, "3.49"),
        # Apple: units and customer price of a refund are negative, its proceeds per unit are positive
        sale(-1, "3.49", price="-4.99"),
        sale(-1, "1.75", price="-2.50"),
        sale(2, "490", "JPY", "JP", price="700"),
        download(4),
    )
    (report,) = told("load_report", sales_report(tmp_path, *rows))

    # USD: 3 x 3.49 - 3.49 - 1.75 = 10.47 - 5.24 = 5.23; JPY: 2 x 490 = 980; units: 3 - 1 - 1 + 2 + 4 = 7
    assert report["totals"]["by_currency"] == {"JPY": "980.00", "USD": "5.23"}
    assert report["totals"]["units"] == "7"
    # no sale stands at 1.75: that refund is likely a partial one
    assert (report["totals"]["refund_rows"], report["totals"]["partial_refund_rows"]) == (2, 1)


@pytest.mark.parametrize(
    "header", [SALES_2009, SALES_2011, SALES_2015, SALES_2020], ids=["2009", "2011", "2015", "2020"]
)
def test_it_reads_every_generation_of_the_header(tmp_path: Path, header: Sequence[str]) -> None:
    (report,) = told("load_report", sales_report(tmp_path, sale(3), sale(1, "2.10", "EUR", "DE"), header=header))

    # 3 x 3.49 = 10.47
    assert report["totals"]["by_currency"] == {"EUR": "2.10", "USD": "10.47"}
    assert report["rows_rejected"] == 0


def test_it_reads_blanks_of_one_space_as_blank(tmp_path: Path) -> None:
    row = sale(2, " ", " ", Customer_Currency="USD") | {"Promo Code": " ", "Customer Price": " "}
    (report,) = told("load_report", sales_report(tmp_path, row))

    kept = SalesRow.objects.get()
    assert (kept.promo_code, kept.proceeds_currency, kept.developer_proceeds, kept.customer_price) == (
        "",
        "",
        None,
        None,
    )
    assert (report["totals"]["units"], report["totals"]["by_currency"]) == ("2", {})


def test_it_keeps_equal_rows_each(tmp_path: Path) -> None:
    (report,) = told("load_report", sales_report(tmp_path, sale(3), sale(3)))

    # 2 x 3 x 3.49 = 20.94
    assert report["totals"]["by_currency"] == {"USD": "20.94"}
    assert [SalesRow.objects.get(pk=key).line for key in sorted(SalesRow.objects.values_list("pk", flat=True))] == [
        2,
        3,
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_the_same_bytes_are_one_delivery(tmp_path: Path, packed: bool) -> None:
    path = sales_report(tmp_path, sale(3), packed=packed)

    first = told("load_report", path, path)
    again = told("load_report", path)

    assert first[0] == first[1] == again[0]
    assert (Delivery.objects.count(), SalesRow.objects.count(), RawFile.objects.count()) == (1, 1, 1)


def test_the_same_bytes_under_another_name_are_one_delivery(tmp_path: Path) -> None:
    path = sales_report(tmp_path, sale(3))
    copy = path.with_name("S_D_80000001_20261012 (1).txt")
    copy.write_bytes(path.read_bytes())

    told("load_report", path, copy)

    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("first", "last", "report", "grain"),
    [
        (date(2026, 10, 12), date(2026, 10, 18), "SALES/SUMMARY/WEEKLY", "week"),
        (date(2026, 10, 1), date(2026, 10, 31), "SALES/SUMMARY/MONTHLY", "month"),
        (date(2025, 1, 1), date(2025, 12, 31), "SALES/SUMMARY/YEARLY", "year"),
    ],
)
def test_the_days_in_the_file_tell_its_frequency(
    tmp_path: Path, first: date, last: date, report: str, grain: str
) -> None:
    (told_of,) = told("load_report", sales_report(tmp_path, sale(), day=first, last=last, name="report.txt"))

    assert (told_of["report"], told_of["grain"]) == (report, grain)
    assert (told_of["from"], told_of["to"]) == (first.isoformat(), last.isoformat())


def test_days_that_are_no_period_of_apples_are_refused(tmp_path: Path) -> None:
    error = refusal("load_report", sales_report(tmp_path, sale(), last=DAY + timedelta(days=2)))

    assert "2026-10-12 to 2026-10-14" in error["seen"]
    assert not Delivery.objects.exists()


def test_a_date_that_contradicts_the_file_is_refused(tmp_path: Path) -> None:
    path = sales_report(tmp_path, sale())

    error = refusal("load_report", path, "--date", "2026-10-13")

    assert error["file"] == "S_D_80000001_20261012.txt"
    assert "2026-10-12" in error["seen"]
    assert "2026-10-13" in error["seen"]
    assert (Delivery.objects.count(), SalesRow.objects.count()) == (0, 0)
    assert told("load_report", path, "--date", "2026-10-12")[0]["from"] == "2026-10-12"


def test_a_row_of_another_day_is_rejected_and_the_file_held_until_the_loss_is_accepted(tmp_path: Path) -> None:
    path = sales_report(tmp_path, sale(3), sale(2, "2.00"))
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], lines[2].replace("10/12/2026", "10/13/2026")]))

    (held,) = told("load_report", path)

    assert (held["state"], held["rows_read"], held["rows_accepted"], held["rows_rejected"]) == ("held", 2, 1, 1)
    (rejection,) = held["rejections"]
    assert (rejection["line"], rejection["column"], rejection["seen"]) == (3, "Begin Date", "10/13/2026")
    assert "another period" in rejection["why"]
    assert told("reconcile")["compared"] == 0
    assert told("load_report", path)[0]["state"] == "held"

    (accepted,) = told("load_report", path, "--accept-rejects")
    assert (accepted["state"], Delivery.objects.count()) == ("loaded", 1)
    # the row that is left: 3 x 3.49 = 10.47
    assert accepted["totals"]["by_currency"] == {"USD": "10.47"}


def test_a_file_with_a_header_alone_takes_its_day_from_its_name(tmp_path: Path) -> None:
    (report,) = told("load_report", sales_report(tmp_path))

    assert (report["from"], report["rows_read"], report["state"]) == ("2026-10-12", 0, "loaded")
    assert report["totals"] == {
        "units": "0", "by_currency": {}, "refund_rows": 0, "partial_refund_rows": 0, "zero_unit_priced_rows": 0,
    }  # fmt: skip


def test_a_file_with_a_header_alone_and_no_day_in_its_name_needs_date(tmp_path: Path) -> None:
    path = sales_report(tmp_path, name="report.txt")

    error = refusal("load_report", path)
    assert "no date" in error["seen"]
    assert "--date" in error["do"]

    assert told("load_report", path, "--date", "2026-10-12")[0]["from"] == "2026-10-12"
    # the same bytes are lawfully another day's report too
    assert told("load_report", path, "--date", "2026-10-13")[0]["from"] == "2026-10-13"
    assert Delivery.objects.count() == 2


def test_a_finance_file_without_rows_does_not_bend_the_fiscal_calendar(tmp_path: Path) -> None:
    before = list(FiscalMonth.objects.values_list("year", "month", "start", "end"))

    path = region_report(tmp_path, "CH")
    (report,) = told("load_report", path, "--date", "2026-09-10")

    assert (report["from"], report["to"], report["region"]) == ("2026-08-30", "2026-09-26", "CH")
    assert list(FiscalMonth.objects.values_list("year", "month", "start", "end")) == before


def test_a_finance_report_is_read_by_region_and_its_totals_tie(tmp_path: Path) -> None:
    (report,) = told("load_report", region_report(tmp_path, "CH", earning(3), earning(-1)))

    assert (report["kind"], report["report"], report["region"]) == ("FINANCIAL", "FINANCE/FINANCIAL", "CH")
    assert (report["from"], report["to"], report["grain"]) == ("2026-08-30", "2026-09-26", "fiscal_month")
    # 3 x 3.50 - 3.50 = 7.00
    assert report["totals"]["by_currency"] == {"CHF": "7.00"}
    assert (report["totals"]["units"], report["totals"]["refund_rows"]) == ("2", 1)
    assert [(tie["label"], tie["tied"]) for tie in report["ties"]] == [
        ("Total_Rows", True),
        ("Total_Amount", True),
        ("Total_Units", True),
    ]


@pytest.mark.parametrize(
    ("rows", "region"),
    [
        ((earning(1),), "CH"),
        ((earning(1), earning(1, currency="JPY", country="JP", share="100")), "ZZ"),
        ((earning(1, currency="USD", country="US"),), None),
    ],
    ids=["one region's currency", "several currencies", "dollars of any of four regions"],
)
def test_a_finance_report_without_apples_name_is_placed_by_its_currencies(
    tmp_path: Path, rows: Sequence[Row], region: str | None
) -> None:
    (report,) = told("load_report", region_report(tmp_path, "CH", *rows, name="finance.txt"))

    assert report["region"] == region


def test_a_detailed_finance_report_takes_its_period_from_its_key_lines(tmp_path: Path) -> None:
    (report,) = told("load_report", detail_report(tmp_path, earning(2), earning(-1)))

    assert (report["kind"], report["report"], report["region"]) == ("FINANCE_DETAIL", "FINANCE/FINANCE_DETAIL", "Z1")
    assert (report["from"], report["to"]) == (SEPTEMBER[0].isoformat(), SEPTEMBER[1].isoformat())
    # 2 x 3.50 - 3.50
    assert report["totals"]["by_currency"] == {"CHF": "3.50"}


def test_one_bad_file_among_several_leaves_nothing(tmp_path: Path) -> None:
    good = sales_report(tmp_path, sale())
    bad = tmp_path / "shopping.txt"
    bad.write_text("milk\tbread\n1\t2\n")

    error = refusal("load_report", good, bad)

    assert error["file"] == "shopping.txt"
    assert error["seen"]
    assert error["do"]
    assert (Delivery.objects.count(), SalesRow.objects.count(), Account.objects.count()) == (0, 0, 0)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = refusal("load_report", tmp_path / "gone.txt")

    assert error == {"file": str(tmp_path / "gone.txt"), "line": None, "seen": "no such file", "do": "check the path"}


def test_a_console_export_is_shown_the_other_door(tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(
        "Name,Acme Notes\nStart Date,10/1/26\nEnd Date,10/2/26\n\nDate,Sessions\n10/1/26,1.0\n10/2/26,2.0\n"
    )

    assert "import_export" in refusal("load_report", path)["do"]


def test_an_unknown_account_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    Account.objects.create(name="Acme")

    error = refusal("load_report", sales_report(tmp_path, sale()), "--account", "Akme")

    assert "Akme" in error["seen"]
    assert "Acme" in error["do"]


def test_the_vendor_number_in_the_name_makes_a_provisional_account(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, sale()))

    account = Account.objects.get()
    assert (account.name, account.provisional, account.sync_enabled) == ("80000001", True, False)


def test_the_vendor_number_finds_its_account(tmp_path: Path) -> None:
    acme = Account.objects.create(name="Acme")
    Vendor.objects.create(account=acme, number="80000001")

    assert told("load_report", sales_report(tmp_path, sale()))[0]["account"] == "Acme"


def test_a_vendor_number_of_another_account_is_refused(tmp_path: Path) -> None:
    Vendor.objects.create(account=Account.objects.create(name="Acme"), number="80000001")
    Account.objects.create(name="Globex")

    error = refusal("load_report", sales_report(tmp_path, sale()), "--account", "Globex")

    assert "80000001" in error["seen"]
    assert "Acme" in error["seen"]


def test_a_file_that_names_nobody_is_unassigned(tmp_path: Path) -> None:
    (report,) = told("load_report", sales_report(tmp_path, sale(), name="report.txt"))

    assert (report["account"], report["vendor_number"]) == ("unassigned", None)


def test_an_account_with_one_vendor_number_needs_none_in_the_name(tmp_path: Path) -> None:
    Vendor.objects.create(account=Account.objects.create(name="Acme"), number="80000001")

    (report,) = told("load_report", sales_report(tmp_path, sale(), name="report.txt"), "--account", "Acme")

    assert report["vendor_number"] == "80000001"


def test_apps_of_a_file_are_provisional_and_purchases_belong_to_their_parent(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(5), sale(3), sale(1, parent="PUZZLE")))

    apps = App.objects.order_by("sku").values_list("sku", "apple_id", "name", "provisional")
    assert list(apps) == [("NOTES", NOTES, "Acme Notes", True), ("PUZZLE", None, "", True)]


def test_a_purchase_before_its_app_finds_it_when_a_file_names_it(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, sale(3)))
    told("load_report", sales_report(tmp_path, download(5), day=DAY + timedelta(days=1)))

    app = App.objects.get()
    assert (app.sku, app.apple_id, app.name) == ("NOTES", NOTES, "Acme Notes")


def test_provisional_apps_become_the_ones_of_apples_list(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, sale(3)))
    record = AppRecord(apple_id=NOTES, name="Acme Notes 2", bundle_id="com.acme.notes", sku="notes")

    take_over_apps(Account.objects.get(), [record])

    app = App.objects.get()
    assert (app.apple_id, app.bundle_id, app.provisional) == (NOTES, "com.acme.notes", False)


def _equal(*arguments: object) -> tuple[int, int]:
    """Compared and equal of the rule for proceeds."""
    rules = {rule["rule"]: rule for rule in told("reconcile", *arguments)["by_rule"]}
    return rules["sales_proceeds"]["compared"], rules["sales_proceeds"]["equal"]


def test_a_day_issued_again_replaces_the_day_as_a_set_and_the_old_one_stays(tmp_path: Path, clock: Clock) -> None:
    old, new = (sale(3), sale(1, country="DE", currency="EUR")), (sale(5),)
    clock(datetime(2026, 10, 14, 9, tzinfo=UTC))
    told("load_report", sales_report(tmp_path / "first", *old))
    told("import_export", sales_report(tmp_path / "console", *old))
    clock(datetime(2026, 10, 20, 9, tzinfo=UTC))
    told("load_report", sales_report(tmp_path / "second", *new))

    # USD differs (10.47 in the console, 5 x 3.49 = 17.45 now), EUR is only in the console
    assert _equal() == (2, 0)
    assert _equal("--as-of", "2026-10-15") == (2, 2)
    assert SalesRow.objects.count() == 5


def test_bytes_that_return_after_others_count_again(tmp_path: Path, clock: Clock) -> None:
    first, second = sales_report(tmp_path / "a", sale(3)), sales_report(tmp_path / "b", sale(5))
    told("import_export", sales_report(tmp_path / "console", sale(3)))
    for hour, path in enumerate((first, second, first)):
        clock(datetime(2026, 11, 2, hour, tzinfo=UTC))
        told("load_report", path)

    assert _equal() == (1, 1)
    assert Delivery.objects.filter(side="api").count() == 3


def test_it_prints_a_line_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_report", str(sales_report(tmp_path, sale())))

    assert (
        "S_D_80000001_20261012.txt: SALES SALES/SUMMARY/DAILY, 2026-10-12 to 2026-10-12, 1 row"
        in capsys.readouterr().out
    )


def test_wrong_usage_is_bad_input_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        Command().run_from_argv(["manage.py", "load_report", "--json", "--date", "yesterday", "x.txt"])

    assert end.value.code == 2
    assert '"seen": ' in capsys.readouterr().out


def test_a_reply_holds_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_bytes(b"\x00\x01\x02\xff" * 100)

    reply: Reply = ask("load_report", path)

    assert reply.code == 2
    assert "Traceback" not in reply.said


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (date(2026, 9, 25), "are no fiscal month of Apple's"),
        (date(2026, 10, 3), "fiscal month 2026-12 was known as 2026-08-30 to 2026-09-26"),
    ],
)
def test_it_says_that_the_days_of_a_finance_file_are_no_known_month(tmp_path: Path, last: date, said: str) -> None:
    told("load_report", region_report(tmp_path / "sound", "JP", earning(2, "490", "JPY", "JP")))
    (report,) = told("load_report", region_report(tmp_path, "CH", earning(2), month=(SEPTEMBER[0], last)))

    assert any(said in warning for warning in report["warnings"])
    known = FiscalMonth.objects.get(year=2026, month=12)
    assert (known.start, known.end) == SEPTEMBER


def test_an_app_takes_as_much_of_an_endless_title_as_a_name_holds(tmp_path: Path) -> None:
    told("load_report", sales_report(tmp_path, download(5, title="x" * 5000)))

    assert App.objects.get(apple_id=NOTES).name == "x" * 600
    assert SalesRow.objects.get().title == "x" * 5000


@pytest.mark.parametrize("command", ["load_report", "import_export"])
def test_it_says_which_row_kept_it_from_the_date(command: str, tmp_path: Path) -> None:
    path = sales_report(tmp_path, sale(3) | {"Units": "three"}, name="renamed.txt")
    error = refusal(command, path)

    assert error["seen"].startswith("no row that can be read, so no date; 1 rejected, the first in line 2, ")
    assert "not a plain number" in error["seen"]
