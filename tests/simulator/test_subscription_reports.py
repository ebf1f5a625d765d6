"""The simulator's subscription reports: what Apple would tell of the steps of sequences, day by day."""

from __future__ import annotations

from datetime import date
from typing import Any

from ascrecon.simulator.subscriptions.built import steps_of
from ascrecon.simulator.subscriptions.sales_reports import ReportedApp, ReportedProduct, report_lines

PRODUCTS = {
    "M": ReportedProduct(1500000101, "Pro Monthly", "1 Month"),
    "M2": ReportedProduct(1500000102, "Pro Monthly 2", "1 Month"),
    "Y": ReportedProduct(1500000103, "Pro Yearly", "1 Year"),
    "B": ReportedProduct(1500000104, "Basic", "1 Month"),
}


def rows(kind: str, day: str, *sequences: str) -> list[dict[str, str]]:
    steps = [each for name in sequences for each in steps_of(name).values()]
    app = ReportedApp("Acme Notes", 1500000001, PRODUCTS, steps)
    header, *lines = (line.split("\t") for line in report_lines(kind, [app], date.fromisoformat(day)))
    return [dict(zip(header, line, strict=True)) for line in lines]


def events(day: str, *sequences: str) -> list[tuple[str, str, str]]:
    return [
        (row["Event"], row["Subscription Name"], row["Quantity"]) for row in rows("SUBSCRIPTION_EVENT", day, *sequences)
    ]


def test_events_stand_on_the_pacific_day_on_which_apple_counts_them() -> None:
    # The sequences begin at midnight UTC of 2026-01-01, which is 2025-12-31 in California.
    assert events("2025-12-31", "renew", "trial", "offer_code", "family") == [
        ("Start Introductory Offer", "Pro Monthly", "1"),
        ("Start Offer Code", "Pro Monthly", "1"),
        # of the purchaser, of `renew` and of `family`; what the family shares is not counted
        ("Subscribe", "Pro Monthly", "2"),
    ]
    # charged on 2026-01-30 at noon UTC, half a day before the period begins
    assert events("2026-01-30", "renew") == [("Renew", "Pro Monthly", "1")]
    assert events("2026-01-10", "upgrade", "crossgrade_same_duration") == [
        ("Upgrade", "Pro Monthly", "1"), ("Upgrade", "Pro Monthly 2", "1"),
    ]  # fmt: skip
    assert events("2026-01-30", "downgrade", "expired") == [("Cancel", "Pro Monthly", "1"), ("Downgrade", "Basic", "1")]
    assert events("2026-01-07", "trial") == [("Paid Subscription from Introductory Offer", "Pro Monthly", "1")]
    assert events("2026-01-03", "refund", "family") == [("Refund", "Pro Monthly", "1")]
    assert events("2026-01-12", "family") == []


def test_a_transaction_is_one_subscriber_row_with_its_price() -> None:
    def told(row: dict[str, str]) -> tuple[Any, ...]:
        names = ("Customer Price", "Customer Currency", "Developer Proceeds", "Refund", "Purchase Date", "Country")
        return tuple(row[name] for name in names)

    assert [told(row) for row in rows("SUBSCRIBER", "2025-12-31", "yen_and_won")] == [
        ("300", "JPY", "210", "", "", "JP"), ("3300", "KRW", "2310", "", "", "KR"),
    ]  # fmt: skip
    (refund,) = rows("SUBSCRIBER", "2026-01-03", "refund")
    # price negative, proceeds positive, dated on its own day: 9.99 x 0.70 = 6.993
    assert told(refund) == ("-9.99", "USD", "6.99", "Yes", "2025-12-31", "US")
    assert rows("SUBSCRIBER", "2026-01-30", "expired") == []


def test_the_state_report_counts_what_runs_at_the_end_of_the_day() -> None:
    def active(day: str) -> list[tuple[str, str, str]]:
        found = rows("SUBSCRIPTION", day, "renew", "trial", "refund")
        names = ("Active Standard Price Subscriptions", "Active Free Trial Introductory Offer Subscriptions")
        return [(row["Subscription Name"], *(row[name] for name in names)) for row in found]

    # all three sequences are of subscription 100, so the newest word of any counts: one row
    assert len(active("2026-01-01")) == 1
    assert active("2026-01-01")[0][0] == "Pro Monthly"
    (row,) = rows("SUBSCRIPTION", "2026-02-10", "renew")
    assert (row["Customer Price"], row["Developer Proceeds"], row["Subscribers"]) == ("9.99", "6.99", "")
    assert rows("SUBSCRIPTION", "2026-03-05", "renew") == []
