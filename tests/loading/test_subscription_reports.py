"""The Subscription, Subscription Event and Subscriber reports of Sales and Trends, loaded as files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from reports.models import (
    CellState,
    CoverageCell,
    Delivery,
    Figure,
    SubscriberRow,
    SubscriptionChangeRow,
    SubscriptionCountRow,
    Vintage,
)
from tests import factories as make
from tests.doors import refusal, told
from tests.subscription_files import (
    DAY,
    EVENT_1_3,
    STATE_1_3,
    SUBSCRIBER_1_3,
    event,
    event_report,
    in_1_2,
    state,
    state_report,
    subscriber,
    subscriber_report,
)

pytestmark = pytest.mark.django_db


def test_the_state_report_is_loaded_with_its_day_from_the_name(tmp_path: Path) -> None:
    rows = (
        state(5, Subscribers="5", State="北京市"),
        state(2, Subscribers="", Billing_Retry="3", State="São Paulo"),
        state(0, Free_Trial_Offer_Code_Subscriptions="4", Customer_Price="1200", Customer_Currency="JPY", State="CQ"),
    )
    (report,) = told("load_report", state_report(tmp_path, *rows))

    assert (report["kind"], report["report"]) == ("SUBSCRIPTION", "SUBSCRIPTION/SUMMARY/DAILY")
    assert (report["from"], report["to"], report["timezone"]) == ("2026-10-12", "2026-10-12", "America/Los_Angeles")
    assert (report["rows_accepted"], report["rows_rejected"], report["state"]) == (3, 0, "loaded")
    # active: 5 + 2 + 4 with an offer code; those in billing retry are not active
    assert (report["totals"]["units"], report["totals"]["by_currency"]) == ("11", {})
    five, two, yen = SubscriptionCountRow.objects.order_by("pk")
    assert (five.subscribers, two.subscribers, five.state, yen.state) == (5, None, "北京市", "CQ")
    assert (two.billing_retry, yen.customer_price, yen.customer_currency) == (3, Decimal(1200), "JPY")
    assert (five.subscription_apple_id, five.subscription_group_id) == ("1500000101", "20000001")
    cell = CoverageCell.objects.get(report="SUBSCRIPTION/SUMMARY/DAILY")
    assert (cell.state, cell.date) == (CellState.FINAL, DAY)
    assert not Figure.objects.exists()


def test_the_event_report_counts_each_row_on_its_own_day(tmp_path: Path) -> None:
    rows = (
        event("Renew", 7),
        event("Cancel", 2, Cancellation_Reason="Billing issue", Days_Before_Canceling="9"),
        event("Subscribe", 1, date(2026, 10, 13)),
    )
    (report,) = told("load_report", event_report(tmp_path, *rows, name="events.txt"))

    # no name tells the day: it is that of most rows
    assert (report["report"], report["from"]) == ("SUBSCRIPTION_EVENT/SUMMARY/DAILY", "2026-10-12")
    assert (report["totals"]["units"], report["rows_rejected"]) == ("10", 0)
    assert report["warnings"] == ["rows of other days than 2026-10-12, each counted on its own day: 2026-10-13 (1)"]
    days = SubscriptionChangeRow.objects.order_by("pk").values_list("event", "day", "quantity", "days_before_canceling")
    assert list(days) == [
        ("Renew", DAY, 7, None), ("Cancel", DAY, 2, 9), ("Subscribe", date(2026, 10, 13), 1, None),
    ]  # fmt: skip


def test_a_refund_takes_its_proceeds_away_and_ids_stay_texts(tmp_path: Path) -> None:
    refund = subscriber(1, Customer_Price="-9.99", Refund="Yes", Purchase_Date="2026-09-30")
    rows = (subscriber(2), refund, subscriber(1, Customer_Price="0", Developer_Proceeds="0"))
    (report,) = told("load_report", subscriber_report(tmp_path, *rows))

    # 2 x 7.00 sold, 1 x 7.00 given back
    assert report["totals"]["by_currency"] == {"USD": "7.00"}
    assert (report["totals"]["units"], report["totals"]["refund_rows"]) == ("4", 1)
    given_back = SubscriberRow.objects.get(refund="Yes")
    assert (given_back.subscriber_id, given_back.purchase_day) == ("900000000000000017", date(2026, 9, 30))


def test_columns_are_found_by_name_in_every_version(tmp_path: Path) -> None:
    offer = {"Subscription_Offer_Name": "Spring"}
    old, new = tmp_path / "1_2", tmp_path / "1_4"
    old.mkdir()
    new.mkdir()
    first, second = date(2026, 10, 12), date(2026, 10, 13)
    reports = told(
        "load_report",
        state_report(old, state(2, **offer), header=in_1_2(STATE_1_3)),
        event_report(old, event(**offer), header=in_1_2(EVENT_1_3)),
        subscriber_report(old, subscriber(**offer), header=in_1_2(SUBSCRIBER_1_3)),
        # a version that came later: another order, and a column more
        state_report(new, state(2, Reason_Code="x", **offer), day=second, header=["Reason Code", *STATE_1_3[::-1]]),
        event_report(new, event(day=second, **offer), day=second, header=EVENT_1_3[::-1]),
    )

    assert [report["rows_rejected"] for report in reports] == [0] * 5
    assert [len(in_1_2(header)) for header in (STATE_1_3, EVENT_1_3, SUBSCRIBER_1_3)] == [28, 28, 26]
    assert [report["from"] for report in reports] == [*[first.isoformat()] * 3, *[second.isoformat()] * 2]
    assert reports[3]["warnings"] == ["unknown columns, kept with the rows: Reason Code"]
    for model in (SubscriptionCountRow, SubscriptionChangeRow, SubscriberRow):
        assert set(model._default_manager.values_list("offer_name", flat=True)) == {"Spring"}
    earlier, later = SubscriptionCountRow.objects.order_by("pk")
    # what the file does not tell is unknown, not zero
    assert (earlier.subscribers, earlier.win_back_free_trials, later.win_back_free_trials) == (None, None, 0)
    assert later.extra == {"Reason Code": "x"}


def test_what_cannot_be_read_is_rejected_with_line_and_reason(tmp_path: Path) -> None:
    rows = (
        subscriber(),
        subscriber(Subscriber_ID="9.00E+17"),
        subscriber(Customer_Price="9,99"),
        subscriber(Customer_Currency=""),
        subscriber(units=""),
        subscriber(Event_Date="someday"),
    )
    (report,) = told("load_report", subscriber_report(tmp_path, *rows))

    assert (report["rows_accepted"], report["rows_rejected"], report["state"]) == (1, 5, "held")
    assert [(r["line"], r["column"], r["seen"], r["why"]) for r in report["rejections"]] == [
        (
            3, "Subscriber ID", "9.00E+17",
            "a spreadsheet's exponent instead of all digits: the file was re-saved from Excel",
        ),
        (4, "Customer Price", "9,99", "a comma in a number: reports write 1234.56"),
        (5, "Customer Currency", "", "an amount without a currency"),
        (6, "Units", "", "no number"),
        (7, "Event Date", "someday", "not a day written YYYY-MM-DD"),
    ]  # fmt: skip


def test_the_same_counts_on_two_days_are_two_days(tmp_path: Path) -> None:
    first = state_report(tmp_path, state(3))
    second = tmp_path / "Subscription_80000001_20261013.txt"
    second.write_bytes(first.read_bytes())

    told("load_report", first, second)
    told("load_report", first)

    assert Delivery.objects.count() == 2
    assert list(Vintage.objects.order_by("period_start").values_list("period_start", flat=True)) == [
        date(2026, 10, 12), date(2026, 10, 13),
    ]  # fmt: skip


def test_a_file_that_tells_no_day_or_another_one_is_refused(tmp_path: Path) -> None:
    nameless = state_report(tmp_path, state(), name="subscriptions.txt")
    said = refusal("load_report", nameless)
    assert "no column for its day" in said["seen"]
    assert said["do"] == "say which day it is for (--date)"
    (report,) = told("load_report", nameless, "--date", "2026-10-12")
    assert report["from"] == "2026-10-12"

    said = refusal("load_report", event_report(tmp_path, event(), day=date(2026, 10, 20)))
    assert said["seen"] == "rows of 2026-10-12 and none of 2026-10-20"
    said = refusal("import_export", nameless)
    assert said["do"].startswith("load it with load_report")


def test_each_report_has_a_list_of_its_rows(tmp_path: Path, client: Client) -> None:
    paths = (
        state_report(tmp_path, state(5, Subscribers="5")),
        event_report(tmp_path, event("Refund", 3)),
        subscriber_report(tmp_path, subscriber(2), subscriber(1, Customer_Price="-9.99", Refund="Yes")),
    )
    told("load_report", *paths)
    client.force_login(make.UserFactory.in_role("Viewer"))
    totals = {"subscriptioncountrow": "5", "subscriptionchangerow": "3", "subscriberrow": "7.00"}
    for delivery, (name, total) in zip(Delivery.objects.order_by("pk"), totals.items(), strict=True):
        page = client.get(f"/admin/reports/{name}/?delivery={delivery.pk}")
        text = page.content.decode()
        assert page.status_code == 200
        assert "Pro Monthly" in text
        assert total in text
        # wherever a price stands, its currency stands beside it
        assert (
            ("field-price_amount" in text) == ("field-customer_currency" in text) == (name != "subscriptionchangerow")
        )
        cell = CoverageCell.objects.get(delivery=delivery)
        for address in (f"reportinstance/{delivery.pk}/change", f"coveragecell/{cell.pk}/change"):
            page = client.get(f"/admin/reports/{address}/")
            assert page.status_code == 200, address
            assert f"/admin/reports/{name}/?delivery={delivery.pk}" in page.content.decode(), address
    months = client.get(f"/admin/reports/coveragecell/calendar/account/{delivery.account_id}/?month=2026-10")
    assert "Subscription events, daily" in months.content.decode()
    row = SubscriberRow.objects.first()
    assert row is not None
    assert "900000000000000017" in client.get(f"/admin/reports/subscriberrow/{row.pk}/change/").content.decode()
