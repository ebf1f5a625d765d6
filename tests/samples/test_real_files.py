"""What the real sample files say, as far as it is known from outside. None of their rows stands here."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reports.models import SubscriptionCountRow
from tests.doors import told

pytestmark = pytest.mark.django_db


def by_rule(document: Any) -> dict[str, tuple[int, int]]:
    return {rule["rule"]: (rule["compared"], rule["equal"]) for rule in document["by_rule"]}


@pytest.mark.parametrize("payments_first", [False, True])
def test_december_2012_ties_but_for_three_regions_that_nobody_has(samples: Path, payments_first: bool) -> None:
    reports = sorted((samples / "finance_report").glob("80134819_1212_*.txt"))
    pasted = samples / "payments_console" / "dasdom_factors_2012-12_copied_table.txt"
    assert len(reports) == 13

    if payments_first:
        told("load_report", reports[0])
        told("import_export", pasted, "--fiscal-month", "2013-03")
    told("load_report", *reports)
    told("import_export", pasted, "--fiscal-month", "2013-03")
    document = told("reconcile", "--fiscal-month", "2013-03")

    assert by_rule(document)["earned"] == (15, 12)
    found = {finding["currency"]: finding for finding in document["findings"]}
    assert {c: (f["kind"], f["cause"], f["difference"]) for c, f in found.items()} == {
        "EUR": ("missing_in_api", "not_delivered", "247.84"),
        "GBP": ("missing_in_api", "not_delivered", "4.55"),
        "USD": ("value_mismatch", "not_delivered", "56.70"),
    }
    assert len(document["findings"]) == 3
    assert (found["EUR"]["api_value"], found["EUR"]["console_value"]) == (None, "247.84")
    assert "EU" in found["EUR"]["message"]
    assert "GB" in found["GBP"]["message"]
    assert (found["USD"]["from"], found["USD"]["to"]) == ("2012-12-02", "2012-12-29")
    assert {f["metric"] for f in found.values()} == {"earned"}


def test_september_2014_ties_to_the_cent_and_names_the_reading_of_its_units(samples: Path) -> None:
    reports = told("load_report", *sorted((samples / "finance_report").glob("45545510_0914_*.txt")))
    path = samples / "payments_console" / "apple-slicer_financial_report_2014-09.csv"
    (export,) = told("import_export", path)
    document = told("reconcile", "--fiscal-month", "2014-12")

    # the EU file has a return: its sales rows hold 20 units, the net is 19, and its own total says 20
    europe = next(report for report in reports if report["region"] == "EU")
    assert europe["totals"]["units"] == "19"
    (units,) = [tie for tie in europe["ties"] if tie["label"] == "Total_Units"]
    assert (units["stated"], units["tied"], units["reading"]) == ("20", True, "sales rows only")

    assert export["totals"]["by_column"]["withholding_tax"]["JPY"] == "-37"
    assert [(payout["total"], payout["currency"]) for payout in export["totals"]["payouts"]] == [("234.58", "EUR")]
    assert document["findings"] == []
    assert by_rule(document)["earned"] == (3, 3)
    sold = next(rule for rule in document["by_rule"] if rule["rule"] == "units_sold")
    # the console says 19: the second reading, returns taken away, held for the euro
    assert (sold["compared"], sold["equal"], sold["second_reading"]) == (3, 3, 1)


def test_every_analytics_file_is_taken_whole(samples: Path) -> None:
    for path in sorted((samples / "app_analytics_console").glob("*.csv")):
        (export,) = told("import_export", path)
        assert (export["rows_rejected"], export["state"]) == (0, "loaded")
        assert export["rows_accepted"] == export["rows_read"] > 0


@pytest.mark.parametrize("earlier_first", [True, False])
def test_an_export_of_a_day_later_changes_one_day_and_adds_one(samples: Path, earlier_first: bool) -> None:
    folder = samples / "app_analytics_console"
    paths = [folder / "earlier" / "freezedebt_sessions.csv", folder / "freezedebt_sessions.csv"]
    _, second = told("import_export", *(paths if earlier_first else reversed(paths)))

    old_and_new = [(overlap["day"], overlap["old"], overlap["new"]) for overlap in second["overlaps"]]
    assert old_and_new[0] == ("2025-04-07", "37", "40")
    assert [day for day, _, _ in old_and_new] == ["2025-04-07", "2025-04-08"]
    assert old_and_new[1][1] is None

    (finding,) = told("reconcile")["findings"]
    assert (finding["kind"], finding["from"], finding["to"]) == ("overlapping_exports", "2025-04-07", "2025-04-07")
    assert finding["difference"] == "3"


def test_the_detailed_finance_file_has_five_refunds_two_of_them_likely_partial(samples: Path) -> None:
    (report,) = told("load_report", samples / "finance_detail" / "finance_detail_z1_2026-02.tsv")

    assert report["rows_accepted"] == 76
    assert (report["totals"]["refund_rows"], report["totals"]["partial_refund_rows"]) == (5, 2)
    assert (report["from"], report["to"]) == ("2025-11-02", "2025-11-29")
    amounts = {"AUD": "50.98", "BRL": "14.78", "CAD": "8.48", "CHF": "15.73", "CNY": "2664.06"}
    assert report["totals"]["by_currency"].items() >= amounts.items()


def test_the_daily_sales_file_adds_up(samples: Path) -> None:
    (report,) = told("load_report", samples / "sales" / "appstore-sdk-go_sales.tsv")

    assert (report["rows_accepted"], report["totals"]["units"]) == (46, "716")
    amounts = {"RUB": "44218.30", "USD": "3.15", "KZT": "6118.00", "SAR": "13.99", "MXN": "71.81"}
    assert report["totals"]["by_currency"] == amounts


def test_the_sales_file_of_2009_is_read(samples: Path) -> None:
    (report,) = told("load_report", samples / "sales" / "alexvollmer_report_2009-08.txt")

    assert (report["rows_accepted"], report["rows_rejected"]) == (4, 0)


def test_the_same_files_on_both_sides_are_equal(samples: Path) -> None:
    paths = [
        *sorted((samples / "finance_report").glob("45545510_0914_*.txt")),
        samples / "finance_detail" / "finance_detail_z1_2026-02.tsv",
        samples / "sales" / "appstore-sdk-go_sales.tsv",
    ]
    told("load_report", *paths)
    accounts = {"45545510": "45545510"}
    for path in paths:
        account = accounts.get(path.name.split("_")[0], "unassigned")
        told("import_export", path, "--account", account)

    document = told("reconcile")
    assert document["findings"] == []
    assert document["compared"] == document["equal"] > 0
    assert sum((Decimal(equal) for _, equal in by_rule(document).values()), Decimal(0)) == document["equal"]


def test_the_subscription_reports_are_taken_whole(samples: Path) -> None:
    (state,) = told(
        "load_report", samples / "subscription" / "subscription_2026-02-18.tsv", "--date", "2026-02-18"
    )  # fmt: skip
    (events,) = told("load_report", samples / "subscription_event" / "appstore-sdk-go_subscriptions-events.tsv")
    (people,) = told("load_report", samples / "subscriber" / "appstore-sdk-go_subscribers.tsv")

    assert (state["rows_accepted"], state["rows_rejected"], state["totals"]["units"]) == (292, 0, "409")
    assert (events["rows_accepted"], events["rows_rejected"], events["totals"]["units"]) == (49, 0, "120")
    assert (people["rows_accepted"], people["rows_rejected"], people["totals"]["units"]) == (48, 0, "47")
    assert [report["from"] for report in (state, events, people)] == ["2026-02-18", "2020-10-05", "2020-10-05"]
    # Apple tells how many people a row stands for only where they are more than three
    told_people = SubscriptionCountRow.objects.exclude(subscribers=None).values_list("subscribers", flat=True)
    assert (min(told_people), sum(told_people)) == (4, 75)
